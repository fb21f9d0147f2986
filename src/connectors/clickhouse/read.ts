/**
 * Reading tables: the SELECT that yields what a request wants in forms that rows.ts can decode, and some rows as
 * ClickHouse prints them. One SELECT is one consistent view of a MergeTree table: it reads the parts that were active
 * when it began. Must not know how rows lie on the wire.
 */
import { isUtf8 } from 'node:buffer';
import type { ClickHouseSettings } from '@clickhouse/client';
import { TAG, type Comparison, type RowBatch, type ShownRow } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import type { ReadRequest } from '../connector.ts';
import { expressionFor, textOf } from './cell-readers.ts';
import type { ClickHouseClient } from './client.ts';
import type { TableFacts } from './describe.ts';
import { decodeRows } from './rows.ts';
import { DELETE_TIME_COLUMN } from './traits.ts';
import { quoteName, quoteText, type ClickHouseType } from './type-name.ts';
import { unwrap } from './types.ts';

/** JSON with its 64-bit integers as numbers, whatever the server's default is. */
const JSON_SETTINGS: ClickHouseSettings = { output_format_json_quote_64bit_integers: 0 };

/** All rows of the request's columns. @throws E2eError for a column that the table has not. */
export function readRows(client: ClickHouseClient, facts: TableFacts, request: ReadRequest): AsyncIterable<RowBatch> {
  const columns = request.columns.map(({ column, as }) => ({
    sql: expressionFor(typeOf(facts, column.name), as, quoteName(column.name)),
    as,
  }));
  return selected(client, facts, columns, [], request.signal);
}

/** Some rows as ClickHouse prints them; those that are gone are left out. Reads all rows that the keys may mean. */
export async function showRows(
  client: ClickHouseClient,
  facts: TableFacts,
  request: ReadRequest,
  keys: readonly (readonly Uint8Array[])[],
): Promise<ShownRow[]> {
  const keyCount = keys[0]?.length ?? 0;
  if (keyCount === 0) return [];
  const columns = request.columns.map(({ column, as }) => {
    const name = quoteName(column.name);
    const type = typeOf(facts, column.name);
    return { name, type, as, keyed: expressionFor(type, as, name), text: textOf(type, name) };
  });
  const wanted = new Map(keys.map((cells, index) => [bytesKey(cells), index]));
  const conditions = columns.slice(0, keyCount).flatMap(({ name, type }, index) => {
    const condition = mayBeIn(
      name,
      type,
      keys.map((cells) => cells[index]),
    );
    return condition === undefined ? [] : [condition];
  });
  const shown: ShownRow[] = [];
  const batches = selected(
    client,
    facts,
    [
      ...columns.slice(0, keyCount).map(({ keyed, as }) => ({ sql: keyed, as })),
      ...columns.map(({ text }) => ({ sql: text, as: { as: 'text' } as const })),
    ],
    conditions,
    request.signal,
  );
  for await (const batch of batches) {
    for (const cells of rowsOf(batch)) {
      const id = bytesKey(cells.slice(0, keyCount));
      const key = wanted.get(id);
      if (key === undefined) continue;
      wanted.delete(id);
      shown.push({ key, cells: cells.slice(keyCount).map(textIn) });
      if (wanted.size === 0) return shown;
    }
  }
  return shown;
}

/** A SELECT to paste into clickhouse-client. */
export function selectStatement(
  database: string,
  table: string,
  final: boolean,
  key: Readonly<Record<string, string>>,
): string {
  const conditions = Object.entries(key).map(([name, value]) => `${quoteName(name)} = ${quoteText(value)}`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `SELECT * FROM ${quoteName(database)}.${quoteName(table)}${final ? ' FINAL' : ''}${where} FORMAT Vertical;`;
}

function selected(
  client: ClickHouseClient,
  facts: TableFacts,
  columns: readonly { readonly sql: string; readonly as: Comparison }[],
  conditions: readonly string[],
  signal: AbortSignal | undefined,
): AsyncIterable<RowBatch> {
  const where = [...(facts.marksDeleted ? [`${quoteName(DELETE_TIME_COLUMN)} = 0`] : []), ...conditions];
  const sql = [
    `SELECT ${columns.map((column) => column.sql).join(', ')}`,
    `FROM ${quoteName(facts.database)}.${quoteName(facts.name)}${facts.merges ? ' FINAL' : ''}`,
    ...(where.length === 0 ? [] : [`WHERE ${where.join(' AND ')}`]),
    'FORMAT RowBinaryWithNamesAndTypes',
  ].join('\n');
  const pieces = client.stream(sql, {
    // Settings are sent only where they matter: a read-only user may not set any.
    ...(sql.includes('toJSONString(') || facts.columns.some(({ native }) => native.includes('JSON'))
      ? { settings: JSON_SETTINGS }
      : {}),
    ...(signal === undefined ? {} : { signal }),
  });
  return decodeRows(
    pieces,
    columns.map(({ as }) => as),
    facts.name,
  );
}

function typeOf(facts: TableFacts, column: string): ClickHouseType {
  const found = facts.columns.find(({ name }) => name === column);
  if (found !== undefined) return found.type;
  throw new E2eError(
    'NO_COLUMN',
    `table ${facts.name} has no column ${column}; it has ${facts.columns.map(({ name }) => name).join(', ')}`,
  );
}

function bytesKey(cells: readonly Uint8Array[]): string {
  return cells.map((cell) => Buffer.from(cell).toString('latin1')).join('');
}

function* rowsOf(batch: RowBatch): Generator<Uint8Array[], void, undefined> {
  const columns = batch.cellEnds.length / batch.rows;
  let start = 0;
  for (let row = 0; row < batch.rows; row += 1) {
    const cells: Uint8Array[] = [];
    for (let column = 0; column < columns; column += 1) {
      const end = batch.cellEnds[row * columns + column] ?? start;
      cells.push(batch.bytes.subarray(start, end));
      start = end;
    }
    yield cells;
  }
}

/** The text of a cell read as text; bytes that are no characters as the expression that makes them. */
function textIn(cell: Uint8Array): string | null {
  if (cell[0] === TAG.null) return null;
  const bytes = Buffer.from(cell.subarray(5));
  return isUtf8(bytes) ? bytes.toString('utf8') : `unhex('${bytes.toString('hex')}')`;
}

/**
 * A condition that every row with one of the keys meets, so that the server need not send the others. Only for values
 * whose literal is beyond doubt; the rows that come are compared as canonical bytes anyway.
 */
function mayBeIn(name: string, type: ClickHouseType, cells: readonly (Uint8Array | undefined)[]): string | undefined {
  const bare = unwrap(type);
  if (bare.kind !== 'plain') return undefined;
  const literals = cells.map((cell) => literalOf(bare.name, cell));
  if (literals.some((literal) => literal === undefined)) return undefined;
  return `${name} IN (${[...new Set(literals)].join(', ')})`;
}

const INTEGER = /^U?Int(?:8|16|32|64|128|256)$/;

function literalOf(type: string, cell: Uint8Array | undefined): string | undefined {
  if (cell === undefined) return undefined;
  const bytes = Buffer.from(cell);
  if (bytes[0] === TAG.int && INTEGER.test(type)) return bytes.readBigInt64LE(1).toString();
  if ((bytes[0] === TAG.text || bytes[0] === TAG.bytes) && type === 'String')
    return `unhex('${bytes.toString('hex', 5)}')`;
  if (bytes[0] === TAG.uuid && type === 'UUID') {
    return `toUUID('${bytes.toString('hex', 1).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}')`;
  }
  return undefined;
}
