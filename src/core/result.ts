/**
 * What a comparison and a scenario leave behind: plain data that crosses process borders and is written to
 * results.json. The reporters read it; only run/ and diff/ make it.
 */
import type { EngineName, Mode, Pair, Stack, Verdict } from './words.ts';

/** One column's differences. */
export interface ColumnDifference {
  readonly name: string;
  /** Rows in which this column differs. */
  readonly different: number;
  /** What the differences share, with its evidence: "all 3,214 are exactly 1 h later". Absent where nothing was found. */
  readonly pattern?: string;
}

/** One cell that differs, as both databases show it and in canonical form. */
export interface CellDifference {
  readonly column: string;
  readonly left: { readonly shown: string; readonly canonical: string };
  readonly right: { readonly shown: string; readonly canonical: string };
}

/** One row of the report. `key`: column → value as shown. */
export interface RowDifference {
  readonly kind: 'missing' | 'extra' | 'different';
  readonly key: Readonly<Record<string, string>>;
  /** How many copies, for tables without a key. */
  readonly copies?: number;
  readonly cells?: readonly CellDifference[];
}

/** A declared tolerance and how often it made a difference. */
export interface PolicyUse {
  readonly column: string;
  readonly policy: string;
  readonly because: string;
  readonly used: number;
}

/** The verdict on one table. Left is the source, right the destination. */
export interface TableResult {
  readonly name: string;
  readonly verdict: 'equal' | 'different';
  /** Rows of the left side that were compared. */
  readonly compared: number;
  readonly leftRows: number;
  readonly rightRows: number;
  /** Rows that the right side lacks. */
  readonly missing: number;
  /** Rows that only the right side has. */
  readonly extra: number;
  /** Rows whose key both sides have and whose cells differ. */
  readonly different: number;
  readonly columns: readonly ColumnDifference[];
  /** What the missing or extra rows share: "all id ≥ 70,001", "every 8th row". */
  readonly patterns: readonly string[];
  /** Up to N rows in full. */
  readonly examples: readonly RowDifference[];
  readonly policies: readonly PolicyUse[];
  /** Columns that only one side has, or whose types no rule makes comparable. */
  readonly schema: readonly string[];
  /** Complete list of differing rows, one JSON object a line. Path relative to the reports folder. */
  readonly list?: string;
  readonly durationMs: number;
}

export const STAGES = [
  'load',
  'provision',
  'seed',
  'activate',
  'replicate',
  'act',
  'settle',
  'stop',
  'compare',
  'report',
] as const;
export type StageName = (typeof STAGES)[number];

/** A file that belongs to a scenario's evidence. Path relative to the reports folder. */
export interface Evidence {
  readonly name: string;
  readonly path: string;
  readonly type: string;
}

export type Expectation = 'equal' | 'refused' | 'xfail';

/** What one scenario ended in: one entry of results.json. */
export interface ScenarioResult {
  /** Relative to the project's root: `scenarios/pg-ch/snapshot.yaml`. */
  readonly file: string;
  readonly title: string;
  readonly pair: Pair;
  readonly mode: Mode;
  readonly engine: EngineName;
  readonly stack: Stack;
  /** Servers and versions: `postgres 18.4`, with `emulated` where a stand-in answered. */
  readonly servers: readonly { readonly kind: string; readonly version: string; readonly emulated: boolean }[];
  readonly seed: string;
  readonly expected: Expectation;
  readonly verdict: Verdict;
  /** The verdict is the expected one. */
  readonly ok: boolean;
  readonly durationMs: number;
  readonly stages: Readonly<Partial<Record<StageName, number>>>;
  readonly tables: readonly TableResult[];
  /** Why it is not as expected, or why it is unknown; for refusals the engine's words. */
  readonly error: string | null;
  /** Link and reason of an expected failure. */
  readonly xfail?: { readonly issue: string; readonly because: string };
  /** Things seen that do not change the verdict: a leaked slot, an engine that needed SIGKILL. */
  readonly notes: readonly string[];
  readonly evidence: readonly Evidence[];
}
