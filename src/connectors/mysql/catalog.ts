/** Tables and columns as information_schema has them (MySQL manual, chapter 28). */
import type { Connection } from 'mysql2';
import type { Column, Table } from '../../core/table.ts';
import type { TableName } from '../../core/words.ts';
import { rowsOf, type TextRow } from './connection.ts';
import { quoteText } from './quote.ts';
import { isSystemName } from './traits.ts';
import { logicalType, type NativeColumn } from './types.ts';

/** A column with what its reading depends on. */
export interface ColumnSource {
  readonly column: Column;
  readonly base: string;
}

export async function listTables(connection: Connection, database: string): Promise<TableName[]> {
  const rows = await rowsOf(
    connection,
    `SELECT TABLE_NAME FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_TYPE = 'BASE TABLE'`,
  );
  return rows
    .map(([name]) => name ?? '')
    .filter((name) => !isSystemName(name))
    .sort()
    .map((name) => ({ name }));
}

/** Columns in the table's order, system ones left out; none when there is no such table. */
export async function columnSources(
  connection: Connection,
  database: string,
  table: TableName,
): Promise<readonly ColumnSource[]> {
  const rows = await rowsOf(
    connection,
    `SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE,
       DATETIME_PRECISION
     FROM information_schema.COLUMNS
     WHERE ${inTable(database, table)} ORDER BY ORDINAL_POSITION`,
  );
  const checks = rows.some(([, base]) => base === 'longtext') ? await checksOf(connection, database, table) : [];
  return rows.map((row) => sourceOf(row, checks)).filter(({ column }) => !isSystemName(column.name));
}

function sourceOf(
  [name, base, declared, nullable, length, precision, scale, digits]: TextRow,
  checks: readonly string[],
): ColumnSource {
  const native: NativeColumn = {
    base: (base ?? '').toLowerCase(),
    declared: declared ?? '',
    ...number('length', length),
    ...number('precision', precision),
    ...number('scale', scale),
    ...number('digits', digits),
  };
  const json = checks.includes(`json_valid(\`${name ?? ''}\`)`);
  const type = logicalType(native, json);
  return {
    column: { name: name ?? '', type, nullable: nullable === 'YES', native: json ? 'json' : native.declared },
    base: native.base,
  };
}

function number(key: string, text: string | null | undefined): Record<string, number> {
  return text === null || text === undefined ? {} : { [key]: Number(text) };
}

/** MariaDB's JSON is LONGTEXT with a check of this kind. MySQL 8.0.16 and later have the same table. */
async function checksOf(connection: Connection, database: string, table: TableName): Promise<readonly string[]> {
  const rows = await rowsOf(
    connection,
    `SELECT c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c
     JOIN information_schema.TABLE_CONSTRAINTS t
       ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
     WHERE t.TABLE_SCHEMA = ${quoteText(database)} AND t.TABLE_NAME = ${quoteText(table.name)}`,
  );
  return rows.map(([clause]) => clause ?? '');
}

/** @returns undefined when there is no such table. */
export async function describeTable(
  connection: Connection,
  database: string,
  name: TableName,
): Promise<Table | undefined> {
  const sources = await columnSources(connection, database, name);
  if (sources.length === 0) return undefined;
  const key = await rowsOf(
    connection,
    `SELECT COLUMN_NAME FROM information_schema.STATISTICS
     WHERE ${inTable(database, name)} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`,
  );
  return {
    name: name.name,
    columns: sources.map(({ column }) => column),
    key: key.map(([column]) => column ?? ''),
  };
}

function inTable(database: string, table: TableName): string {
  return `TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(table.name)}`;
}
