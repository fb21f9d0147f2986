/** Small things that the parts of the contract share: a plain table, and reading it back. */
import { CanonicalWriter } from '../../src/core/canonical.ts';
import type { ReadRequest, Session } from '../../src/connectors/connector.ts';
import type { Column, LogicalType, Row, Table } from '../../src/core/table.ts';
import { cellOf, comparisonOf, printCell, rowsIn, writeValue } from './cells.ts';

export const INT64: LogicalType = { kind: 'integer', bits: 64, signed: true };
export const TEXT: LogicalType = { kind: 'text' };

/** `id`, `name`, `amount`; keyed by id. */
export const ITEMS: Table = {
  name: 'items',
  columns: [
    { name: 'id', type: INT64, nullable: false },
    { name: 'name', type: TEXT, nullable: true },
    { name: 'amount', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true },
  ],
  key: ['id'],
};

export function item(id: number, name: string | null = `item ${id}`, amount: string | null = `${id}.50`): Row {
  return [BigInt(id), name, amount];
}

export function items(from: number, to: number): Row[] {
  return Array.from({ length: to - from }, (_, index) => item(from + index));
}

/** Key columns first, then the others in the table's order: as the diff asks for them. */
export function wholeTable(table: Table): ReadRequest {
  const inKey = table.key.flatMap((name) => table.columns.filter((column) => column.name === name));
  const others = table.columns.filter((column) => !table.key.includes(column.name));
  return request(table, [...inKey, ...others]);
}

export function request(table: Table, columns: readonly Column[]): ReadRequest {
  return { table, columns: columns.map((column) => ({ column, as: comparisonOf(column.type) })) };
}

/** All rows as printed cells, ordered, so that they can be compared with `expected`. */
export async function readRows(session: Session, read: ReadRequest): Promise<string[]> {
  const rows: string[] = [];
  for await (const batch of session.read(read)) {
    for (const cells of rowsIn(batch, read.columns.length)) rows.push(cells.map(printCell).join(' | '));
  }
  return rows.sort();
}

/** What `readRows(session, wholeTable(table))` must give for rows in the table's column order. */
export function expected(table: Table, rows: readonly Row[]): string[] {
  const { columns } = wholeTable(table);
  return rows
    .map((row) =>
      columns
        .map(({ column }) => printCell(cellOf(column.type, row[table.columns.indexOf(column)] ?? null)))
        .join(' | '),
    )
    .sort();
}

/** As `readRows` for tables too large to print: rows as their bytes, one character each, ordered. */
export async function readRawRows(session: Session, read: ReadRequest): Promise<string[]> {
  const rows: string[] = [];
  for await (const batch of session.read(read)) {
    const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
    let start = 0;
    for (let row = 1; row <= batch.rows; row += 1) {
      const end = batch.cellEnds[row * read.columns.length - 1] ?? 0;
      rows.push(bytes.toString('latin1', start, end));
      start = end;
    }
  }
  return rows.sort();
}

/** What `readRawRows(session, wholeTable(table))` must give. */
export function expectedRaw(table: Table, rows: readonly Row[]): string[] {
  const { columns } = wholeTable(table);
  const places = columns.map(({ column }) => table.columns.indexOf(column));
  const writer = new CanonicalWriter();
  return rows
    .map((row) => {
      columns.forEach(({ column }, index) => writeValue(writer, column.type, row[places[index] ?? 0] ?? null));
      return Buffer.from(writer.cut(0)).toString('latin1');
    })
    .sort();
}

/** Number of rows, read to the end. */
export async function countRows(session: Session, read: ReadRequest): Promise<number> {
  let rows = 0;
  for await (const batch of session.read(read)) rows += batch.rows;
  return rows;
}
