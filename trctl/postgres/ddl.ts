/** Tables and types at a Postgres destination: made where missing, followed where they change. Knows no rows. */
import { DataError, EnvironmentError, oneLine } from '../errors.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import { createTable, createType } from '../pairs/postgres-postgres.ts';
import type { Session } from './connection.ts';
import { literal, quote, quoteTable } from './sql.ts';

/** Creates what the table's columns need: schemas, extensions, enums, domains, composites, ranges. */
export async function ensureTypes(session: Session, table: Table): Promise<void> {
  for (const type of table.types) {
    await ensureSchema(session, type.schema);
    const [found] = await session.query(
      type.kind === 'extension'
        ? `SELECT 1 FROM pg_catalog.pg_extension WHERE extname = ${literal(type.name)}`
        : `SELECT 1 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE n.nspname = ${literal(type.schema)} AND t.typname = ${literal(type.name)}`,
    );
    if (found !== undefined) continue;
    try {
      await session.query(createType(type));
    } catch (cause) {
      if (type.fallback !== undefined && type.fallback !== type.definition) {
        await session.query(createType(type, true));
        continue;
      }
      throw new EnvironmentError(
        `${type.kind} '${type.schema}.${type.name}', which table ${tableLabel(table.id)} needs, cannot be created at the destination: ` +
          `${oneLine(cause)}; create it there`,
        { cause },
      );
    }
  }
}

async function ensureSchema(session: Session, schema: string): Promise<void> {
  const [found] = await session.query('SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  if (found === undefined) await session.query(`CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`);
}

/** Creates the table, or brings the one that is there to the columns it must have. */
export async function ensureTable(session: Session, table: Table): Promise<void> {
  await ensureSchema(session, table.id.schema);
  await session.query(createTable(table));
  const present = await columnsOf(session, table);
  const missing = table.columns.filter((column) => !present.has(column.name));
  const foreign = [...present.keys()].filter((name) => !table.columns.some((column) => column.name === name));
  if (missing.length > 0 && foreign.length > 0) {
    throw new DataError(
      `table ${tableLabel(table.id)}: the destination has column '${foreign[0] ?? ''}' and not '${missing[0]?.name ?? ''}'; ` +
        'if it was renamed, rename it there too, or run activate with Cleanup: Drop',
    );
  }
  for (const column of missing) await addColumn(session, table, column.name);
  for (const column of table.columns) sameType(table, column.name, present.get(column.name), column.type.declared);
}

/** Follows a changed table in the middle of the log: adds columns, lets dropped ones be NULL. @throws DataError on a changed type. */
export async function reshapeTable(session: Session, table: Table): Promise<void> {
  await ensureTypes(session, table);
  const present = await columnsOf(session, table);
  for (const column of table.columns) {
    if (!present.has(column.name)) await addColumn(session, table, column.name);
    else if (column.nullable && !table.key.includes(column.name)) {
      await session.query(`ALTER TABLE ${quoteTable(table.id)} ALTER COLUMN ${quote(column.name)} DROP NOT NULL`);
    }
    sameType(table, column.name, present.get(column.name), column.type.declared);
  }
}

async function addColumn(session: Session, table: Table, name: string): Promise<void> {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) return;
  const target = `ALTER TABLE ${quoteTable(table.id)}`;
  const old = column.valueOfOldRows;
  const filled = old === undefined ? '' : ` DEFAULT ${literal(old)}${column.nullable ? '' : ' NOT NULL'}`;
  await session.query(`${target} ADD COLUMN IF NOT EXISTS ${quote(name)} ${column.type.declared}${filled}`);
  if (old !== undefined) await session.query(`${target} ALTER COLUMN ${quote(name)} DROP DEFAULT`);
}

function sameType(table: Table, column: string, present: string | undefined, declared: string): void {
  if (present === undefined || present === declared) return;
  throw new DataError(
    `table ${tableLabel(table.id)}, column ${column}: type ${declared} at the source, ${present} at the destination; ` +
      'change it there, or run activate with Cleanup: Drop',
  );
}

async function columnsOf(session: Session, table: Table): Promise<Map<string, string>> {
  const rows = await session.query<{ attname: string; declared: string }>(
    `SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS declared FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
    [quoteTable(table.id)],
  );
  return new Map(rows.map((row) => [row.attname, row.declared]));
}
