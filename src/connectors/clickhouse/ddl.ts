/** Statements that make databases and portable tables. Must not know how they are sent. */
import { E2eError } from '../../core/errors.ts';
import type { Table } from '../../core/table.ts';
import { quoteName } from './type-name.ts';
import { nativeColumn } from './types.ts';

export function createDatabase(name: string): string {
  return `CREATE DATABASE ${quoteName(name)}`;
}

export function dropDatabase(name: string): string {
  return `DROP DATABASE IF EXISTS ${quoteName(name)} SYNC`;
}

/**
 * A MergeTree table ordered by the key: rows with equal keys stay apart, as in a log; nothing merges them.
 *
 * @throws E2eError for a type that ClickHouse has no column for, or a key that may be NULL.
 */
export function createTable(database: string, table: Table): string {
  const key = new Set(table.key);
  const columns = table.columns.map(
    (column) => `${quoteName(column.name)} ${nativeColumn(column, key.has(column.name))}`,
  );
  for (const name of key) {
    if (!table.columns.some((column) => column.name === name)) {
      throw new E2eError('NO_COLUMN', `table ${table.name}: key column ${name} is not among its columns`);
    }
  }
  return [
    `CREATE TABLE ${quoteName(database)}.${quoteName(table.name)} (${columns.join(', ')})`,
    'ENGINE = MergeTree',
    `ORDER BY (${table.key.length === 0 ? 'tuple()' : table.key.map(quoteName).join(', ')})`,
  ].join(' ');
}
