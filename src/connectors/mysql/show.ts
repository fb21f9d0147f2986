/** Rows for people: values as the mysql program shows them, found by canonical keys; and the statement that shows a row. */
import type { Connection } from 'mysql2';
import { TAG, type ShownRow } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import type { LogicalType, Table } from '../../core/table.ts';
import { printName } from '../../core/words.ts';
import type { ReadRequest } from '../connector.ts';
import { end, oneLine } from './connection.ts';
import { decoderOf } from './decode.ts';
import { quoteName, quoteText } from './quote.ts';
import { columnIn, compared, select, shown, sourcesOf } from './read.ts';

/** @see Session.show. The server is asked for what the keys may mean; canonical bytes decide. */
export async function showRows(
  connectOwn: () => Promise<Connection>,
  database: string,
  request: ReadRequest,
  keys: readonly (readonly Uint8Array[])[],
): Promise<readonly ShownRow[]> {
  const width = keys[0]?.length ?? 0;
  if (width === 0) return [];
  const connection = await connectOwn();
  try {
    const sources = await sourcesOf(connection, database, request);
    const columns = request.columns.map(({ column, as }) => ({ source: columnIn(sources, column.name), as }));
    const conditions = columns.slice(0, width).flatMap(({ source }, index) => {
      const literals = keys.map((cells) => literalOf(source.column.type, cells[index]));
      if (literals.some((literal) => literal === undefined)) return [];
      return [`${quoteName(source.column.name)} IN (${[...new Set(literals)].join(', ')})`];
    });
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    const selected = [
      ...columns
        .slice(0, width)
        .map(({ source, as }) => ({ sql: compared(source), decode: decoderOf(source.column.type, as) })),
      ...columns.map(({ source }) => ({ sql: shown(source), decode: decoderOf(TEXT, { as: 'text' }) })),
    ];
    const wanted = new Map(keys.map((cells, index) => [bytesKey(cells), index]));
    const found: ShownRow[] = [];
    for await (const { bytes, cellEnds, rows } of select(
      connection,
      selected,
      `FROM ${quoteName(request.table.name)}${where}`,
    )) {
      for (let row = 0; row < rows; row += 1) {
        const cells = selected.map((_, index) => {
          const cell = row * selected.length + index;
          return bytes.subarray(cell === 0 ? 0 : cellEnds[cell - 1], cellEnds[cell]);
        });
        const id = bytesKey(cells.slice(0, width));
        const key = wanted.get(id);
        if (key === undefined) continue;
        wanted.delete(id);
        found.push({ key, cells: cells.slice(width).map(textIn) });
      }
      if (wanted.size === 0) break;
    }
    return found;
  } catch (error) {
    if (error instanceof E2eError) throw error;
    throw new E2eError('MYSQL_READ', `reading ${printName(request.table)} from MySQL failed: ${oneLine(error)}`, {
      cause: error,
    });
  } finally {
    await end(connection);
  }
}

const TEXT: LogicalType = { kind: 'text' };

function bytesKey(cells: readonly Uint8Array[]): string {
  return Buffer.concat(cells).toString('latin1');
}

function textIn(cell: Uint8Array): string | null {
  return cell[0] === TAG.null ? null : Buffer.from(cell).toString('utf8', 5);
}

/** A literal that finds every row that the cell may mean, where there is one that an index can use. */
function literalOf(type: LogicalType, cell: Uint8Array | undefined): string | undefined {
  if (cell === undefined) return undefined;
  const bytes = Buffer.from(cell);
  if (bytes[0] === TAG.int && type.kind === 'integer') return bytes.readBigInt64LE(1).toString();
  if (bytes[0] === TAG.text && type.kind === 'text') return `_utf8mb4 X'${bytes.toString('hex', 5)}'`;
  if (bytes[0] === TAG.bytes && type.kind === 'bytes') return `X'${bytes.toString('hex', 5)}'`;
  return undefined;
}

/** @see Session.statementFor */
export function statementFor(table: Table, key: Readonly<Record<string, string>>): string {
  const conditions = Object.entries(key).map(([name, text]) => `${quoteName(name)} = ${quoteText(text)}`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `SELECT * FROM ${quoteName(table.name)}${where};`;
}
