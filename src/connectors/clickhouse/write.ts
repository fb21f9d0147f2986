/**
 * Writes of a workload as ClickHouse does them: INSERT in RowBinary; UPDATE and DELETE as mutations that are waited for.
 * Values and keys reach the server only as typed rows, in staging tables where a mutation needs them, so that no
 * literal has to be spelled. ClickHouse has no transactions and cannot change a key.
 */
import { randomBytes } from 'node:crypto';
import type { ClickHouseSettings } from '@clickhouse/client';
import { E2eError } from '../../core/errors.ts';
import type { Change, Row, Table, Value } from '../../core/table.ts';
import { cellWriter, ValueDoesNotFit } from './cell-writers.ts';
import type { ClickHouseClient } from './client.ts';
import { tableFacts, type ColumnFacts, type TableFacts } from './describe.ts';
import { RowBinaryWriter } from './row-binary-writer.ts';
import { splitStatements } from './statements.ts';
import { quoteName } from './type-name.ts';
import { isNullable } from './types.ts';

/** Pieces of an INSERT are about so large. */
const PIECE_BYTES = 1 << 20;

const INSERT_SETTINGS: ClickHouseSettings = { input_format_binary_read_json_as_string: 1 };
/** A mutation is done when its statement returns. */
const MUTATION_SETTINGS: ClickHouseSettings = { mutations_sync: '2', lightweight_deletes_sync: '2' };

/** Writes and returns when the change is stored and visible. @throws E2eError naming the table and column. */
export async function write(client: ClickHouseClient, database: string, change: Change): Promise<void> {
  switch (change.kind) {
    case 'insert': {
      const facts = await factsOf(client, database, change.table);
      await insertRows(
        client,
        facts,
        change.table.columns.map(({ name }) => name),
        change.rows,
      );
      return;
    }
    case 'update':
      return update(client, await factsOf(client, database, change.table), change);
    case 'delete': {
      const facts = await factsOf(client, database, change.table);
      const address = addressOf(change.table);
      await staged(client, facts, address, change.keys, (staging) =>
        client.command(`DELETE FROM ${qualified(facts)} WHERE ${inStaging(facts, address, staging)}`, {
          settings: MUTATION_SETTINGS,
        }),
      );
      return;
    }
    case 'truncate':
      return client.command(`TRUNCATE TABLE ${quoteName(database)}.${quoteName(change.table.name)} SYNC`);
    case 'native':
      for (const statement of splitStatements(change.statements)) {
        await client.command(statement, { settings: MUTATION_SETTINGS });
      }
      return;
    case 'rekey':
      throw new E2eError(
        'KEY_MAY_NOT_CHANGE',
        `${change.table.name}: ClickHouse cannot change a key column's value; delete the rows and insert them anew`,
      );
    case 'transaction':
      throw new E2eError('NO_TRANSACTIONS', 'ClickHouse has no transactions; write the changes one by one');
  }
}

async function factsOf(client: ClickHouseClient, database: string, table: Table): Promise<TableFacts> {
  const facts = await tableFacts(client, database, table.name);
  if (facts !== undefined) return facts;
  throw new E2eError('NO_TABLE', `database ${database} has no table ${table.name}`);
}

/** Columns by which rows are addressed. */
function addressOf(table: Table): readonly string[] {
  const address = table.key.length > 0 ? table.key : (table.locator ?? []);
  if (address.length > 0) return address;
  throw new E2eError('NO_KEY', `table ${table.name} has neither a key nor a locator to address rows by`);
}

