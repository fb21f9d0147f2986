/** `transfer-e2e run`: vitest on the scenario files, with the options as flags. vitest runs as a process of its own. */
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { EXIT } from '../core/errors.ts';
import { reportsFolder } from '../core/reports-folder.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { parseResults } from '../report/results.ts';
import type { Results } from '../report/results.ts';
import { filesOfShard } from './matrix.ts';
import type { RunFlags } from './program.ts';
import { matching, scenarioFiles } from './scenario-files.ts';
import type { Terminal } from './terminal.ts';

/** After Ctrl-C vitest ends its workers, and each its engine; then the servers stop. */
const GRACE_MS = 30_000;

export async function run(filters: readonly string[], flags: RunFlags, terminal: Terminal): Promise<number> {
  matching(await scenarioFiles(PROJECT_ROOT), filters);
  const selected = flags.shard === undefined ? filters : await filesOfShard(filters, flags.shard);
  const startedAt = Date.now();
  const reports = reportsFolder(PROJECT_ROOT);
  if (reports.besideRun !== undefined) {
    terminal.err(
      `process ${reports.besideRun} runs in this clone too and writes reports/; this run writes ${reports.path}\n`,
    );
  }
  const vitest = await execa(process.execPath, [vitestProgram(), ...vitestArguments(selected, flags)], {
    cwd: PROJECT_ROOT,
    // vitest colours what goes into a pipe or a CI log unless it is told not to.
    env: { ...environment(flags), E2E_REPORTS: reports.path, ...(terminal.colour ? {} : { NO_COLOR: '1' }) },
    stdio: 'inherit',
    reject: false,
    cancelSignal: terminal.signal,
    // A terminal sends Ctrl-C to vitest as well; this is for a signal that only we got.
    killSignal: 'SIGINT',
    forceKillAfterDelay: GRACE_MS,
  });
  if (terminal.signal.aborted) return 130;
  if (vitest.exitCode === 0) return EXIT.asExpected;
  return exitCodeOf(await freshResults(reports.path, startedAt));
}

function vitestProgram(): string {
  return join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
}

/** Filters go as they are: vitest, too, takes them as parts of paths. */
export function vitestArguments(filters: readonly string[], flags: RunFlags): string[] {
  const args = [flags.watch === true ? 'watch' : 'run', '--project', 'scenarios'];
  if (flags.testNamePattern !== undefined) args.push('--testNamePattern', flags.testNamePattern);
  return [...args, ...filters];
}

function environment(flags: RunFlags): Record<string, string> {
  return {
    ...(flags.engine === undefined ? {} : { E2E_ENGINE: flags.engine }),
    ...(flags.stack === undefined ? {} : { E2E_STACK: flags.stack }),
    ...(flags.seed === undefined ? {} : { E2E_SEED: flags.seed }),
    ...(flags.rows === undefined ? {} : { E2E_ROWS: String(flags.rows) }),
    ...(flags.keep === true ? { E2E_KEEP: '1' } : {}),
  };
}

/** results.json, if this run wrote it; undefined when vitest did not come that far. */
async function freshResults(reports: string, startedAt: number): Promise<Results | undefined> {
  const file = join(reports, 'results.json');
  try {
    const { mtimeMs } = await stat(file);
    return mtimeMs < startedAt ? undefined : parseResults(await readFile(file, 'utf8'), file);
  } catch {
    // Whatever keeps it from being read, there is no verdict; vitest has printed why.
    return undefined;
  }
}

/**
 * The exit code of a run that did not end well: 1 when a verdict is not the expected one, 3 when there is none, 2 when
 * every scenario that ran is as expected, so that the trouble is a file that could not be read.
 */
export function exitCodeOf(results: Results | undefined): number {
  if (results === undefined) return EXIT.environment;
  const bad = results.scenarios.filter(({ ok }) => !ok);
  if (bad.some(({ verdict }) => verdict !== 'unknown')) return EXIT.notAsExpected;
  return bad.length > 0 ? EXIT.environment : EXIT.usage;
}
