/**
 * Events of the binary log, as far as they say something about rows (MySQL source, libs/mysql/binlog/event). Knows no
 * tables of ours: a row stays bytes until somebody says what its columns are.
 */
import { FIELD, RowReader } from './row-values.ts';
import type { FieldType } from './row-values.ts';

export const EVENT = {
  query: 2, rotate: 4, formatDescription: 15, xid: 16, tableMap: 19, writeRows1: 23, updateRows1: 24, deleteRows1: 25,
  heartbeat: 27, writeRows2: 30, updateRows2: 31, deleteRows2: 32, gtid: 33, anonymousGtid: 34, xaPrepare: 38,
  partialUpdate: 39, transactionPayload: 40, heartbeat2: 41, gtidTagged: 42,
  mariadbGtid: 162, mariadbCompressed: 165, mariadbCompressedRows1: 166, mariadbCompressedRows2: 167,
  mariadbCompressedRows3: 168, mariadbCompressedRows4: 169, mariadbCompressedRows5: 170, mariadbCompressedRows6: 171,
} as const; // prettier-ignore

export interface Header {
  readonly type: number;
  /** Where the next event begins; 0 in events that are not in the file. */
  readonly end: number;
  readonly size: number;
}

const HEADER = 19;

export function headerOf(event: Buffer): Header {
  return { type: event[4] ?? 0, size: event.readUInt32LE(9), end: event.readUInt32LE(13) };
}

export const CHECKSUM_BYTES = 4;

/** Whether events end with a CRC-32: said in a format description, before its own. */
export function hasChecksums(formatDescription: Buffer): boolean {
  return formatDescription[formatDescription.length - CHECKSUM_BYTES - 1] === 1;
}

/** @returns the file that the log goes on in, and from where. */
export function rotation(event: Buffer): { file: string; offset: number } {
  return { offset: Number(event.readBigUInt64LE(HEADER)), file: event.toString('utf8', HEADER + 8) };
}

export function queryOf(event: Buffer): { schema: string; text: string } {
  const schemaLength = event[HEADER + 8] ?? 0;
  const statusLength = event.readUInt16LE(HEADER + 11);
  const at = HEADER + 13 + statusLength;
  return { schema: event.toString('utf8', at, at + schemaLength), text: event.toString('utf8', at + schemaLength + 1) };
}

export interface TableMap {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly fields: readonly FieldType[];
  /** Column names, where the server writes them (binlog_row_metadata=FULL). */
  readonly names: readonly string[] | undefined;
}

/** How many bytes of metadata a type has. */
const META_BYTES: Readonly<Record<number, number>> = {
  [FIELD.float]: 1, [FIELD.double]: 1, [FIELD.varchar]: 2, [FIELD.bit]: 2, [FIELD.timestamp2]: 1, [FIELD.dateTime2]: 1,
  [FIELD.time2]: 1, [FIELD.vector]: 1, [FIELD.json]: 1, [FIELD.decimal]: 2, [FIELD.enum]: 2, [FIELD.set]: 2,
  [FIELD.blob]: 1, [FIELD.varString]: 2, [FIELD.string]: 2, [FIELD.geometry]: 1,
}; // prettier-ignore

const COLUMN_NAMES = 4;

export function tableMap(event: Buffer): TableMap {
  const reader = new RowReader(event, HEADER);
  const id = reader.uint(6);
  reader.uint(2);
  const schema = reader.take(reader.uint(1)).toString('utf8');
  reader.uint(1);
  const name = reader.take(reader.uint(1)).toString('utf8');
  reader.uint(1);
  const types = [...reader.take(packed(reader))];
  const metaEnd = packed(reader);
  const metaFrom = reader.at;
  const fields = types.map((type) => ({ type, meta: reader.uint(META_BYTES[type] ?? 0) }));
  reader.at = metaFrom + metaEnd;
  reader.take(Math.ceil(types.length / 8));
  let names: string[] | undefined;
  while (reader.at < event.length) {
    const kind = reader.uint(1);
    const field = new RowReader(reader.take(packed(reader)), 0);
    if (kind !== COLUMN_NAMES) continue;
    names = types.map(() => field.take(packed(field)).toString('utf8'));
  }
  return { id, schema, name, fields, names };
}

/** A whole number of one to nine bytes. */
function packed(reader: RowReader): number {
  const first = reader.uint(1);
  if (first < 251) return first;
  if (first === 252) return reader.uint(2);
  if (first === 253) return reader.uint(3);
  return Number(reader.take(8).readBigUInt64LE(0));
}

export interface Rows {
  readonly tableId: number;
  readonly kind: 'write' | 'update' | 'delete';
  /** False where the server leaves columns out (binlog_row_image). */
  readonly whole: boolean;
  readonly columns: number;
  /** Stands at the first row. */
  readonly reader: RowReader;
  readonly end: number;
}

const VERSION_2 = new Set<number>([EVENT.writeRows2, EVENT.updateRows2, EVENT.deleteRows2]);

export function rowsOf(event: Buffer, type: number): Rows {
  const reader = new RowReader(event, HEADER);
  const tableId = reader.uint(6);
  reader.uint(2);
  if (VERSION_2.has(type)) reader.take(reader.uint(2) - 2);
  const columns = packed(reader);
  const kind =
    type === EVENT.writeRows1 || type === EVENT.writeRows2
      ? 'write'
      : type === EVENT.deleteRows1 || type === EVENT.deleteRows2
        ? 'delete'
        : 'update';
  let whole = allSet(reader.take(Math.ceil(columns / 8)), columns);
  if (kind === 'update') whole = allSet(reader.take(Math.ceil(columns / 8)), columns) && whole;
  return { tableId, kind, whole, columns, reader, end: event.length };
}

function allSet(bits: Buffer, count: number): boolean {
  for (let at = 0; at < count; at += 1) if (((bits[at >> 3] ?? 0) & (1 << (at & 7))) === 0) return false;
  return true;
}
