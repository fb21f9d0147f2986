/**
 * Which shard runs which scenarios: a plan that every machine computes alike from the scenario files and from
 * scenarios/durations.json. Longest first, each to the shard that has least to do. Pure but for the reading of that file.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError, messageOf } from '../core/errors.ts';
import type { Mode } from '../core/words.ts';

export const DURATIONS_FILE = 'scenarios/durations.json';

/** Scenario file → how long it took when it was last recorded, in ms. */
export type Durations = Readonly<Record<string, number>>;

export interface Weighed {
  readonly file: string;
  readonly ms: number;
  /** False where nothing was recorded and the median of its mode stands in. */
  readonly recorded: boolean;
}

export interface Shard {
  /** As `run --shard` takes it: `2/5`. */
  readonly shard: string;
  readonly ms: number;
  readonly scenarios: readonly string[];
}

export interface Plan {
  readonly shards: readonly Shard[];
  /** (longest − shortest) / longest shard. */
  readonly spread: number;
  /** Scenarios that take longer than an average shard: they bound how even a plan can be. */
  readonly tooLong: readonly string[];
  /** Scenarios without a recorded duration. */
  readonly unrecorded: readonly string[];
}

/** @throws UsageError when the file is not there or holds anything but durations. */
export function readDurations(root: string): Durations {
  const file = join(root, DURATIONS_FILE);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw unreadable(file, messageOf(cause), cause);
  }
  if (typeof parsed !== 'object' || parsed === null) throw unreadable(file, 'it is not an object');
  for (const [name, ms] of Object.entries(parsed)) {
    if (typeof ms !== 'number' || !(ms > 0)) throw unreadable(file, `${name} is not a number of ms above 0`);
  }
  return parsed as Durations;
}

function unreadable(file: string, why: string, cause?: unknown): UsageError {
  return new UsageError(
    'DURATIONS_UNREADABLE',
    `${file}: ${why}; write it anew with \`transfer-e2e matrix --record reports/results.json\``,
    { cause },
  );
}

/** @param modes of the scenarios whose file says one. Files without a mode take the median of all that is recorded. */
export function weigh(
  files: readonly string[],
  modes: ReadonlyMap<string, Mode>,
  durations: Durations,
): readonly Weighed[] {
  const all = median(Object.values(durations));
  const byMode = new Map<Mode, number[]>();
  for (const [file, ms] of Object.entries(durations)) {
    const mode = modes.get(file);
    if (mode !== undefined) byMode.set(mode, [...(byMode.get(mode) ?? []), ms]);
  }
  return files.map((file) => {
    const ms = durations[file];
    if (ms !== undefined) return { file, ms, recorded: true };
    const mode = modes.get(file);
    const alike = mode === undefined ? undefined : byMode.get(mode);
    return { file, ms: alike === undefined ? all : median(alike), recorded: false };
  });
}

/** With nothing recorded at all every scenario weighs the same. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}

/** @throws UsageError when there are more shards than scenarios: one would have nothing to run. */
export function plan(scenarios: readonly Weighed[], count: number): Plan {
  if (count > scenarios.length) {
    throw new UsageError(
      'TOO_MANY_SHARDS',
      `${count} shards are more than the scenarios to share out: take ${scenarios.length} or fewer`,
    );
  }
  const shards = Array.from({ length: count }, () => ({ ms: 0, scenarios: [] as string[] }));
  const longestFirst = [...scenarios].sort((a, b) => b.ms - a.ms || (a.file < b.file ? -1 : 1));
  for (const { file, ms } of longestFirst) {
    // Of several that have the least to do, the one with the fewest scenarios: none is left empty.
    const lightest = shards.reduce((best, shard) =>
      shard.ms < best.ms || (shard.ms === best.ms && shard.scenarios.length < best.scenarios.length) ? shard : best,
    );
    lightest.ms += ms;
    lightest.scenarios.push(file);
  }
  const sums = shards.map(({ ms }) => ms);
  const longest = Math.max(...sums);
  const average = sums.reduce((sum, ms) => sum + ms, 0) / count;
  return {
    shards: shards.map(({ ms, scenarios: files }, index) => ({
      shard: `${index + 1}/${count}`,
      ms,
      scenarios: files.sort(),
    })),
    spread: (longest - Math.min(...sums)) / longest,
    tooLong: scenarios.filter(({ ms }) => ms > average).map(({ file }) => file),
    unrecorded: scenarios.filter(({ recorded }) => !recorded).map(({ file }) => file),
  };
}

/** Reads `2/5`. @throws UsageError for anything else. */
export function parseShard(text: string): { readonly index: number; readonly count: number } {
  const match = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index > count) {
    throw new UsageError('SHARD', `--shard ${text}: it is I/N with I from 1 to N, for example 2/5`);
  }
  return { index, count };
}
