/**
 * Changes as SQL: rows go in by COPY, keyed changes in statements that address thousands of rows each. Values travel
 * as text and are cast by the server, so no driver's idea of a type lies between.
 */
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { E2eError, messageOf } from '../../core/errors.ts';
import type { Change, Row, Table, Value } from '../../core/table.ts';
import { printName } from '../../core/words.ts';
import { copyField, textOfValue } from './literal.ts';
import { quoteName, quoteTable } from './quote.ts';
import { sqlType } from './types.ts';

/** Keys a statement addresses. */
const KEYS_A_STATEMENT = 20_000;
/** Characters handed to the socket at a time. */
const COPY_CHARACTERS = 1 << 18;

/** Applies a change on a connection that is at rest. @throws E2eError PG_WRITE with what was being done. */
export async function applyChange(client: pg.PoolClient, change: Change): Promise<void> {
  try {
    if (change.kind === 'transaction' || change.kind === 'native' || batchesOf(change) <= 1) {
      await apply(client, change, 0);
    } else {
      // A change of several statements is still one change.
      await apply(client, { kind: 'transaction', changes: [change], rollback: false }, 0);
    }
  } catch (error) {
    throw new E2eError('PG_WRITE', `${nameOf(change)} failed: ${reasonOf(error)}`, { cause: error });
  }
}

function batchesOf(change: Change): number {
  return 'keys' in change ? Math.ceil(change.keys.length / KEYS_A_STATEMENT) : 1;
}

/** @param depth of transactions around this change: inner ones are savepoints. */
async function apply(client: pg.PoolClient, change: Change, depth: number): Promise<void> {
  switch (change.kind) {
    case 'insert':
      return insert(client, change.table, change.rows);
    case 'update':
      return update(client, change.table, change.keys, change.set);
    case 'rekey':
      return rekey(client, change.table, change.keys, change.newKeys);
    case 'delete':
      return remove(client, change.table, change.keys);
    case 'truncate':
      await client.query(`TRUNCATE ${quoteTable(change.table)}`);
      return;
    case 'transaction':
      return transaction(client, change.changes, change.rollback, depth);
    case 'native':
      await client.query(change.statements);
  }
}

async function transaction(
  client: pg.PoolClient,
  changes: readonly Change[],
  rollback: boolean,
  depth: number,
): Promise<void> {
  const savepoint = `inner_${depth}`;
  await client.query(depth === 0 ? 'BEGIN' : `SAVEPOINT ${savepoint}`);
  try {
    for (const change of changes) await apply(client, change, depth + 1);
  } catch (error) {
    if (depth === 0) await client.query('ROLLBACK');
    throw error;
  }
  if (rollback) await client.query(depth === 0 ? 'ROLLBACK' : `ROLLBACK TO SAVEPOINT ${savepoint}`);
  else await client.query(depth === 0 ? 'COMMIT' : `RELEASE SAVEPOINT ${savepoint}`);
}

async function insert(client: pg.PoolClient, table: Table, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const columns = table.columns.map((column) => quoteName(column.name)).join(', ');
  const stream = client.query(copyFrom(`COPY ${quoteTable(table)} (${columns}) FROM STDIN`));
  const ended = finished(stream);
  // A row that the server refuses ends the stream while this function still writes; the wait below reports it.
  ended.catch(() => undefined);
  let text = '';
  for (const row of rows) {
    for (let column = 0; column < row.length; column += 1) {
      text += (column === 0 ? '' : '\t') + copyField(row[column] ?? null);
    }
    text += '\n';
    if (text.length < COPY_CHARACTERS) continue;
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), ended]);
    text = '';
  }
  stream.end(text);
  await ended;
}

/** A join that finds the rows of `$1…$n`, arrays of the key columns' values as text. */
function addressed(table: Table): { readonly from: string; readonly where: string } {
  const columns = addressColumns(table);
  const names = columns.map((_, index) => `k${index}`);
  return {
    from: `unnest(${columns.map((_, index) => `$${index + 1}::text[]`).join(', ')}) AS a(${names.join(', ')})`,
    where: columns
      .map((column, index) => `t.${quoteName(column)} = a.k${index}::${castOf(table, column)}`)
      .join(' AND '),
  };
}

