/** From a pgoutput message to changes, some of whose values may still be missing (unchanged TOAST). */
import type { Pgoutput } from 'pg-logical-replication';
import { DataError } from '../errors.ts';
import type { ChangeId, Remove, Reshape, Row, Truncate } from '../model/change.ts';
import { keyPositions, tableLabel } from '../model/table.ts';
import type { PostgresTable } from './catalog.ts';

/** A row where undefined stands for a value that Postgres did not send because it did not change. */
export type PartialRow = readonly (string | null | undefined)[];

export interface PartialPut extends ChangeId {
  readonly kind: 'put';
  readonly table: PostgresTable;
  readonly row: PartialRow;
  /** Transaction that wrote it; its row cannot be seen before that has ended. */
  readonly xid: number;
  /** The row before, if its key was another. */
  readonly before?: Row;
}

export type PartialChange = PartialPut | Remove | Truncate | Reshape;

type RowMessage = Pgoutput.MessageInsert | Pgoutput.MessageUpdate | Pgoutput.MessageDelete;
type Tuple = Readonly<Record<string, string | null | undefined>>;

/** @param id numbers the next change. */
export function changesOf(message: RowMessage, table: PostgresTable, xid: number, id: () => ChangeId): PartialChange[] {
  if (message.tag === 'insert') return [{ kind: 'put', table, row: rowOf(message.new, table, message), xid, ...id() }];
  const old = (message.old ?? message.key) as Tuple | null;
  if (message.tag === 'delete') {
    if (old === null) throw new DataError(`table ${tableLabel(table.id)}: a deleted row came without its key`);
    return [{ kind: 'remove', table, row: oldRow(old, table), ...id() }];
  }
  const row = rowOf(message.new, table, message);
  const keyed = table.key.length > 0;
  if (old === null) {
    if (keyed) return [{ kind: 'put', table, row, xid, ...id() }];
    throw new DataError(
      `table ${tableLabel(table.id)} has no key and its updates come without the old row; run ALTER TABLE … REPLICA IDENTITY FULL`,
    );
  }
  const before = oldRow(old, table);
  for (const at of keyPositions(table)) row[at] ??= before[at]; // a key so long that it is stored apart, and unchanged
  const moved = !keyed || keyPositions(table).some((at) => row[at] !== before[at]);
  if (!moved) return [{ kind: 'put', table, row, xid, ...id() }];
  return [
    { kind: 'remove', table, row: before, ...id() },
    { kind: 'put', table, row, xid, before, ...id() },
  ];
}

/** Columns that the message's relation does not have yet hold what ADD COLUMN gave old rows; those it no longer has, NULL. */
function rowOf(tuple: Tuple, table: PostgresTable, message: RowMessage): (string | null | undefined)[] {
  const sent = message.relation.columns;
  if (sent.length === table.columns.length) return table.columns.map((column) => tuple[column.name]);
  const known = new Set(sent.map((column) => column.name));
  return table.columns.map((column) => (known.has(column.name) ? tuple[column.name] : (column.valueOfOldRows ?? null)));
}

function oldRow(tuple: Tuple, table: PostgresTable): Row {
  return table.columns.map((column) => tuple[column.name] ?? null);
}
