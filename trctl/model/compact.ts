/**
 * Brings the changes of one table down to their outcome: the last change per key, or, without a key,
 * by how many each distinct row grew or shrank. Order between keys does not matter to either. Knows no database.
 */
import type { Change, Put, Remove, Row, Truncate, Reshape } from './change.ts';
import { keyPositions, tableLabel } from './table.ts';
import type { Table } from './table.ts';

export type RowChange = Put | Remove;

/** Changes of one table between two barriers, in log order. */
export interface TableChanges {
  readonly table: Table;
  readonly changes: RowChange[];
}

/** Splits at truncates and reshapes, which must be applied between what is before and after; groups the rest by table. */
export function* stretches(changes: readonly Change[]): Generator<TableChanges[] | Truncate | Reshape> {
  let groups = new Map<string, TableChanges>();
  for (const change of changes) {
    if (change.kind === 'truncate' || change.kind === 'reshape') {
      if (groups.size > 0) yield [...groups.values()];
      groups = new Map();
      yield change;
      continue;
    }
    const label = tableLabel(change.table.id);
    const group = groups.get(label);
    if (group === undefined) groups.set(label, { table: change.table, changes: [change] });
    else group.changes.push(change);
  }
  if (groups.size > 0) yield [...groups.values()];
}

/** The last change of each key. */
export function lastByKey(group: TableChanges): RowChange[] {
  const positions = keyPositions(group.table);
  const last = new Map<string, RowChange>();
  for (const change of group.changes) last.set(rowIdentity(positions.map((at) => change.row[at] ?? null)), change);
  return [...last.values()];
}

/** Distinct rows with how often each must be added (positive) or taken away (negative). */
export function balanceByRow(group: TableChanges): { row: Row; count: number }[] {
  const balance = new Map<string, { row: Row; count: number }>();
  for (const change of group.changes) {
    const identity = rowIdentity(change.row);
    const entry = balance.get(identity) ?? { row: change.row, count: 0 };
    entry.count += change.kind === 'put' ? 1 : -1;
    balance.set(identity, entry);
  }
  return [...balance.values()].filter(({ count }) => count !== 0);
}

/** Injective: each value goes with its length, and NULL has none. */
export function rowIdentity(row: Row): string {
  return row.map((value) => (value === null ? '-' : `${value.length}:${value}`)).join(',');
}
