/**
 * vitest's global set-up for scenarios, in the run's own process: sweeps what a killed run left, opens the desk at which
 * the workers ask for servers, and ends everything when the run ends, however it ends.
 */
import type { TestProject } from 'vitest/node';
import { CONNECTED, connectorFor } from '../cli/registry/connectors.ts';
import { Deadline } from '../core/deadline.ts';
import { Ledger, sweep } from '../core/ledger.ts';
import { reportsFolder } from '../core/reports-folder.ts';
import { openDesk } from '../run/server-desk.ts';
import { ServerPool } from '../run/servers.ts';
import { resolveStack } from '../run/stack.ts';
import './reporter-meta.ts';

/** How long ending what an earlier run left may take. */
const SWEEP_MS = 15_000;
/** How long the images of all servers may take, where the stack is to be chosen by what there is. */
const PULL_MS = 900_000;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const swept = await sweep(Deadline.after(SWEEP_MS));
  if (swept.length > 0) project.vitest.logger.log(`swept what an earlier run left: ${swept.join(', ')}`);

  const ledger = Ledger.create();
  // Runs on every way out that is not SIGKILL, the second Ctrl-C included; the sweep above is for that one.
  const onExit = (): void => {
    ledger.end();
  };
  process.once('exit', onExit);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

  const log = (line: string): void => project.vitest.logger.log(` ${line}`);
  const { stack, why } = await resolveStack(process.env.E2E_STACK, {
    kinds: CONNECTED,
    signal: AbortSignal.timeout(PULL_MS),
    say: log,
  });
  if (process.env.E2E_STACK === 'auto') log(`stack ${stack}${why === undefined ? '' : `: ${why}`}`);

  const seed = process.env.E2E_SEED ?? '0';
  const pool = new ServerPool({ ledger, seed, connectorFor });
  const desk = await openDesk(pool);
  project.provide('run', {
    desk: desk.address,
    ledgerFolder: ledger.folder,
    seed,
    stack,
    reports: reportsFolder(project.vitest.config.root).path,
  });
  return async () => {
    await desk[Symbol.asyncDispose]();
    if (process.env.E2E_KEEP === '1') {
      ledger.keep();
      process.off('exit', onExit);
      project.vitest.logger.log(
        `kept: servers and folders of this run stay, in ${ledger.folder}; \`transfer-e2e sweep\` ends them`,
      );
      return;
    }
    await pool[Symbol.asyncDispose]();
    process.off('exit', onExit);
    ledger.end();
  };
}
