/** Changes as SQL: rows go in by statements of many rows, keyed changes by statements that address many rows each. */
import type { Connection } from 'mysql2';
import { E2eError } from '../../core/errors.ts';
import type { Change, LogicalType, Row, Table, Value } from '../../core/table.ts';
import { printName } from '../../core/words.ts';
import { oneLine, run } from './connection.ts';
import { quoteBytes, quoteName, quoteText } from './quote.ts';
import { withoutEmptyStatements } from './statements.ts';

/** Characters of a statement, about; the server's max_allowed_packet is 64 MB unless somebody changed it. */
const STATEMENT_CHARACTERS = 1 << 20;
/** Keys a statement addresses: more and the server gives up the index (manual, range_optimizer_max_mem_size). */
const KEYS_A_STATEMENT = 10_000;

/** Applies a change on a connection that is at rest. @throws E2eError MYSQL_WRITE with what was being done. */
export async function applyChange(connection: Connection, change: Change): Promise<void> {
  try {
    // A change of several statements is still one change.
    const alone = change.kind === 'native' || change.kind === 'truncate' || change.kind === 'transaction';
    if (alone) await apply(connection, change, 0);
    else await apply(connection, { kind: 'transaction', changes: [change], rollback: false }, 0);
  } catch (error) {
    throw new E2eError('MYSQL_WRITE', `${nameOf(change)} failed: ${oneLine(error)}`, { cause: error });
  }
}

/** @param depth of transactions around this change: inner ones are savepoints. */
async function apply(connection: Connection, change: Change, depth: number): Promise<void> {
  switch (change.kind) {
    case 'insert':
      for (const statement of inserts(change.table, change.rows)) await run(connection, statement);
      return;
    case 'update':
      for (const statement of updates(change.table, change.keys, change.set)) await run(connection, statement);
      return;
    case 'rekey':
      for (const statement of rekeys(change.table, change.keys, change.newKeys)) await run(connection, statement);
      return;
    case 'delete':
      for (const keys of slices(change.keys)) {
        await run(connection, `DELETE FROM ${quoteName(change.table.name)} WHERE ${addressed(change.table, keys)}`);
      }
      return;
    case 'truncate':
      return run(connection, `TRUNCATE TABLE ${quoteName(change.table.name)}`);
    case 'transaction':
      return transaction(connection, change.changes, change.rollback, depth);
    case 'native': {
      const statements = withoutEmptyStatements(change.statements);
      return statements === '' ? undefined : run(connection, statements);
    }
  }
}

async function transaction(
  connection: Connection,
  changes: readonly Change[],
  rollback: boolean,
  depth: number,
): Promise<void> {
  const savepoint = `inner_${depth}`;
  await run(connection, depth === 0 ? 'START TRANSACTION' : `SAVEPOINT ${savepoint}`);
  try {
    for (const change of changes) await apply(connection, change, depth + 1);
  } catch (error) {
    if (depth === 0) await run(connection, 'ROLLBACK').catch(() => undefined); // the connection may be what failed
    throw error;
  }
  if (rollback) await run(connection, depth === 0 ? 'ROLLBACK' : `ROLLBACK TO SAVEPOINT ${savepoint}`);
  else await run(connection, depth === 0 ? 'COMMIT' : `RELEASE SAVEPOINT ${savepoint}`);
}

function* inserts(table: Table, rows: readonly Row[]): Generator<string> {
  const names = table.columns.map(({ name }) => quoteName(name)).join(', ');
  const head = `INSERT INTO ${quoteName(table.name)} (${names}) VALUES `;
  let values: string[] = [];
  let length = 0;
  for (const row of rows) {
    const text = `(${row.map((value, place) => literal(value, table.columns[place]?.type)).join(',')})`;
    values.push(text);
    length += text.length;
    if (length < STATEMENT_CHARACTERS) continue;
    yield head + values.join(',');
    values = [];
    length = 0;
  }
  if (values.length > 0) yield head + values.join(',');
}

function* updates(table: Table, keys: readonly Row[], set: Readonly<Record<string, Value>>): Generator<string> {
  const assignments = Object.entries(set).map(([name, value]) => {
    return `${quoteName(name)} = ${literal(value, typeOf(table, name))}`;
  });
  if (assignments.length === 0) return;
  for (const slice of slices(keys)) {
    yield `UPDATE ${quoteName(table.name)} SET ${assignments.join(', ')} WHERE ${addressed(table, slice)}`;
  }
}

/** One by one: new keys must not be in use, not even by a row that moves away in the same change. */
function* rekeys(table: Table, keys: readonly Row[], newKeys: readonly Row[]): Generator<string> {
  const columns = addressOf(table);
  for (const [index, key] of keys.entries()) {
    const next = newKeys[index] ?? [];
    const assignments = columns.map(
      (name, place) => `${quoteName(name)} = ${literal(next[place] ?? null, typeOf(table, name))}`,
    );
    yield `UPDATE ${quoteName(table.name)} SET ${assignments.join(', ')} WHERE ${addressed(table, [key])}`;
  }
}

function* slices(keys: readonly Row[]): Generator<readonly Row[]> {
  for (let start = 0; start < keys.length; start += KEYS_A_STATEMENT) yield keys.slice(start, start + KEYS_A_STATEMENT);
}

/** A condition that the addressed rows meet. */
function addressed(table: Table, keys: readonly Row[]): string {
  const columns = addressOf(table);
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) {
    const type = typeOf(table, only);
    return `${quoteName(only)} IN (${keys.map((key) => literal(key[0] ?? null, type)).join(',')})`;
  }
  const types = columns.map((name) => typeOf(table, name));
  const tuples = keys.map((key) => `(${types.map((type, place) => literal(key[place] ?? null, type)).join(',')})`);
  return `(${columns.map(quoteName).join(', ')}) IN (${tuples.join(',')})`;
}

function addressOf(table: Table): readonly string[] {
  const columns = table.key.length > 0 ? table.key : (table.locator ?? []);
  if (columns.length > 0) return columns;
  throw new E2eError(
    'MYSQL_ADDRESS',
    `${printName(table)} has neither a primary key nor a locator: its rows cannot be addressed`,
  );
}

function typeOf(table: Table, name: string): LogicalType {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column.type;
  throw new E2eError('MYSQL_COLUMN', `${printName(table)} has no column ${JSON.stringify(name)}`);
}

/** A value as a literal, which the server reads as the column's type. */
function literal(value: Value, type: LogicalType | undefined): string {
  if (value === null) return 'NULL';
  switch (typeof value) {
    case 'string':
      // The session's zone is UTC, and DATETIME knows no Z.
      return quoteText(type?.kind === 'instant' ? value.replace(/Z$/, '') : value);
    case 'boolean':
      return value ? '1' : '0';
    case 'bigint':
      return value.toString();
    case 'number':
      if (!Number.isFinite(value)) throw new E2eError('MYSQL_VALUE', `MySQL has no number ${value}`);
      // As a number it would be a decimal, which has no negative zero; MariaDB's own double loses the sign too.
      return Object.is(value, -0) ? "'-0'" : value.toExponential();
    default:
      if (value instanceof Uint8Array) return quoteBytes(value);
      throw new E2eError('MYSQL_VALUE', 'MySQL has no arrays');
  }
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
