/** `transfer-e2e report merge`: the reports of shards become one. */
import { resolve } from 'node:path';
import { EXIT } from '../core/errors.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { mergeReports } from '../report/merge.ts';
import { closingLine } from '../report/terminal.ts';
import { knownScenarios } from '../scenario/known.ts';
import type { Terminal } from './terminal.ts';

/** Exit code 1 when a scenario of any shard is not as expected, 3 when the only trouble is unknown verdicts. */
export async function merge(folders: readonly string[], out: string, terminal: Terminal): Promise<number> {
  const target = resolve(terminal.cwd, out);
  const sources = folders.map((folder) => resolve(terminal.cwd, folder));
  const { scenarios } = await mergeReports(sources, target, knownScenarios(PROJECT_ROOT), terminal.env);
  terminal.out(`${closingLine(scenarios, terminal)}\n${target}\n`);
  const bad = scenarios.filter(({ ok }) => !ok);
  if (bad.length === 0) return EXIT.asExpected;
  return bad.every(({ verdict }) => verdict === 'unknown') ? EXIT.environment : EXIT.notAsExpected;
}
