/**
 * Fixtures as those see them who use them: tables, and a maker of rows for each. How rows are made is fixtures/'s own.
 * Types only.
 */
import type { Row, Table, Value } from './table.ts';
import type { DatabaseKind } from './words.ts';

export interface Fixture {
  readonly name: string;
  readonly title: string;
  readonly tables: readonly FixtureTable[];
  /** Tables that a database's own file makes; their columns are known to that database only. */
  readonly nativeTables: readonly string[];
  readonly native: Readonly<Partial<Record<DatabaseKind, NativeFiles>>>;
}

/** Files in a database's own language, as text. */
export interface NativeFiles {
  /** `<database>.sql`: run once the portable tables are there, before the engine sees the database. */
  readonly schema?: string;
  /** `<database>.rows.sql`: run when rows are written. */
  readonly rows?: string;
}

export interface FixtureTable {
  readonly table: Table;
  /** How many rows when a scenario does not say. Data from a package is read for this at the first call. */
  defaultRows(): number;
  /** Most rows that there are: data from a package. Infinity for generated ones. */
  mostRows(): number;
  maker(seed: string): RowMaker;
}

/** Makes the rows of one table under one seed. */
export interface RowMaker {
  /** Rows `n × copies` to `n × copies + copies - 1` are the same row several times over; above 1 only without a key. */
  readonly copies: number;
  /** Columns whose value grows with every write, as an application's `updated_at` does. */
  readonly growing: readonly string[];
  /** Data from a package ends somewhere. */
  readonly mostRows: number;
  /** @param ordinal from 0. Key and locator columns depend on it alone. */
  row(ordinal: number, version?: RowVersion): Row;
  /** One column's value. @throws UsageError when the table has no such column. */
  value(column: string, ordinal: number, version?: RowVersion): Value;
}

/** Which of a row's lives: other values under the same key. */
export interface RowVersion {
  readonly generation: number;
  /** Where growing columns stand; the ordinal when absent. */
  readonly tick?: number;
}