function addressColumns(table: Table): readonly string[] {
  const columns = table.key.length > 0 ? table.key : (table.locator ?? []);
  if (columns.length > 0) return columns;
  throw new E2eError(
    'PG_ADDRESS',
    `${printName(table)} has neither a primary key nor a locator: its rows cannot be addressed`,
  );
}

/** What a value's text is cast to; described tables know their native type, portable ones were made with ours. */
function castOf(table: Table, name: string): string {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    throw new E2eError('PG_COLUMN', `${printName(table)} has no column ${JSON.stringify(name)}`);
  }
  return column.native ?? sqlType(column.type);
}

/** Slices of keys, turned into an array of texts for each key column. */
function* keyArrays(keys: readonly Row[], width: number): Generator<(string | null)[][]> {
  for (let start = 0; start < keys.length; start += KEYS_A_STATEMENT) {
    const slice = keys.slice(start, start + KEYS_A_STATEMENT);
    yield Array.from({ length: width }, (_, column) => slice.map((key) => textOfValue(key[column] ?? null)));
  }
}

async function update(
  client: pg.PoolClient,
  table: Table,
  keys: readonly Row[],
  set: Readonly<Record<string, Value>>,
): Promise<void> {
  const { from, where } = addressed(table);
  const width = addressColumns(table).length;
  const names = Object.keys(set);
  if (names.length === 0) return;
  const assignments = names.map(
    (name, index) => `${quoteName(name)} = $${width + index + 1}::text::${castOf(table, name)}`,
  );
  const values = names.map((name) => textOfValue(set[name] ?? null));
  const statement = `UPDATE ${quoteTable(table)} AS t SET ${assignments.join(', ')} FROM ${from} WHERE ${where}`;
  for (const arrays of keyArrays(keys, width)) await client.query(statement, [...arrays, ...values]);
}

/** New keys must not be in use, not even by a row that moves away in the same change: keys are checked row by row. */
async function rekey(
  client: pg.PoolClient,
  table: Table,
  keys: readonly Row[],
  newKeys: readonly Row[],
): Promise<void> {
  const columns = addressColumns(table);
  const width = columns.length;
  const both = keys.map((key, index) => [...key, ...(newKeys[index] ?? [])]);
  const parameters = Array.from({ length: width * 2 }, (_, index) => `$${index + 1}::text[]`);
  const names = Array.from({ length: width * 2 }, (_, index) => `k${index}`);
  const assignments = columns.map(
    (column, index) => `${quoteName(column)} = a.k${width + index}::${castOf(table, column)}`,
  );
  const statement =
    `UPDATE ${quoteTable(table)} AS t SET ${assignments.join(', ')} ` +
    `FROM unnest(${parameters.join(', ')}) AS a(${names.join(', ')}) WHERE ${addressed(table).where}`;
  for (const arrays of keyArrays(both, width * 2)) await client.query(statement, arrays);
}

async function remove(client: pg.PoolClient, table: Table, keys: readonly Row[]): Promise<void> {
  const { from, where } = addressed(table);
  const statement = `DELETE FROM ${quoteTable(table)} AS t USING ${from} WHERE ${where}`;
  for (const arrays of keyArrays(keys, addressColumns(table).length)) await client.query(statement, arrays);
}

function nameOf(change: Change): string {
  switch (change.kind) {
    case 'native':
      return `SQL (${change.statements.replaceAll(/\s+/g, ' ').trim().slice(0, 80)})`;
    case 'transaction':
      return `transaction (${change.changes.map(nameOf).join('; ')})`.slice(0, 200);
    default:
      return `${change.kind} on ${printName(change.table)}`;
  }
}

/** The server's message, with what it adds: the row and column of a COPY, the line of a statement. */
function reasonOf(error: unknown): string {
  const { detail, where } = error as { readonly detail?: unknown; readonly where?: unknown };
  const parts = [messageOf(error), detail, where].filter((part) => typeof part === 'string');
  return parts.join('; ').replaceAll(/\s*\n\s*/g, ' ');
}
