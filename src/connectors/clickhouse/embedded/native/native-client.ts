// A client of ClickHouse's native protocol for the tests beside it, written from the protocol's description and not from
// the server: of what it tests it takes the checksum alone, which has tests of its own.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { cityHash128 } from './city-hash.ts';

export interface ClientOptions {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly revision?: number;
  /** How blocks travel both ways; 'plain' is without frames. */
  readonly frames?: 'plain' | 'lz4' | 'none';
}

export interface QueryOptions {
  readonly id?: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Settings that the server may ignore. */
  readonly unimportant?: Readonly<Record<string, string>>;
  /** As text, escaped as in TabSeparated. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Tables that travel with the query: blocks by name. */
  readonly external?: Readonly<Record<string, Buffer>>;
}

export interface Result {
  readonly columns: readonly (readonly [name: string, type: string])[];
  readonly rows: unknown[][];
  readonly blocks: number;
  readonly readRows: number;
  readonly writtenRows: number;
}

export class ServerException extends Error {
  override readonly name = 'ServerException';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Writes numbers as the wire has them. */
export const wire = {
  varint: (value: number): Buffer => {
    const bytes: number[] = [];
    let left = BigInt(value);
    for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
    return Buffer.from([...bytes, Number(left)]);
  },
  string: (value: string | Buffer): Buffer => {
    const bytes = Buffer.from(value);
    return Buffer.concat([wire.varint(bytes.length), bytes]);
  },
  uint64(value: number): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  },
  int32: (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes;
  },
  /** @param columns name, type and the bytes of the rows. */
  block(columns: readonly (readonly [name: string, type: string, bytes: Buffer])[], rows: number): Buffer {
    const parts = columns.flatMap(([name, type, bytes]) => [
      wire.string(name),
      wire.string(type),
      Buffer.from([0]),
      bytes,
    ]);
    const info = Buffer.from([1, 0, 2, 255, 255, 255, 255, 0]);
    return Buffer.concat([info, wire.varint(columns.length), wire.varint(rows), ...parts]);
  },
  frame(method: number, body: Buffer, size: number): Buffer {
    const rest = Buffer.concat([Buffer.from([method]), wire.int32(9 + body.length), wire.int32(size), body]);
    const hash = cityHash128(rest);
    const sum = Buffer.alloc(16);
    sum.writeBigUInt64LE(hash.low, 0);
    sum.writeBigUInt64LE(hash.high, 8);
    return Buffer.concat([sum, rest]);
  },
  /** An LZ4 block: runs of one byte become matches, the rest literals. */
  lz4(bytes: Buffer): Buffer {
    const parts: Buffer[] = [];
    const extra = (length: number): Buffer =>
      length < 15
        ? Buffer.alloc(0)
        : Buffer.from([...Array<number>(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255]);
    const sequence = (literals: Buffer, match: number): void => {
      const token = (Math.min(literals.length, 15) << 4) | (match === 0 ? 0 : Math.min(match - 4, 15));
      parts.push(Buffer.from([token]), extra(literals.length), literals);
      if (match > 0) parts.push(Buffer.from([1, 0]), extra(match - 4));
    };
    let from = 0;
    for (let at = 1; at < bytes.length - 20; at += 1) {
      let run = 0;
      while (at + run < bytes.length - 12 && bytes[at + run] === bytes[at - 1]) run += 1;
      if (run < 4) continue;
      sequence(bytes.subarray(from, at), run);
      at += run;
      from = at;
    }
    sequence(bytes.subarray(from), 0);
    return Buffer.concat(parts);
  },
};

const EMPTY = wire.block([], 0);

export class NativeClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #options: ClientOptions;
  #buffer = Buffer.alloc(0);
  #ended = false;
  #arrived: (() => void) | undefined;
  version = '';
  timezone = '';
  revision = 0;

