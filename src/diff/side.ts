/**
 * What the diff is given: two sides that can be read as canonical rows, and what the columns are.
 * It knows no database; whoever has sessions wraps them into sides.
 */
import type { Comparison, RowBatch, ShownRow } from '../core/canonical.ts';
import type { Tolerance } from '../core/policy.ts';

/** One side of a comparison. May be read more than once; each reading gives the whole table. */
export interface Side {
  /** For people: `postgres source`. */
  readonly label: string;
  read(signal: AbortSignal): AsyncIterable<RowBatch>;
  /** @param keys canonical cells of the key columns, one array a row. */
  show(keys: readonly (readonly Uint8Array[])[]): Promise<readonly ShownRow[]>;
  /** A statement that shows the row, to paste into the database's shell. */
  statementFor(key: Readonly<Record<string, string>>): string;
}

export interface ComparedColumn {
  readonly name: string;
  readonly as: Comparison;
}

export interface DiffRequest {
  /** Table's name, for the report. */
  readonly table: string;
  /** Key columns first, in the order in which both sides' cells come. */
  readonly columns: readonly ComparedColumn[];
  /** How many of the columns are the key; 0 compares multisets of rows. */
  readonly keyColumns: number;
  readonly left: Side;
  readonly right: Side;
  readonly tolerate: readonly Tolerance[];
  /** Columns that could not be paired or compared, in words; any entry makes the verdict different. */
  readonly schema: readonly string[];
  /** Rows shown in full in the result. */
  readonly examples: number;
  /** File for the complete list of differing rows (NDJSON); made only when there are some. */
  readonly listFile?: string;
  /** Told now and then how far it is. Reading 2 happens only where something differs, perhaps several times. */
  readonly onProgress?: (progress: {
    readonly leftRows: number;
    readonly rightRows: number;
    readonly reading: 1 | 2;
  }) => void;
  /** Bytes that the comparison may hold besides the batches in flight; default 128 MB. Less means more readings. */
  readonly memory?: number;
  readonly signal: AbortSignal;
}
