/** `transfer-e2e matrix`: splits the scenarios into shards of about the same duration, and records durations of runs. */
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT, UsageError, messageOf } from '../core/errors.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { counted, duration } from '../report/figures.ts';
import { parseResults } from '../report/results.ts';
import { shortName } from '../report/terminal.ts';
import { knownScenarios } from '../scenario/known.ts';
import type { MatrixFlags } from './program.ts';
import { matching, scenarioFiles } from './scenario-files.ts';
import { DURATIONS_FILE, parseShard, plan, readDurations, weigh } from './shards.ts';
import type { Durations, Plan } from './shards.ts';
import type { Terminal } from './terminal.ts';

export async function matrix(filters: readonly string[], flags: MatrixFlags, terminal: Terminal): Promise<number> {
  if (flags.record !== undefined) return record(flags.record, terminal);
  const planned = await planOf(filters, flags.shards);
  terminal.out(flags.json === true ? `${JSON.stringify(planned)}\n` : print(planned));
  return EXIT.asExpected;
}

/** Files of one shard, `2/5`, of what the filters select. @throws UsageError for a wrong shard. */
export async function filesOfShard(filters: readonly string[], shard: string): Promise<readonly string[]> {
  const { index, count } = parseShard(shard);
  const { shards } = await planOf(filters, count);
  return shards[index - 1]?.scenarios ?? [];
}

async function planOf(filters: readonly string[], count: number): Promise<Plan> {
  const files = matching(await scenarioFiles(PROJECT_ROOT), filters);
  const modes = new Map(knownScenarios(PROJECT_ROOT).map(({ file, mode }) => [file, mode]));
  return plan(weigh(files, modes, readDurations(PROJECT_ROOT)), count);
}

function print(planned: Plan): string {
  const lines = planned.shards.map(
    ({ shard, ms, scenarios }) => `${shard}  ${duration(ms).padStart(8)}  ${counted(scenarios.length, 'scenario')}`,
  );
  lines.push('', `spread ${(planned.spread * 100).toFixed(1)} %`);
  for (const file of planned.tooLong) lines.push(`longer than an average shard: ${shortName(file)}`);
  if (planned.unrecorded.length > 0) {
    lines.push(`${counted(planned.unrecorded.length, 'scenario')} without a recorded duration: the median of its mode`);
  }
  return `${lines.join('\n')}\n`;
}

/** Puts the durations of runs into scenarios/durations.json; keeps the others, drops scenarios that are gone. */
async function record(files: readonly string[], terminal: Terminal): Promise<number> {
  const durations = new Map(Object.entries(readDurations(PROJECT_ROOT)));
  for (const name of files) {
    const file = resolve(terminal.cwd, name);
    const { scenarios } = parseResults(await textOf(file), file);
    // What failed says nothing about how long it takes.
    for (const { file: scenario, ok, durationMs } of scenarios) {
      if (ok) durations.set(scenario, Math.max(10, Math.round(durationMs / 10) * 10));
    }
  }
  const there = (await scenarioFiles(PROJECT_ROOT)).filter((scenario) => durations.has(scenario));
  const kept: Durations = Object.fromEntries(there.map((scenario) => [scenario, durations.get(scenario) ?? 0]));
  await writeFile(join(PROJECT_ROOT, DURATIONS_FILE), `${JSON.stringify(kept, null, 2)}\n`);
  terminal.out(`${DURATIONS_FILE}: ${counted(there.length, 'scenario')}\n`);
  return EXIT.asExpected;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError('RESULTS_MISSING', `${file} cannot be read (${messageOf(cause)}): run the scenarios first`, {
      cause,
    });
  }
}