  private constructor(socket: Socket, options: ClientOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#arrived?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      this.#arrived?.();
    });
  }

  /** A connection that has said nothing yet. */
  static async raw(port: number, options: ClientOptions = {}): Promise<NativeClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new NativeClient(socket, options);
  }

  /** @throws ServerException if the server does not let it in. */
  static async connect(port: number, options: ClientOptions = {}): Promise<NativeClient> {
    const client = await NativeClient.raw(port, options);
    try {
      client.write(client.hello());
      if ((await client.#varint()) === 2) throw await client.#exception();
      await client.#string();
      const [major, minor] = [await client.#varint(), await client.#varint()];
      client.revision = Math.min(await client.#varint(), options.revision ?? 54460);
      client.timezone = await client.#string();
      await client.#string();
      client.version = `${major}.${minor}.${await client.#varint()}`;
      if (client.revision >= 54458) client.write(wire.string(''));
      return client;
    } catch (error) {
      client.#socket.destroy();
      throw error;
    }
  }

  hello(): Buffer {
    const { user = 'default', password = '', database = '', revision = 54460 } = this.#options;
    const numbers = [26, 7, revision].map(wire.varint);
    const texts = [database, user, password].map(wire.string);
    return Buffer.concat([wire.varint(0), wire.string('test client'), ...numbers, ...texts]);
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Ends what this side sends, and goes on reading. */
  finish(): void {
    this.#socket.end();
  }

  /** Stops reading, or reads again. */
  hold(held: boolean): void {
    if (held) this.#socket.pause();
    else this.#socket.resume();
  }

  /** All that the server sends until it closes the connection. */
  async rest(): Promise<Buffer> {
    while (!this.#ended) await this.#more();
    return this.#buffer;
  }

  async ping(): Promise<number> {
    this.write(wire.varint(4));
    return this.#varint();
  }

  cancel(): void {
    this.write(wire.varint(3));
  }

  #framed(block: Buffer): Buffer {
    const { frames = 'plain' } = this.#options;
    if (frames === 'plain') return block;
    if (frames === 'none') return wire.frame(0x02, block, block.length);
    return wire.frame(0x82, wire.lz4(block), block.length);
  }

  data(block: Buffer, name = ''): Buffer {
    return Buffer.concat([wire.varint(2), wire.string(name), this.#framed(block)]);
  }

  /** The packets of a query, up to the block that says that no table follows. */
  packets(text: string | Buffer, options: QueryOptions = {}): Buffer {
    const setting =
      (flags: number, quote: (value: string) => string) =>
      ([name, value]: [string, string]) =>
        Buffer.concat([wire.string(name), wire.varint(flags), wire.string(quote(value))]);
    const plain = (value: string): string => value;
    const quoted = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
    const parts = [
      wire.varint(1),
      wire.string(options.id ?? ''),
      Buffer.from([1]),
      ...['', '', '0.0.0.0:0'].map(wire.string),
    ];
    if (this.revision >= 54449) parts.push(wire.uint64(0));
    parts.push(Buffer.from([1]), ...['me', 'here', 'test client'].map(wire.string), ...[26, 7, 54460].map(wire.varint));
    parts.push(wire.string(''));
    if (this.revision >= 54448) parts.push(wire.varint(0));
    parts.push(wire.varint(0));
    if (this.revision >= 54442) parts.push(Buffer.from([0]));
    if (this.revision >= 54453) parts.push(wire.varint(0), wire.varint(0), wire.varint(0));
    parts.push(...Object.entries(options.settings ?? {}).map(setting(1, plain)));
    parts.push(...Object.entries(options.unimportant ?? {}).map(setting(0, plain)), wire.string(''));
    if (this.revision >= 54441) parts.push(wire.string(''));
    parts.push(wire.varint(2), wire.varint((this.#options.frames ?? 'plain') === 'plain' ? 0 : 1), wire.string(text));
    if (this.revision >= 54459) {
      parts.push(...Object.entries(options.parameters ?? {}).map(setting(2, quoted)), wire.string(''));
    }
    for (const [name, block] of Object.entries(options.external ?? {})) parts.push(this.data(block, name));
    parts.push(this.data(EMPTY));
    return Buffer.concat(parts);
  }

  /** @throws ServerException */
  async query(text: string | Buffer, options: QueryOptions = {}): Promise<Result> {
    this.write(this.packets(text, options));
    return this.result();
  }

  /** The first column of the first row. */
  async value(text: string, options: QueryOptions = {}): Promise<unknown> {
    return (await this.query(text, options)).rows[0]?.[0];
  }

  /** Sends blocks as the rows of an INSERT; the columns that the server asked for come back. @throws ServerException */
  async insert(text: string, blocks: readonly Buffer[], options: QueryOptions = {}): Promise<Inserted> {
    this.write(this.packets(text, options));
    const asked = await this.#sample();
    for (const block of [...blocks, EMPTY]) this.write(this.data(block));
    return { ...asked, result: await this.result() };
  }

  async #sample(): Promise<Omit<Inserted, 'result'>> {
    let description = '';
    for (;;) {
      const kind = await this.#varint();
      if (kind === 2) throw await this.#exception();
      if (kind === 11) {
        await this.#string();
        description = await this.#string();
      } else if (kind === 1) {
        await this.#string();
        const { columns } = await this.#block((this.#options.frames ?? 'plain') !== 'plain');
        return { columns, description };
      } else throw new Error(`packet ${kind} instead of a sample`);
    }
  }

  /** Reads packets to the end of the stream. @throws ServerException */
  async result(): Promise<Result> {
    let columns: Result['columns'] | undefined;
    const rows: unknown[][] = [];
    let [blocks, readRows, writtenRows] = [0, 0, 0];
    for (;;) {
      const kind = await this.#varint();
      if (kind === 5) return { columns: columns ?? [], rows, blocks, readRows, writtenRows };
      if (kind === 2) throw await this.#exception();
      if (kind === 3) {
        readRows += await this.#varint();
        await this.#varint();
        await this.#varint();
        writtenRows += await this.#varint();
        await this.#varint();
        if (this.revision >= 54460) await this.#varint();
      } else if (kind === 6) {
        for (let number = 0; number < 6; number += 1) await this.#varint();
      } else if (kind === 11) {
        await this.#string();
        await this.#string();
      } else if (kind === 1 || kind === 14) {
        await this.#string();
        const block = await this.#block(kind === 1 && (this.#options.frames ?? 'plain') !== 'plain');
        if (kind === 14) continue;
        if (columns === undefined && block.rows.length > 0) throw new Error('rows came before a header');
        columns ??= block.columns;
        if (block.rows.length > 0) blocks += 1;
        for (const row of block.rows) rows.push(row);
      } else {
        throw new Error(`an unexpected packet ${kind}`);
      }
    }
  }

  /** The raw blocks of a result, for which frames must be on; each but the last may be sent back as it is. */
  async rawBlocks(text: string, options: QueryOptions = {}): Promise<Buffer[]> {
    this.write(this.packets(text, options));
    const blocks: Buffer[] = [];
    for (;;) {
      const kind = await this.#varint();
      if (kind === 6) break;
      if (kind === 2) throw await this.#exception();
      if (kind !== 1) throw new Error(`an unexpected packet ${kind}`);
      await this.#string();
      blocks.push(await this.#unframed());
    }
    for (let index = 0; index < 6; index += 1) await this.#varint();
    await this.result();
    return blocks;
  }

  async #exception(): Promise<ServerException> {
    const code = (await this.#take(4)).readInt32LE();
    const name = await this.#string();
    const message = await this.#string();
    await this.#string();
    await this.#take(1);
    return new ServerException(code, message.replace(`${name}: `, ''));
  }

  async #unframed(): Promise<Buffer> {
    const head = await this.#take(25);
    const body = await this.#take(head.readUInt32LE(17) - 9);
    const hash = cityHash128(Buffer.concat([head.subarray(16), body]));
    if (hash.low !== head.readBigUInt64LE(0) || hash.high !== head.readBigUInt64LE(8))
      throw new Error('a wrong checksum');
    const size = head.readUInt32LE(21);
    if (head[16] !== 0x82) throw new Error(`method ${head[16]}: not every client reads it`);
    // The server's blocks have literals alone.
    const at = body.length - size;
    if ((body[0] ?? 0) >> 4 !== Math.min(size, 15)) throw new Error('a wrong LZ4 token');
    return body.subarray(at);
  }

  async #block(framed: boolean): Promise<{ columns: Result['columns']; rows: unknown[][] }> {
    const source = framed
      ? new Bytes(await this.#unframed(), () => this.#unframed())
      : new Bytes(Buffer.alloc(0), () => this.#chunk());
    const block = await readBlock(source, this.revision >= 54454);
    if (!framed) this.#buffer = Buffer.concat([source.left(), this.#buffer]);
    return block;
  }

  /** What has come and was not read. */
  async #chunk(): Promise<Buffer> {
    while (this.#buffer.length === 0) await this.#more();
    const chunk = this.#buffer;
    this.#buffer = Buffer.alloc(0);
    return chunk;
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error('the server closed the connection');
    await new Promise<void>((arrived) => (this.#arrived = arrived));
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) await this.#more();
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async #varint(): Promise<number> {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const [byte = 0] = await this.#take(1);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  async #string(): Promise<string> {
    return (await this.#take(await this.#varint())).toString('utf8');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    return Promise.resolve();
  }
}

export interface Inserted {
  readonly columns: Result['columns'];
  /** Of the table, as the server describes it for defaults. */
  readonly description: string;
  readonly result: Result;
}

/** Bytes of a block, which may come in pieces. */
class Bytes {
  #buffer: Buffer;
  #at = 0;
  readonly #next: () => Promise<Buffer>;

  constructor(buffer: Buffer, next: () => Promise<Buffer>) {
    this.#buffer = buffer;
    this.#next = next;
  }

  left(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  async take(count: number): Promise<Buffer> {
    while (this.#buffer.length - this.#at < count) {
      this.#buffer = Buffer.concat([this.left(), await this.#next()]);
      this.#at = 0;
    }
    this.#at += count;
    return this.#buffer.subarray(this.#at - count, this.#at);
  }

  async varint(): Promise<number> {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const [byte = 0] = await this.take(1);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  async string(): Promise<string> {
    return (await this.take(await this.varint())).toString('utf8');
  }
}

async function readBlock(from: Bytes, custom: boolean): Promise<{ columns: Result['columns']; rows: unknown[][] }> {
  const info = await from.take(8);
  if (!info.equals(Buffer.from([1, 0, 2, 255, 255, 255, 255, 0]))) throw new Error('a wrong block info');
  const count = await from.varint();
  const length = await from.varint();
  const columns: [string, string][] = [];
  const rows: unknown[][] = Array.from({ length }, () => []);
  for (let index = 0; index < count; index += 1) {
    const [name, type] = [await from.string(), await from.string()];
    columns.push([name, type]);
    if (custom && (await from.take(1))[0] !== 0) throw new Error('a custom serialization');
    const values = length === 0 ? [] : await readValues(type, length, from);
    for (const [row, value] of values.entries()) rows[row]?.push(value);
  }
  return { columns, rows };
}

/** A few types are enough for the tests. */
async function readValues(type: string, count: number, from: Bytes): Promise<unknown[]> {
  const nullable = /^Nullable\((.*)\)$/.exec(type)?.[1];
  if (nullable !== undefined) {
    const nulls = Buffer.from(await from.take(count));
    return (await readValues(nullable, count, from)).map((value, index) => (nulls[index] === 1 ? null : value));
  }
  const values: unknown[] = [];
  const plain = type.replace(/\(.*/, '');
  for (let index = 0; index < count; index += 1) {
    if (plain === 'String') values.push(await from.string());
    else if (['UInt8', 'Bool', 'Int8'].includes(plain)) values.push((await from.take(1))[0]);
    else if (plain === 'UInt16') values.push((await from.take(2)).readUInt16LE());
    else if (plain === 'Int32') values.push((await from.take(4)).readInt32LE());
    else if (['UInt32', 'DateTime'].includes(plain)) values.push((await from.take(4)).readUInt32LE());
    else if (plain === 'UInt64') values.push(Number((await from.take(8)).readBigUInt64LE()));
    else throw new Error(`the test client does not read ${type}`);
  }
  return values;
}
