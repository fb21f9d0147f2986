/** Rows for people: values as psql shows them, found by canonical keys; and the statement that shows a row in psql. */
import { type Comparison, type RowBatch, type ShownRow, TAG } from '../../core/canonical.ts';
import { plainCell } from '../../core/canonical-show.ts';
import type { Table } from '../../core/table.ts';
import type { ReadRequest } from '../connector.ts';
import type { ColumnSource } from './catalog.ts';
import type { ConnectionPool } from './connection.ts';
import { quoteName, quoteTable, quoteText } from './quote.ts';
import { columnIn, sourcesOf, textOf } from './read.ts';
import type { Wire } from './types.ts';

/** Where a canonical key's plain text is read back by the type's input as the same value, so that an index finds the row. */
const READ_BACK: Readonly<Partial<Record<Wire, Comparison['as']>>> = {
  bool: 'bool',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  uint4: 'number',
  numeric: 'number',
  text: 'text',
  bytea: 'bytes',
  uuid: 'uuid',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'instant',
};

type Read = (request: ReadRequest) => AsyncIterable<RowBatch>;

/** @see Session.show. Looks keys up where that is possible, else reads the table and picks them out. */
export async function showRows(
  pool: ConnectionPool,
  read: Read,
  request: ReadRequest,
  keys: readonly (readonly Uint8Array[])[],
): Promise<readonly ShownRow[]> {
  const width = keys[0]?.length ?? 0;
  if (width === 0) return [];
  const sources = await pool.use((client) => sourcesOf(client, request.table));
  const keyColumns = request.columns.slice(0, width);
  const indexed = keyColumns.every(({ column, as }) => {
    const { wire } = columnIn(sources, column.name);
    return wire !== undefined && !wire.array && READ_BACK[wire.of] === as.as;
  });
  const whole = keys.every((key) => key.every((cell) => cell[0] !== TAG.null));
  if (!indexed || !whole) return scan(read, request, keys);
  try {
    return await lookUp(pool, sources, request, keys);
  } catch {
    // A key of the other side that this type cannot hold (too large, a NUL) fails the cast of all.
    return scan(read, request, keys);
  }
}

async function lookUp(
  pool: ConnectionPool,
  sources: ReadonlyMap<string, ColumnSource>,
  request: ReadRequest,
  keys: readonly (readonly Uint8Array[])[],
): Promise<readonly ShownRow[]> {
  const keyColumns = request.columns.slice(0, keys[0]?.length ?? 0).map(({ column }) => columnIn(sources, column.name));
  const shown = request.columns.map(({ column }) => textOf(columnIn(sources, column.name), 't'));
  const parameters = keyColumns.map((_, index) => `$${index + 1}::text[]`);
  const names = keyColumns.map((_, index) => `k${index}`);
  const where = keyColumns.map(
    ({ column }, index) => `t.${quoteName(column.name)} = a.k${index}::${column.native ?? 'text'}`,
  );
  const statement = `
    SELECT a.place - 1, ${shown.join(', ')}
    FROM unnest(${parameters.join(', ')}) WITH ORDINALITY AS a(${names.join(', ')}, place)
    JOIN ${quoteTable(request.table)} AS t ON ${where.join(' AND ')}
    ORDER BY a.place`;
  const values = keyColumns.map((_, index) => keys.map((key) => plainCell(key[index] ?? new Uint8Array([TAG.null]))));
  const rows = await pool.rows(statement, values);
  return firstOfEach(rows.map(([place, ...cells]) => ({ key: Number(place), cells })));
}

/** A key that several rows have (a table without a primary key) is shown once. */
function firstOfEach(rows: readonly ShownRow[]): ShownRow[] {
  return rows.filter((row, index) => index === 0 || rows[index - 1]?.key !== row.key);
}

const TEXT: Comparison = { as: 'text' };

/** Reads the whole table, its key as compared and all columns as text. */
async function scan(
  read: Read,
  request: ReadRequest,
  keys: readonly (readonly Uint8Array[])[],
): Promise<readonly ShownRow[]> {
  const width = keys[0]?.length ?? 0;
  const wanted = new Map(keys.map((key, index) => [Buffer.concat(key).toString('latin1'), index]));
  const columns = [...request.columns.slice(0, width), ...request.columns.map(({ column }) => ({ column, as: TEXT }))];
  const found: ShownRow[] = [];
  for await (const batch of read({ ...request, columns })) {
    const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
    for (let row = 0; row < batch.rows; row += 1) {
      const first = row * columns.length;
      const endOf = (cell: number): number => (cell === 0 ? 0 : (batch.cellEnds[cell - 1] ?? 0));
      const text = bytes.toString('latin1', endOf(first), endOf(first + width));
      const key = wanted.get(text);
      if (key === undefined) continue;
      wanted.delete(text);
      const cells = request.columns.map((_, index) => {
        const cell = first + width + index;
        return textOfCell(bytes.subarray(endOf(cell), endOf(cell + 1)));
      });
      found.push({ key, cells });
    }
    if (wanted.size === 0) break;
  }
  return found.sort((a, b) => a.key - b.key);
}

function textOfCell(cell: Buffer): string | null {
  return cell[0] === TAG.null ? null : cell.toString('utf8', 5);
}

/** Types without an equality of their own: compared by their text. */
const NO_EQUALITY = /^(json|xml|point|polygon|path|txid_snapshot|pg_snapshot)\b/;

/** @see Session.statementFor */
export function statementFor(table: Table, key: Readonly<Record<string, string>>): string {
  const conditions = Object.entries(key).map(([name, text]) => {
    const native = table.columns.find((column) => column.name === name)?.native ?? '';
    const cast = NO_EQUALITY.test(native) ? '::text' : '';
    return `${quoteName(name)}${cast} = ${quoteText(text)}`;
  });
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `SELECT * FROM ${quoteTable(table)}${where};`;
}
