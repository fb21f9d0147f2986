/** Values that a destination's type cannot hold: refused by name, never narrowed. Knows no database. */
import { DataError } from '../errors.ts';
import type { Row } from './change.ts';
import { keyPositions, tableLabel } from './table.ts';
import type { Table } from './table.ts';

/** Thrown by a pair's type table, which knows the value; who writes the row knows table, column and key. */
export class ValueRefused extends Error {
  override readonly name = 'ValueRefused';
  readonly value: string;
  readonly remedy: string;

  constructor(value: string, why: string, remedy: string) {
    super(why);
    this.value = value;
    this.remedy = remedy;
  }
}

/** The refusal with everything that a person needs to find the value. @param at position of the column. */
export function refusal(table: Table, at: number, row: Row, cause: ValueRefused): DataError {
  const column = table.columns[at];
  const key = keyPositions(table).map((i) => `${table.columns[i]?.name ?? ''} = ${row[i] ?? 'NULL'}`);
  return new DataError(
    `table ${tableLabel(table.id)}, column ${column?.name ?? at} (${column?.type.declared ?? ''})` +
      `${key.length === 0 ? '' : `, row ${key.join(', ')}`}: value ${cause.value.slice(0, 80)} cannot be carried: ` +
      `${cause.message}; ${cause.remedy}`,
    { cause },
  );
}
