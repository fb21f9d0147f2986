// Blocks of rows: those that clients send, on their way into a file in the format Native; and the engine's results, in
// its format Buffers, on their way into packets. Must not know packets, nor what rows mean.
// The two differ from the wire's blocks by what the protocol adds: a block's info and, per column, how it is serialized.
import { ClickHouseException } from '../exception.ts';
import type { Sink } from './byte-reader.ts';
import { ByteReader, varint } from './byte-reader.ts';
import { layoutOf } from './column-type.ts';
import { copyColumn } from './columns.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
}

const LONGEST_NAME = 1 << 20;
const MOST_COLUMNS = 100_000;

/** is_overflows = 0, bucket_num = -1: as every block of a result has them. */
const BLOCK_INFO = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);

/** Each column's serialization is the default one. */
const DEFAULT_SERIALIZATION = Buffer.from([0]);

export interface ReceivedBlock {
  readonly columns: readonly Column[];
  readonly rows: number;
}

/**
 * Reads a block of the wire and passes it to `to` in the format Native, if it has columns.
 * @param custom the revision has a byte per column that says how it is serialized.
 * @throws ClickHouseException for what is no block, or one that cannot be followed.
 */
export async function receiveBlock(from: ByteReader, custom: boolean, to: Sink): Promise<ReceivedBlock> {
  await blockInfo(from);
  const count = await from.varint();
  const rows = await from.varint();
  if (count > MOST_COLUMNS) throw incorrect(`A block says that it has ${count} columns`);
  const columns: Column[] = [];
  const keeps = count > 0 && rows > 0;
  if (keeps) await to(Buffer.concat([varint(count), varint(rows)]));
  for (let index = 0; index < count; index += 1) {
    const name = await from.bytes(LONGEST_NAME);
    const type = await from.bytes(LONGEST_NAME);
    if (custom && (await from.byte()) !== 0) {
      throw new ClickHouseException(
        48,
        'NOT_IMPLEMENTED',
        `not supported here: column ${name.toString('utf8')} sent as sparse`,
      );
    }
    columns.push({ name: name.toString('utf8'), type: type.toString('utf8') });
    if (!keeps) continue;
    await to(Buffer.concat([varint(name.length), name, varint(type.length), type]));
    await copyColumn(layoutOf(type.toString('utf8')), rows, from, to);
  }
  return { columns, rows };
}

/** Numbered fields up to 0; they matter for distributed aggregation only. */
async function blockInfo(from: ByteReader): Promise<void> {
  for (;;) {
    const field = await from.varint();
    if (field === 0) return;
    if (field === 1) await from.byte();
    else if (field === 2) await from.take(4);
    else throw incorrect(`A block's info has an unknown field ${field}`);
  }
}

/** A block of a result: a column's bytes for each of its columns. */
export interface ResultBlock {
  readonly rows: number;
  readonly data: readonly Uint8Array[];
}

/** The blocks of a result in the format Buffers, which may begin and end anywhere in the chunks of `body`. */
export async function* resultBlocks(body: AsyncIterable<Uint8Array>): AsyncGenerator<ResultBlock, void, undefined> {
  const from = new ByteReader(body);
  while (!(await from.ended())) {
    const count = await from.uint64();
    const rows = await from.uint64();
    const data: Uint8Array[] = [];
    for (let index = 0; index < count; index += 1) data.push(await from.take(await from.uint64()));
    yield { rows, data };
  }
}

/** A block of the wire, in pieces. @param data each column's bytes; none for a header. */
export function blockOf(
  columns: readonly Column[],
  rows: number,
  data: readonly Uint8Array[],
  custom: boolean,
): Uint8Array[] {
  const parts: Uint8Array[] = [BLOCK_INFO, varint(columns.length), varint(rows)];
  for (const [index, { name, type }] of columns.entries()) {
    parts.push(text(name), text(type));
    if (custom) parts.push(DEFAULT_SERIALIZATION);
    const bytes = data[index];
    if (bytes !== undefined) parts.push(bytes);
  }
  return parts;
}

/** A string of the wire: its length in bytes, then the bytes. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([varint(bytes.length), bytes]);
}

function incorrect(what: string): ClickHouseException {
  return new ClickHouseException(117, 'INCORRECT_DATA', what);
}
