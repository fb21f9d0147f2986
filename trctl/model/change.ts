/**
 * What a source's change log says, in the order of the log, already made complete by the source:
 * every `put` has all its columns, a changed key is a `remove` and a `put`. Knows no database.
 */
import type { Table, TableName } from './table.ts';

/** One row, a value per column of its table, in the source's text form. */
export type Row = readonly (string | null)[];

/** A place in the source's change log; grows. */
export type Position = bigint;

/** Identity of a change: the position of its transaction's commit, and its number within the transaction. The same on every replay. */
export interface ChangeId {
  readonly commit: Position;
  readonly number: number;
}

/** The row is there with these values: inserted, or replaced where the table has a key. */
export interface Put extends ChangeId {
  readonly kind: 'put';
  readonly table: Table;
  readonly row: Row;
}

/** The row is gone. With a key only the key's columns are set; without one, all are, and one equal row goes. */
export interface Remove extends ChangeId {
  readonly kind: 'remove';
  readonly table: Table;
  readonly row: Row;
}

export interface Truncate extends ChangeId {
  readonly kind: 'truncate';
  readonly tables: readonly TableName[];
}

/** The table has this shape from here on. */
export interface Reshape extends ChangeId {
  readonly kind: 'reshape';
  readonly table: Table;
}

export type Change = Put | Remove | Truncate | Reshape;

/** Changes up to a moment when the source had nothing more at hand or the batch was full. */
export interface ChangeBatch {
  readonly changes: readonly Change[];
  /** Set when the batch ends between transactions: everything before it has been handed out. */
  readonly upTo?: Position;
}

/** Prints a position the way Postgres prints an LSN. */
export function printPosition(position: Position): string {
  return `${(position >> 32n).toString(16).toUpperCase()}/${(position & 0xffffffffn).toString(16).toUpperCase()}`;
}

/** @throws RangeError when the text is not `HEX/HEX`. */
export function parsePosition(text: string): Position {
  const [, high, low] = /^([0-9A-Fa-f]+)\/([0-9A-Fa-f]+)$/.exec(text) ?? [];
  if (high === undefined || low === undefined) throw new RangeError(`not a log position: ${text}`);
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
