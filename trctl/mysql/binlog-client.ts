/**
 * The binary log as a stream of events, over the driver's own connection: it shakes hands, encrypts and cuts packets;
 * what is asked and what comes is the replication protocol (MySQL source, rpl_binlog_sender.cc). Knows no events.
 */
import { EventEmitter } from 'node:events';
import type { Connection } from 'mysql2';
import { ConnectionLost } from '../errors.ts';
import type { Place } from './log-place.ts';
import type { Session } from './connection.ts';

const COM_BINLOG_DUMP = 0x12;
const COM_REGISTER_REPLICA = 0x15;
/** A heartbeat comes so often when there is nothing else. Nanoseconds. */
const HEARTBEAT_NS = 500_000_000;
/** The connection is left unread while this many bytes of events wait. */
const QUEUE_BYTES = 8 * 1024 * 1024;

/** What the driver gives to a command: a packet of the server's. */
interface Packet {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly start: number;
  readonly end: number;
  isError(): boolean;
  isEOF(): boolean;
  asError(encoding: string): Error;
}

/** What of the driver's connection its own commands use. */
interface DriverConnection {
  addCommand(command: unknown): void;
  writePacket(packet: unknown): void;
  _resetSequenceId(): void;
}

/** A command of the driver that sends one packet and takes what comes back. */
class Command extends EventEmitter {
  readonly #payload: Buffer;
  readonly #take: (packet: Packet) => boolean;
  #asked = false;

  /** @param take answers whether more is to come. */
  constructor(payload: Buffer, take: (packet: Packet) => boolean) {
    super();
    this.#payload = payload;
    this.#take = take;
  }

  /** Called by the driver, without a packet at first. @returns whether the command is done. */
  execute(packet: Packet | null, connection: DriverConnection): boolean {
    if (!this.#asked) {
      this.#asked = true;
      connection._resetSequenceId();
      connection.writePacket(rawPacket(this.#payload));
      return false;
    }
    if (packet === null) return false;
    if (packet.isError()) {
      this.emit('error', packet.asError('utf8'));
      return true;
    }
    return !this.#take(packet);
  }
}

/** A packet as the driver sends it: four bytes of header before the payload. */
function rawPacket(payload: Buffer): unknown {
  const buffer = Buffer.concat([Buffer.alloc(4), payload]);
  return {
    buffer,
    offset: buffer.length,
    length: () => buffer.length,
    writeHeader(sequence: number): void {
      buffer.writeUIntLE(payload.length, 0, 3);
      buffer[3] = sequence;
    },
  };
}

/** Starts the log at a place. The session is the stream's own from here on; its owner closes it. */
export class BinlogStream {
  readonly #session: Session;
  #queue: Buffer[] = [];
  #queued = 0;
  #failure: unknown;
  #wake = (): void => undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @param serverId tells this reader from every other of the server. @throws TransferError */
  async start(serverId: number, { file, offset }: Place): Promise<void> {
    const { client } = this.#session;
    client.on('error', (error) => this.#fail(error));
    for (const name of ['master', 'source']) {
      await this.#session.query(`SET @${name}_binlog_checksum = 'NONE', @${name}_heartbeat_period = ${HEARTBEAT_NS}`);
    }
    // MariaDB: send its own events as they are (rpl_constants.h).
    await this.#session.query('SET @mariadb_slave_capability = 4');
    await this.#register(serverId);
    const name = Buffer.from(file);
    const payload = Buffer.alloc(11 + name.length);
    payload[0] = COM_BINLOG_DUMP;
    payload.writeUInt32LE(offset, 1);
    payload.writeUInt16LE(0, 5); // wait for more at the end
    payload.writeUInt32LE(serverId, 7);
    name.copy(payload, 11);
    this.#run(payload, (packet) => this.#take(packet));
  }

  /** Events that have come, or wait for some. @throws TransferError @returns none when the signal fires. */
  async next(signal: AbortSignal): Promise<readonly Buffer[]> {
    const wake = (): void => this.#wake();
    signal.addEventListener('abort', wake);
    try {
      for (;;) {
        if (this.#queue.length > 0) {
          const events = this.#queue;
          this.#queue = [];
          this.#queued = 0;
          this.#session.client.resume();
          return events;
        }
        if (this.#failure !== undefined) throw this.#session.explain(this.#failure);
        if (signal.aborted) return [];
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  #register(serverId: number): Promise<void> {
    const payload = Buffer.alloc(18);
    payload[0] = COM_REGISTER_REPLICA;
    payload.writeUInt32LE(serverId, 1);
    return new Promise((resolve, reject) => {
      const command = this.#run(payload, () => {
        resolve();
        return false;
      });
      command.once('error', (error: Error) => reject(error));
    });
  }

  #run(payload: Buffer, take: (packet: Packet) => boolean): Command {
    const command = new Command(payload, take);
    command.on('error', (error: Error) => this.#fail(error));
    (this.#session.client as Connection & DriverConnection).addCommand(command);
    return command;
  }

  #take(packet: Packet): boolean {
    if (packet.isEOF()) {
      this.#fail(new ConnectionLost('the server ended the binary log stream'));
      return false;
    }
    // Copied: the driver writes over its buffer. The first byte says that it is an event.
    const event = Buffer.from(packet.buffer.subarray(packet.start + 5, packet.end));
    this.#queue.push(event);
    this.#queued += event.length;
    if (this.#queued > QUEUE_BYTES) this.#session.client.pause();
    this.#wake();
    return true;
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause;
    this.#wake();
  }
}