async function update(client: ClickHouseClient, facts: TableFacts, change: Change & { kind: 'update' }): Promise<void> {
  const set = Object.keys(change.set);
  if (set.length === 0 || change.keys.length === 0) return;
  const inKey = set.find((name) => facts.key.includes(name));
  if (inKey !== undefined) {
    throw new E2eError(
      'KEY_MAY_NOT_CHANGE',
      `${facts.name}: ClickHouse cannot change ${inKey}, which is part of the key; delete the rows and insert them anew`,
    );
  }
  const address = addressOf(change.table);
  const values = set.map((name) => change.set[name] ?? null);
  await staged(client, facts, set, [values], (source) =>
    staged(client, facts, address, change.keys, (keys) => {
      const assignments = set.map((name) => `${quoteName(name)} = (SELECT ${quoteName(name)} FROM ${source})`);
      return client.command(
        `ALTER TABLE ${qualified(facts)} UPDATE ${assignments.join(', ')} WHERE ${inStaging(facts, address, keys)}`,
        { settings: MUTATION_SETTINGS },
      );
    }),
  );
}

/** Runs `use` while a table of its own holds the rows, with the columns' own types. */
async function staged(
  client: ClickHouseClient,
  facts: TableFacts,
  names: readonly string[],
  rows: readonly Row[],
  use: (staging: string) => Promise<void>,
): Promise<void> {
  if (rows.length === 0) return;
  const columns = names.map((name) => columnOf(facts, name));
  const staging: TableFacts = { ...facts, name: `__e2e_${randomBytes(8).toString('hex')}`, columns };
  const declared = columns.map(({ name, native }) => `${quoteName(name)} ${native}`).join(', ');
  await client.command(`CREATE TABLE ${qualified(staging)} (${declared}) ENGINE = Memory`);
  try {
    await insertRows(client, staging, names, rows);
    await use(qualified(staging));
  } finally {
    await client.command(`DROP TABLE IF EXISTS ${qualified(staging)} SYNC`);
  }
}

/** NULL never is IN anything, so nullable columns are compared together with whether they are NULL. */
function inStaging(facts: TableFacts, names: readonly string[], staging: string): string {
  const compared = names.flatMap((name) => {
    const quoted = quoteName(name);
    if (!isNullable(columnOf(facts, name).type)) return [quoted];
    return [`isNull(${quoted})`, `ifNull(${quoted}, defaultValueOfArgumentType(assumeNotNull(${quoted})))`];
  });
  return `(${compared.join(', ')}) IN (SELECT ${compared.join(', ')} FROM ${staging})`;
}

async function insertRows(
  client: ClickHouseClient,
  facts: TableFacts,
  names: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const columns = names.map((name) => columnOf(facts, name));
  await client.insert(
    `INSERT INTO ${qualified(facts)} (${names.map(quoteName).join(', ')}) FORMAT RowBinary`,
    // All of them before the first is sent: a value that does not fit must not leave half of the rows behind.
    [...encoded(facts.name, columns, rows)],
    columns.some(({ native }) => native.includes('JSON')) ? INSERT_SETTINGS : {},
  );
}

function* encoded(
  table: string,
  columns: readonly ColumnFacts[],
  rows: readonly Row[],
): Generator<Buffer, void, undefined> {
  const out = new RowBinaryWriter();
  const writers = columns.map(({ type }) => cellWriter(type));
  for (const row of rows) {
    writers.forEach((cell, index) => {
      const value: Value = row[index] ?? null;
      try {
        cell(value, out);
      } catch (thrown) {
        if (!(thrown instanceof ValueDoesNotFit)) throw thrown;
        const column = `${table}.${columns[index]?.name ?? ''}`;
        throw new E2eError('VALUE_DOES_NOT_FIT', `${column}: ${thrown.message}`, { cause: thrown });
      }
    });
    if (out.length >= PIECE_BYTES) yield out.take();
  }
  if (out.length > 0) yield out.take();
}

function columnOf(facts: TableFacts, name: string): ColumnFacts {
  const column = facts.columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  throw new E2eError('NO_COLUMN', `table ${facts.name} has no column ${name}`);
}

function qualified(facts: TableFacts): string {
  return `${quoteName(facts.database)}.${quoteName(facts.name)}`;
}
