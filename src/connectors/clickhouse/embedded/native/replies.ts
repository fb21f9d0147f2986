// What the server says in the native protocol, packet by packet, and no faster than the client takes it.
// Must not know how answers come about.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ClickHouseException } from '../exception.ts';
import type { Facts } from '../facts.ts';
import type { Column } from './blocks.ts';
import { blockOf, text } from './blocks.ts';
import { varint } from './byte-reader.ts';
import { framed } from './frames.ts';
import { REVISION, SINCE } from './packets.ts';

/** Packets of servers. */
const SERVER = {
  hello: 0,
  data: 1,
  exception: 2,
  progress: 3,
  pong: 4,
  endOfStream: 5,
  profileInfo: 6,
  tableColumns: 11,
  profileEvents: 14,
} as const;

/** Of a block of profile events, as InternalProfileEventsQueue of ClickHouse has them. */
const PROFILE_EVENTS: readonly Column[] = [
  { name: 'host_name', type: 'String' },
  { name: 'current_time', type: 'DateTime' },
  { name: 'thread_id', type: 'UInt64' },
  { name: 'type', type: "Enum8('increment' = 1, 'gauge' = 2)" },
  { name: 'name', type: 'String' },
  { name: 'value', type: 'Int64' },
];

export interface Counted {
  readonly rows: number;
  readonly bytes: number;
  readonly writtenRows?: number;
  readonly writtenBytes?: number;
}

/** The client has closed its connection. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
  readonly code = 'CLIENT_GONE';
  constructor() {
    super('the client closed its connection before the answer was sent');
  }
}

export class Replies {
  readonly #socket: Socket;
  /** Of the client, once it has said hello. */
  revision = REVISION;
  /** Blocks go in frames; as the query says. */
  compressed = false;
  /** Bytes of blocks, before framing, since it was last set. */
  sent = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  hello(facts: Facts): Promise<void> {
    const [major = 0, minor = 0, patch = 0] = facts.version.split('.').map(Number);
    return this.#send([
      varint(SERVER.hello),
      text('ClickHouse'),
      varint(major),
      varint(minor),
      varint(REVISION),
      text(facts.timezone),
      text(facts.hostname),
      varint(patch),
    ]);
  }

  pong(): Promise<void> {
    return this.#send([varint(SERVER.pong)]);
  }

  exception(exception: ClickHouseException): Promise<void> {
    const code = Buffer.allocUnsafe(4);
    code.writeInt32LE(exception.code);
    // The last byte says that no other exception is nested in this one.
    return this.#send([
      varint(SERVER.exception),
      code,
      text('DB::Exception'),
      text(`DB::Exception: ${exception.message}`),
      text(''),
      Buffer.from([0]),
    ]);
  }

  /** @param data each column's bytes; none for a header. */
  block(columns: readonly Column[], rows: number, data: readonly Uint8Array[]): Promise<void> {
    const parts = blockOf(columns, rows, data, this.revision >= SINCE.customSerialization);
    for (const part of data) this.sent += part.length;
    return this.#send([varint(SERVER.data), text(''), ...(this.compressed ? framed(parts) : parts)]);
  }

  /** @param description of the table of an INSERT, as ColumnsDescription of ClickHouse prints it. */
  tableColumns(description: string): Promise<void> {
    return this.#send([varint(SERVER.tableColumns), text(''), text(description)]);
  }

  /** What was counted since the last progress. */
  progress({ rows, bytes, writtenRows = 0, writtenBytes = 0 }: Counted, ms: number): Promise<void> {
    const numbers = [SERVER.progress, rows, bytes, 0, writtenRows, writtenBytes];
    if (this.revision >= SINCE.elapsedInProgress) numbers.push(Math.round(ms * 1e6));
    return this.#send(numbers.map(varint));
  }

  profileInfo(rows: number, blocks: number, bytes: number): Promise<void> {
    // No limit was applied, and what would have been without it was not counted.
    return this.#send([...[SERVER.profileInfo, rows, blocks, bytes, 0, rows, 0].map(varint)]);
  }

  /** That a block of an INSERT has come; newer clients wait for it. There are no events in it. */
  async blockReceived(): Promise<void> {
    if (this.revision < SINCE.profileEventsInInsert) return;
    const custom = this.revision >= SINCE.customSerialization;
    await this.#send([varint(SERVER.profileEvents), text(''), ...blockOf(PROFILE_EVENTS, 0, [], custom)]);
  }

  endOfStream(): Promise<void> {
    return this.#send([varint(SERVER.endOfStream)]);
  }

  /** For those who take the port for the HTTP one, as a server says it. */
  async plain(answer: string): Promise<void> {
    await this.#send([Buffer.from(answer)]);
  }

  /** Writes a packet. Resolves when the client has taken enough of what was written. @throws ClientGone */
  async #send(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#socket.destroyed) throw new ClientGone();
    this.#socket.cork();
    let takes = true;
    for (const part of parts) takes = this.#socket.write(part);
    this.#socket.uncork();
    if (takes) return;
    const over = new AbortController();
    try {
      await Promise.race([
        once(this.#socket, 'drain', { signal: over.signal }),
        once(this.#socket, 'close', { signal: over.signal }).then(() => {
          throw new ClientGone();
        }),
      ]);
    } catch {
      throw new ClientGone();
    } finally {
      over.abort();
    }
  }
}
