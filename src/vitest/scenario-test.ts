/**
 * What a scenario file is as a vitest test file: one test that lives the scenario and fails with what a person needs to
 * read. A file that cannot be read is a test that fails with every problem in it; other files run on.
 */
import { relative, sep } from 'node:path';
import { inject, test } from 'vitest';
import { connectorFor } from '../cli/registry/connectors.ts';
import { surroundings } from '../cli/registry/surroundings.ts';
import { messageOf } from '../core/errors.ts';
import { Ledger } from '../core/ledger.ts';
import type { ScenarioResult, TableResult } from '../core/result.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { printTable } from '../diff/print.ts';
import { engineNamed } from '../engines/registry.ts';
import { recordInAllure } from '../report/allure.ts';
import { failureBlock, wantsColour } from '../report/terminal.ts';
import { live } from '../run/life.ts';
import { askDesk, askForStore } from '../run/server-desk.ts';
import { loadScenario, type Scenario } from '../scenario/scenario.ts';
import './reporter-meta.ts';

/** Prints as its message alone: the place in this file at which it is thrown tells nobody anything. */
class NotAsExpected extends Error {
  override readonly name = 'Scenario';
  constructor(message: string) {
    super(message);
    this.stack = message;
  }
}

export async function defineScenario(file: string): Promise<void> {
  const name = relative(PROJECT_ROOT, file).split(sep).join('/');
  let scenario: Scenario;
  try {
    scenario = loadScenario(file, surroundings());
  } catch (error) {
    test(name, () => {
      throw new NotAsExpected(error instanceof Error ? error.message : String(error));
    });
    return Promise.resolve();
  }
  const engine = process.env.E2E_ENGINE ?? 'reference';
  if (scenario.engines?.some((name) => name === engine) === false) {
    test.skip(`${scenario.title} (only under ${scenario.engines.join(', ')}, not ${engine})`, () => undefined);
    return Promise.resolve();
  }
  test(scenario.title, async ({ task, signal, skip }) => {
    const missing = await allowedToMiss(scenario, signal);
    if (missing !== undefined) skip(missing);
    const result = await liveIn(scenario, signal);
    task.meta.scenario = result;
    await recordInAllure(result, { directory: inject('run').reports, secrets: [] });
    if (!result.ok) throw new NotAsExpected(block(result));
  });
}

/**
 * What is not here and need not be: `E2E_ALLOW_MISSING=mysql` lets a machine without MySQL pass over what needs it. Without
 * that, a server that cannot be had fails the scenario.
 */
async function allowedToMiss({ source, destination }: Scenario, signal: AbortSignal): Promise<string | undefined> {
  const allowed = (process.env.E2E_ALLOW_MISSING ?? '').split(',').map((name) => name.trim());
  const { desk, stack } = inject('run');
  for (const kind of new Set([source, destination])) {
    if (!allowed.includes(kind)) continue;
    try {
      await askDesk(desk, kind, stack, signal);
    } catch (error) {
      signal.throwIfAborted();
      return `missing: ${messageOf(error)}`;
    }
  }
  return undefined;
}

async function liveIn(scenario: Scenario, signal: AbortSignal): Promise<ScenarioResult> {
  const run = inject('run');
  const ledger = Ledger.join(run.ledgerFolder);
  const rows = process.env.E2E_ROWS;
  return live({
    scenario,
    engine: engineNamed(process.env.E2E_ENGINE ?? 'reference', ledger),
    stack: run.stack,
    seed: scenario.seed ?? run.seed,
    ledger,
    connectorFor,
    serverFor: (kind, until) => askDesk(run.desk, kind, run.stack, until),
    storeFor: (until) => askForStore(run.desk, run.stack, until),
    reports: run.reports,
    ...(rows === undefined || rows === '' ? {} : { rows: Number(rows) }),
    keep: process.env.E2E_KEEP === '1',
    signal,
  });
}

function block(result: ScenarioResult): string {
  const style = { colour: wantsColour(process.stdout) };
  return failureBlock(result, style, (table: TableResult) => printTable(table, style));
}
