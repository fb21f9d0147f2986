/**
 * The matrix: which of the 100 squares are shown by a scenario, and with what outcome. Pure; reads and writes no file.
 *
 * A square's status, the first that applies:
 * 1. `missing`: no scenario file covers it.
 * 2. `different`: some scenario of it ended otherwise than it declares: rows differ, an xfail that passes, a refusal
 *    that was not asked for or has other words.
 * 3. `unknown`: some scenario of it has no verdict in this run: it was not run, or timed out.
 * 4. `equal`: at least one scenario moved its rows intact; the others were refused or failed as declared.
 * 5. `refused`: the engine refuses, clearly, as declared.
 * 6. `xfail`: every scenario of it is an expected failure.
 */
import type { ScenarioResult } from '../core/result.ts';
import { allSquares, pairOf } from '../core/words.ts';
import type { Mode, Pair } from '../core/words.ts';

export const STATUSES = ['equal', 'refused', 'xfail', 'different', 'unknown', 'missing'] as const;
export type SquareStatus = (typeof STATUSES)[number];

/** A scenario file that is there, whether it ran or not. */
export interface KnownScenario {
  /** Relative to the project's root, as in results.json. */
  readonly file: string;
  readonly pair: Pair;
  readonly mode: Mode;
}

/** One server that took part; `emulated` where a stand-in answered in place of the real one. */
export type SquareServer = ScenarioResult['servers'][number];

export interface CoverageSquare {
  readonly pair: Pair;
  readonly mode: Mode;
  readonly status: SquareStatus;
  /** Every server and version that its scenarios met in this run. */
  readonly servers: readonly SquareServer[];
  /** Files of its scenarios. */
  readonly scenarios: readonly string[];
}

/** What coverage.json holds. */
export interface Coverage {
  readonly squares: readonly CoverageSquare[];
}

/** @param known every scenario file of the project. Files that only the results know count as known. */
export function coverageOf(results: readonly ScenarioResult[], known: readonly KnownScenario[]): Coverage {
  return {
    squares: allSquares().map((square) => {
      const pair = pairOf(square);
      const here = (scenario: KnownScenario): boolean => scenario.pair === pair && scenario.mode === square.mode;
      const ran = results.filter(here);
      const files = new Set([...known.filter(here), ...ran].map(({ file }) => file));
      return {
        pair,
        mode: square.mode,
        status: statusOf([...files], ran),
        servers: distinctServers(ran),
        scenarios: [...files].sort(),
      };
    }),
  };
}

function statusOf(files: readonly string[], ran: readonly ScenarioResult[]): SquareStatus {
  if (files.length === 0) return 'missing';
  if (ran.some((result) => !result.ok && result.verdict !== 'unknown')) return 'different';
  const decided = new Set(ran.filter((result) => result.ok).map(({ file }) => file));
  if (ran.some((result) => !result.ok) || files.some((file) => !decided.has(file))) return 'unknown';
  if (ran.some(({ expected }) => expected === 'equal')) return 'equal';
  return ran.some(({ expected }) => expected === 'refused') ? 'refused' : 'xfail';
}

function distinctServers(results: readonly ScenarioResult[]): SquareServer[] {
  const servers = new Map<string, SquareServer>();
  for (const { kind, version, emulated } of results.flatMap((result) => result.servers)) {
    servers.set(printServer({ kind, version, emulated }), { kind, version, emulated });
  }
  return [...servers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, server]) => server);
}

/** `postgres 18.4`, `ydb 25.2 (emulated)`. */
export function printServer(server: SquareServer): string {
  return `${server.kind} ${server.version}${server.emulated ? ' (emulated)' : ''}`;
}

/** How many squares have each status; every status is there. */
export function countStatuses(coverage: Coverage): Readonly<Record<SquareStatus, number>> {
  const counts = { equal: 0, refused: 0, xfail: 0, different: 0, unknown: 0, missing: 0 };
  for (const { status } of coverage.squares) counts[status] += 1;
  return counts;
}

/** Squares that nobody may call covered: the check `coverage --strict` fails on any. */
export function uncovered(coverage: Coverage): readonly CoverageSquare[] {
  return coverage.squares.filter(({ status }) => ['missing', 'unknown', 'different'].includes(status));
}

/** Whether every server of the square was the real product; undefined where none took part. */
export function metRealServers(square: CoverageSquare): boolean | undefined {
  return square.servers.length === 0 ? undefined : square.servers.every(({ emulated }) => !emulated);
}
