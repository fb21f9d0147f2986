/** Describes tables from ClickHouse's system tables: columns, key, and how the table must be read. */
import { DataError, EnvironmentError } from '../errors.ts';
import type { Table } from '../model/table.ts';
import type { Connection } from './connection.ts';
import { DELETE, literal, quote } from './names.ts';

/** What ClickHouse knows besides: needed by the source only. */
export interface ClickHouseTable extends Table {
  /** Its engine merges rows of one key: only FINAL shows what is there. */
  readonly merges: boolean;
  /** Rows that an engine of this kind has marked as deleted are not there. */
  readonly marksDeleted: boolean;
}

interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
}

interface TableRow {
  readonly name: string;
  readonly engine: string;
  readonly sorting_key: string;
}

/** Tables of the database that the lists take. @throws EnvironmentError naming those that are missing. */
export async function describeTables(
  connection: Connection,
  database: string,
  include: readonly string[],
  exclude: readonly string[],
): Promise<ClickHouseTable[]> {
  const all = await connection.rows<TableRow>(
    `SELECT name, engine, sorting_key FROM system.tables
     WHERE database = ${literal(database)} AND NOT is_temporary AND engine NOT LIKE '%View' ORDER BY name`,
  );
  const named = (list: readonly string[], name: string): boolean =>
    list.some((item) => item === name || unquoted(item) === `${database}.${name}` || item === `${database}.*`);
  const missing = include.filter((item) => !all.some(({ name }) => named([item], name)));
  if (missing.length > 0) {
    throw new EnvironmentError(`Tables not found. Missed: [${missing.join(', ')}]; correct IncludeTables`);
  }
  const taken = all.filter(
    ({ name }) => (include.length === 0 ? !SYSTEM.test(name) : named(include, name)) && !named(exclude, name),
  );
  const columns = await connection.rows<ColumnRow>(
    `SELECT table, name, type FROM system.columns
     WHERE database = ${literal(database)} AND default_kind IN ('', 'DEFAULT') ORDER BY table, position`,
  );
  return Promise.all(
    taken.map((row) =>
      describe(
        connection,
        database,
        row,
        columns.filter(({ table }) => table === row.name),
      ),
    ),
  );
}

const SYSTEM = /^(__|\.inner)/;

/** Names in lists may be quoted as identifiers of SQL. */
function unquoted(name: string): string {
  return name.replaceAll(/"((?:[^"]|"")*)"/g, (_, inner: string) => inner.replaceAll('""', '"'));
}

async function describe(
  connection: Connection,
  database: string,
  { name, engine, sorting_key: sortingKey }: TableRow,
  rows: readonly ColumnRow[],
): Promise<ClickHouseTable> {
  const own = rows.filter((column) => !column.name.startsWith('__data_transfer_'));
  if (own.length === 0) throw new DataError(`table ${database}.${name} has no columns that can be read`);
  for (const column of own) refuseUntold(`${database}.${name}`, column, own);
  const merges = /^(Replicated|Shared)?(Replacing|Collapsing|VersionedCollapsing|Summing|Aggregating|Coalescing)/.test(
    engine,
  );
  const key = keyColumns(sortingKey, new Set(own.map((column) => column.name)));
  const id = { schema: database, name };
  return {
    id,
    columns: own.map((column) => ({
      name: column.name,
      type: { base: baseOf(column.type), declared: column.type },
      nullable: /^(LowCardinality\()?Nullable\(/.test(column.type),
    })),
    key: merges || (await isUnique(connection, id, key)) ? key : [],
    types: [],
    merges,
    marksDeleted: rows.some((column) => column.name === DELETE),
  };
}

const UNTOLD = /\b(AggregateFunction|SimpleAggregateFunction|Variant|Dynamic|Object|Nothing|QBit)\b/;

/** @throws DataError for a type whose values cannot be carried as text. */
function refuseUntold(table: string, { name, type }: ColumnRow, all: readonly ColumnRow[]): void {
  const [untold] = UNTOLD.exec(withoutLabels(type)) ?? [];
  if (untold !== undefined) {
    throw new DataError(
      `table ${table}, column ${name} (${type}): ${untold} cannot be carried, since its text does not say what a value is; leave the table out`,
    );
  }
  if (hasJson(all) && isCollection(type) && /\bDateTime/.test(withoutLabels(type))) {
    throw new DataError(
      `table ${table}, column ${name} (${type}): moments inside a collection cannot be carried beside a column of type JSON, whose text depends on the same setting; leave the table out`,
    );
  }
}

/** Labels of enums may read like types. */
function withoutLabels(type: string): string {
  return type.replaceAll(/'(?:[^'\\]|\\[^])*'/g, "''");
}

/** Whether some column's text shows moments that nobody declared. */
export function hasJson(columns: readonly { readonly type: string }[]): boolean {
  return columns.some(({ type }) => /\bJSON\b/.test(withoutLabels(type)));
}

export function isCollection(type: string): boolean {
  return /^(Array|Map|Tuple|Nested)\(/.test(type);
}

/** The type under what changes how it is stored: `LowCardinality(Nullable(String))` is String. */
export function inner(type: string): string {
  const [, wrapped] = /^(?:Nullable|LowCardinality)\((.*)\)$/s.exec(type) ?? [];
  return wrapped === undefined ? type : inner(wrapped);
}

/** `Decimal` of `Nullable(Decimal(10, 2))`. */
function baseOf(type: string): string {
  return /^\w+/.exec(inner(type))?.[0] ?? type;
}

/** Columns of the sorting key; none where one of its parts is an expression. */
function keyColumns(text: string, columns: ReadonlySet<string>): string[] {
  const [, bare = text] = /^\(([^()]*)\)$/.exec(text) ?? [];
  const parts = [...bare.matchAll(/\s*(`(?:[^`\\]|\\[^])*`|[^,]+)\s*(?:,|$)/g)].map(([, part = '']) => part.trim());
  const names = parts.map((part) => (part.startsWith('`') ? part.slice(1, -1).replaceAll(/\\([^])/g, '$1') : part));
  return names.every((name) => columns.has(name)) ? names : [];
}

/** A sorting key orders rows and forbids none: it names them only if no two have the same. */
async function isUnique(connection: Connection, id: Table['id'], key: readonly string[]): Promise<boolean> {
  if (key.length === 0) return false;
  const names = key.map(quote).join(', ');
  const twice = await connection.rows(
    `SELECT 1 FROM ${quote(id.schema)}.${quote(id.name)} GROUP BY ${names} HAVING count() > 1 LIMIT 1`,
  );
  return twice.length === 0;
}
