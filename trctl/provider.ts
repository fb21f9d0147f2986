/**
 * The doors between a transfer and the databases: what a source and a destination can be asked.
 * One folder per database stands behind them; registry.ts names the folders.
 *
 * Life of SNAPSHOT_AND_INCREMENT: source.tables → source.snapshot('anchor-log') → destination.prepare →
 * destination.load for each part → source.changes → destination.apply / commit → changes.confirm.
 */
import type { Change, ChangeBatch, Position } from './model/change.ts';
import type { Table } from './model/table.ts';

export type Cleanup = 'Drop' | 'Truncate' | 'Disabled';

/**
 * How a snapshot stands to the change log:
 * `plain` has none; `anchor-log` starts the log anew exactly where the snapshot stands;
 * `beside-log` is a later snapshot while the log is kept from where it was.
 */
export type SnapshotKind = 'plain' | 'anchor-log' | 'beside-log';

/** A piece of a table that is read and recorded as one. */
export interface Part {
  readonly table: Table;
  /** Stable name within the table, kept in the state. */
  readonly name: string;
  /** Condition on the source's rows, in the source's own language; empty for the whole table. */
  readonly where: string;
}

/** Whole lines of escaped tab-separated values (\N is NULL, backslash escapes), one line a row, columns in table order. */
export interface RowLines {
  readonly lines: Buffer;
  readonly rows: number;
}

export interface Snapshot extends AsyncDisposable {
  /** All commits before it are visible, none after. */
  readonly position: Position;
  /**
   * What other processes join this very snapshot by, for as long as this one is open (Source.joinSnapshot). Absent where a
   * source has no such thing: then each process reads at a snapshot of its own. With a change log that makes no
   * difference in the end; without one the copy is of one moment only if nothing is written meanwhile.
   */
  share?(): string;
  /** Splits a table; a table without a key is always one part. */
  split(table: Table): Promise<Part[]>;
  /** Rows of one part, at the snapshot. Several parts may be read at once. */
  read(part: Part, signal: AbortSignal): AsyncIterable<RowLines>;
  /** The rows past a cursor, as one part, and the cursor's new maximum (null: no rows). */
  increment(table: Table, cursor: Cursor): Promise<{ part: Part; maximum: string | null }>;
}

export interface Cursor {
  readonly field: string;
  /** Where to go on from, null for the beginning. */
  readonly from: string | null;
  /** Whether rows equal to `from` are read (again): true after a run of our own, false for a configured initial state. */
  readonly inclusive: boolean;
}

/** Positions before which changes of a table must be ignored, because its snapshot already holds them. By table label. */
export type Floors = ReadonlyMap<string, Position>;

export interface ChangeLog extends AsyncDisposable {
  batches(signal: AbortSignal): AsyncIterable<ChangeBatch>;
  /** The destination has everything before `position`, which the source may now forget. */
  confirm(position: Position): Promise<void>;
}

export interface Source extends AsyncDisposable {
  /** Most parts read at once. */
  readonly parallelism: number;
  /** @throws EnvironmentError naming the tables that are missing. */
  tables(): Promise<Table[]>;
  /** Whether a change log can be had of these tables. @throws EnvironmentError saying what must be set up. */
  checkLog(tables: readonly Table[]): Promise<void>;
  snapshot(kind: SnapshotKind, tables: readonly Table[]): Promise<Snapshot>;
  /** The snapshot that another process has open. There where snapshots have `share`. Once it is gone this, or a read, throws SnapshotGone. */
  joinSnapshot?(token: string, position: Position): Promise<Snapshot>;
  /**
   * Where the log would go on; null when it does not exist.
   *
   * @param known where the state says that it goes on: all that there is for a source that keeps no readers of its log.
   * @throws EnvironmentError when the log from there on is gone.
   */
  logPosition(known: Position | null): Promise<Position | null>;
  /** Creates the log if it is missing; changes from now on are kept. Gives where it begins. */
  openLog(tables: readonly Table[]): Promise<Position>;
  dropLog(): Promise<void>;
  /** @param after transactions that ended before it are left out. */
  changes(tables: readonly Table[], after: Position, floors: Floors): Promise<ChangeLog>;
}

export interface LoadOptions {
  /** Id of this activation: what an earlier one left half-done can be told by it. */
  readonly epoch: string;
  readonly position: Position;
  /** Rows with the same key may be there already and are replaced. */
  readonly replace: boolean;
}

export interface Destination extends AsyncDisposable {
  /** Most rows, bytes (as text) and milliseconds that are gathered before they are written. */
  readonly batch: { readonly rows: number; readonly bytes: number; readonly milliseconds: number };
  /** Can it be reached, and can it hold these tables? @throws DataError naming table, column, type. */
  check(tables: readonly Table[]): Promise<void>;
  /** Makes the tables ready for a snapshot, after everything that an earlier run may still be writing has ended. */
  prepare(tables: readonly Table[], cleanup: Cleanup): Promise<void>;
  /** Removes what a half-done load of a table without a key left, that was made at `position`. */
  wipe(table: Table, position: Position): Promise<void>;
  /** Parts of this epoch that are known to be there, as `schema.table part`, even if the state was not written in time. */
  finishedParts(epoch: string): Promise<ReadonlySet<string>>;
  /** Whether one part of this epoch is known to be there, asked while others are being written. */
  hasPart(epoch: string, part: string): Promise<boolean>;
  /** Writes one part so that doing it again does no harm; resolves when it is there for good. Gives the rows written. */
  load(part: Part, rows: AsyncIterable<RowLines>, options: LoadOptions): Promise<number>;
  /** Writes changes; they may become visible now or at `commit`. */
  apply(changes: readonly Change[]): Promise<void>;
  /** Everything applied is there for good, up to `position`. */
  commit(position: Position): Promise<void>;
  /** The position that the destination itself has recorded, null if it keeps none. */
  position(): Promise<Position | null>;
  /** Starts the destination's own record anew. */
  resetPosition(position: Position): Promise<void>;
}
