/** Tables at ClickHouse: ReplacingMergeTree by version in every mode, so that writing a row again never doubles it. */
import { DataError, EnvironmentError } from '../errors.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { Cleanup } from '../provider.ts';
import type { Connection } from './connection.ts';
import type { MappedColumn } from './mapping.ts';
import { COMMIT, DELETE, ROW_EVENT, ROW_HASH, ROW_ID, literal, quote } from './names.ts';

/** A table with what it is at ClickHouse. */
export interface Target {
  readonly table: Table;
  readonly columns: readonly MappedColumn[];
  /** Quoted, with its database. */
  readonly name: string;
  readonly database: string;
}

/** Columns that the engine adds to a table, in the order in which their values are written. */
export function systemColumns(table: Table): MappedColumn[] {
  const always = [
    { name: COMMIT, type: 'UInt64' },
    { name: DELETE, type: 'UInt64' },
  ];
  if (table.key.length > 0) return always;
  return [
    ...always,
    { name: ROW_HASH, type: 'String' },
    { name: ROW_ID, type: 'String' },
    { name: ROW_EVENT, type: 'UInt32' },
  ];
}

export function createTable({ table, columns, name }: Target): string {
  const key = table.key.length > 0 ? table.key : [ROW_HASH, ROW_ID];
  const all = [...columns, ...systemColumns(table)].map((column) => `${quote(column.name)} ${column.type}`);
  return (
    `CREATE TABLE IF NOT EXISTS ${name} (${all.join(', ')}) ` +
    `ENGINE = ReplacingMergeTree(${quote(COMMIT)}) ORDER BY (${key.map(quote).join(', ')})`
  );
}

export async function prepareTable(connection: Connection, target: Target, cleanup: Cleanup): Promise<void> {
  if (cleanup === 'Drop') await connection.command(`DROP TABLE IF EXISTS ${target.name} SYNC`);
  await connection.command(createTable(target));
  if (cleanup === 'Truncate') await connection.command(`TRUNCATE TABLE ${target.name}`);
  const { table, columns } = target;
  const label = tableLabel(table.id);
  const present = await columnsOf(connection, target);
  const missing = columns.filter((column) => !present.has(column.name));
  const own = new Set([...columns, ...systemColumns(table)].map((column) => column.name));
  const foreign = [...present.keys()].filter((name) => !own.has(name));
  const system = systemColumns(table).find((column) => !present.has(column.name));
  if (system !== undefined) {
    throw new EnvironmentError(
      `table ${target.name} is at ClickHouse already, without column ${system.name}, so changes cannot be kept apart in it; ` +
        'remove or rename it, or set Cleanup: Drop',
    );
  }
  if (missing.length > 0 && foreign.length > 0) {
    throw new DataError(
      `table ${label}: the destination has column '${foreign[0] ?? ''}' and not '${missing[0]?.name ?? ''}'; ` +
        'if it was renamed, rename it there too, or run activate with Cleanup: Drop',
    );
  }
  await follow(connection, target, present);
}

/** Adds columns, lets dropped ones be NULL. @throws DataError when a column's type is another. */
export async function reshapeTable(connection: Connection, target: Target): Promise<void> {
  await follow(connection, target, await columnsOf(connection, target));
}

async function follow(connection: Connection, target: Target, present: ReadonlyMap<string, string>): Promise<void> {
  for (const column of target.columns) {
    const type = present.get(column.name);
    const old = target.table.columns.find((one) => one.name === column.name)?.valueOfOldRows;
    if (type === undefined) {
      const value = old === undefined ? '' : ` DEFAULT CAST(${literal(decoded(column, old))}, ${literal(column.type)})`;
      await connection.command(`ALTER TABLE ${target.name} ADD COLUMN ${quote(column.name)} ${column.type}${value}`);
    } else if (type !== column.type) {
      if (`Nullable(${type})` === column.type) {
        await connection.command(`ALTER TABLE ${target.name} MODIFY COLUMN ${quote(column.name)} ${column.type}`);
      } else if (type !== `Nullable(${column.type})`) {
        throw new DataError(
          `table ${tableLabel(target.table.id)}, column ${column.name}: needs type ${column.type} at the destination, which has ${type}; ` +
            'run activate with Cleanup: Drop',
        );
      }
    }
  }
}

function decoded(column: MappedColumn, text: string): string {
  return column.encode === undefined ? text : column.encode(text);
}

async function columnsOf(connection: Connection, target: Target): Promise<Map<string, string>> {
  const rows = await connection.rows<{ name: string; type: string }>(
    `SELECT name, type FROM system.columns WHERE database = ${literal(target.database)} AND table = ${literal(target.table.id.name)}`,
  );
  return new Map(rows.map((row) => [row.name, row.type]));
}
