// One client of the native protocol, from its hello until it leaves:
//  1. hello: who it is, and which database it begins in
//  2. then, over and over, a ping or a query; a query is answered before the next packet is looked at, but for a cancel
//  3. a client that breaks the protocol is told how, and its connection closed
// Each connection is a session of the engine: its database, settings and temporary tables are its own and end with it.
// Must not know how statements are run.
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Account } from '../authentication.ts';
import { verify } from '../authentication.ts';
import type { Engine } from '../engine.ts';
import { ClickHouseException, fromEngine } from '../exception.ts';
import type { QueryLog } from '../query-log.ts';
import { identifier } from '../tokens.ts';
import { receiveBlock } from './blocks.ts';
import { ByteReader } from './byte-reader.ts';
import { decompressed } from './frames.ts';
import type { AskedQuery, Hello } from './packets.ts';
import { CLIENT, readAddendum, readHello, readQuery, SINCE } from './packets.ts';
import { ReceivedRows } from './received-rows.ts';
import type { ExternalTable } from './relay.ts';
import { plainQuery, Relay, toItsEnd } from './relay.ts';
import { ClientGone, Replies } from './replies.ts';

/** ms that a client may take, by what it is about. As a server's settings, but for the hello. */
export interface Patience {
  readonly hello: number;
  /** From one byte of a packet to the next, both ways. */
  readonly packet: number;
  /** From one query to the next. */
  readonly idle: number;
}

/** Seconds until a session without a query would be forgotten: never, for it ends with its connection. */
const NEVER = 1_000_000;
/** ms between signs of life while a query is computed. */
const PROGRESS_EVERY = 1000;
/** ms for a client to take the last packet before its connection is cut. */
const LAST_WORDS = 2000;
const LONGEST_NAME = 1 << 16;

/** What HTTP requests begin with, as numbers of packets. */
const HTTP_LETTERS: ReadonlySet<number> = new Set(Buffer.from('GPHDO'));

export class Conversation {
  readonly #engine: Engine;
  readonly #log: QueryLog;
  readonly #account: Account;
  readonly #socket: Socket;
  readonly #patience: Patience;
  readonly #client: string;
  readonly #reader: ByteReader;
  readonly #replies: Replies;
  readonly #session = { id: `native:${randomUUID()}`, timeout: NEVER, mustExist: false };
  /** The kind of the next packet, once it is looked for. */
  #next: Promise<number> | undefined;
  #late: ClickHouseException | undefined;
  /** Packets are rows of an INSERT. */
  #receiving = false;

  constructor(engine: Engine, log: QueryLog, account: Account, socket: Socket, patience: Patience) {
    this.#engine = engine;
    this.#log = log;
    this.#account = account;
    this.#socket = socket;
    this.#patience = patience;
    this.#client = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    this.#reader = new ByteReader(socket as AsyncIterable<Buffer>);
    this.#replies = new Replies(socket);
  }

  /** Talks until the client leaves or is shown out. Never rejects. */
  async hold(): Promise<void> {
    this.#socket.on('timeout', () => this.#tooSlow());
    try {
      await this.#talk();
    } catch (error) {
      await this.#lastWords(error);
    } finally {
      this.#engine.endSession(this.#session.id);
      await this.#hangUp();
    }
  }

  async #talk(): Promise<void> {
    this.#wait(this.#patience.hello);
    const hello = await this.#greet();
    if (hello === undefined) return;
    for (;;) {
      this.#wait(this.#patience.idle);
      const kind = await this.#packet().catch((error: unknown) => {
        if (this.#late === undefined) throw new ClientGone();
        throw error;
      });
      this.#next = undefined;
      this.#wait(this.#patience.packet);
      switch (kind) {
        case CLIENT.query:
          await this.#query(hello);
          break;
        case CLIENT.ping:
          await this.#replies.pong();
          break;
        case CLIENT.cancel:
        case CLIENT.keepAlive:
          // What was to be cancelled has ended.
          break;
        case CLIENT.tablesStatus:
          throw ClickHouseException.notSupported('the state of tables, as servers ask servers');
        default:
          throw unexpected(kind, 'a query, a ping or a cancel');
      }
    }
  }

  async #greet(): Promise<Hello | undefined> {
    const kind = await this.#packet();
    this.#next = undefined;
    if (HTTP_LETTERS.has(kind)) {
      await this.#replies.plain(
        'HTTP/1.0 400 Bad Request\r\n\r\nThis port speaks the native protocol of ClickHouse; HTTP has a port of its own.\r\n',
      );
      return undefined;
    }
    if (kind !== CLIENT.hello) throw unexpected(kind, 'a hello');
    const hello = await readHello(this.#reader);
    this.#replies.revision = hello.revision;
    verify({ user: hello.user === '' ? 'default' : hello.user, password: hello.password }, this.#account);
    if (hello.database !== '') await this.#use(hello.database);
    await this.#replies.hello(this.#engine.facts);
    if (hello.revision >= SINCE.addendum) await readAddendum(this.#reader);
    return hello;
  }

  async #use(database: string): Promise<void> {
    const asker = { id: randomUUID(), user: this.#account.user, session: this.#session };
    const signal = AbortSignal.timeout(this.#patience.packet);
    await toItsEnd(this.#engine, plainQuery(asker, `USE ${identifier(database)}`), signal);
  }

  async #query(hello: Hello): Promise<void> {
    const time = new Date().toISOString();
    const began = performance.now();
    const asked = await readQuery(this.#reader, hello.revision);
    const id = asked.id === '' ? randomUUID() : asked.id;
    this.#replies.compressed = asked.compressed;
    const external: ExternalTable[] = [];
    const end = new AbortController();
    let relay: Relay | undefined;
    let failure: unknown;
    try {
      await this.#externalTables(asked, hello, external);
      const asker = { id, user: this.#account.user, session: this.#session };
      const receive = (): Promise<ReceivedRows> => this.#insertedRows(asked, hello, end);
      relay = new Relay(this.#engine, this.#replies, asked, { ...asker, external, receive }, end.signal);
      await this.#supervised(relay, end);
    } catch (error) {
      failure = end.signal.aborted ? end.signal.reason : this.#left ? new ClientGone() : error;
    }
    for (const { rows } of external) await rows[Symbol.asyncDispose]();
    const left = failure instanceof ClientGone || failure instanceof Cancelled;
    const exception = failure === undefined || left ? undefined : exceptionOf(failure);
    // Before the last packet, so that who has read that finds the line.
    this.#log.write({
      time,
      query_id: id,
      front: 'native',
      method: undefined,
      client: this.#client,
      client_name: hello.client,
      user: this.#account.user,
      database: hello.database === '' ? undefined : hello.database,
      query: asked.text.toString('utf8').trim(),
      ms: Math.round((performance.now() - began) * 1000) / 1000,
      rows: relay?.counted.rows ?? 0,
      bytes: relay?.counted.bytes ?? 0,
      exception_code: exception?.code ?? 0,
      exception: exception?.message,
      aborted: left,
    });
    if (failure instanceof ClientGone || failure instanceof ProtocolBroken) throw failure;
    if (exception === undefined) await this.#replies.endOfStream();
    else await this.#replies.exception(exception);
  }

  /** Runs a query while listening for a cancel, and giving signs of life. */
  async #supervised(relay: Relay, end: AbortController): Promise<void> {
    const leaves = (): void => end.abort(this.#late ?? new ClientGone());
    this.#socket.once('close', leaves);
    this.#listen(end);
    const alive = setInterval(() => {
      if (this.#socket.writableLength > 0 || this.#receiving) return;
      this.#replies.progress({ rows: 0, bytes: 0 }, PROGRESS_EVERY).catch(() => undefined);
    }, PROGRESS_EVERY);
    try {
      await relay.run();
    } finally {
      clearInterval(alive);
      this.#socket.off('close', leaves);
    }
  }

  /** Looks at the next packet while a query runs: a cancel ends it, any other one waits. */
  #listen(end: AbortController): void {
    this.#packet().then(
      (kind) => {
        if (kind !== CLIENT.cancel || this.#receiving) return;
        this.#next = undefined;
        end.abort(new Cancelled());
      },
      () => end.abort(this.#late ?? new ClientGone()),
    );
  }

  /** The tables that follow a query, up to a block without columns. @throws ProtocolBroken */
  async #externalTables(asked: AskedQuery, hello: Hello, tables: ExternalTable[]): Promise<void> {
    for (;;) {
      const rows = new ReceivedRows(this.#engine.spool);
      const known = new Map(tables.map((table) => [table.name, table.rows]));
      const block = await this.#block(asked, hello, (name) => known.get(name) ?? rows);
      if (block === undefined) break;
      if (block.into === rows) tables.push({ name: block.name, rows });
    }
    for (const { rows } of tables) await rows.complete();
  }

  /** The rows of an INSERT, up to a block without columns. @throws ProtocolBroken; Cancelled. */
  async #insertedRows(asked: AskedQuery, hello: Hello, end: AbortController): Promise<ReceivedRows> {
    const rows = new ReceivedRows(this.#engine.spool);
    this.#receiving = true;
    try {
      while ((await this.#block(asked, hello, () => rows)) !== undefined) await this.#replies.blockReceived();
      await this.#replies.blockReceived();
      await rows.complete();
    } catch (error) {
      await rows[Symbol.asyncDispose]();
      throw error;
    } finally {
      this.#receiving = false;
    }
    this.#listen(end);
    return rows;
  }

  /** Reads a packet of data; undefined for one without columns, which ends a table. @throws ProtocolBroken; Cancelled. */
  async #block(
    asked: AskedQuery,
    hello: Hello,
    choose: (name: string) => ReceivedRows,
  ): Promise<{ readonly name: string; readonly into: ReceivedRows } | undefined> {
    try {
      const kind = await this.#packet();
      this.#next = undefined;
      if (kind === CLIENT.cancel) throw new Cancelled();
      if (kind !== CLIENT.data) throw unexpected(kind, 'a block of rows');
      const name = await this.#reader.string(LONGEST_NAME);
      const into = choose(name);
      const from = asked.compressed ? new ByteReader(decompressed(this.#reader)) : this.#reader;
      const block = await receiveBlock(from, hello.revision >= SINCE.customSerialization, into.write);
      if (asked.compressed && from.buffered > 0) {
        throw new ClickHouseException(117, 'INCORRECT_DATA', `${from.buffered} bytes follow a block in its frame`);
      }
      if (block.columns.length === 0) return undefined;
      into.count(block);
      return { name, into };
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      throw new ProtocolBroken(error);
    }
  }

  #packet(): Promise<number> {
    this.#next ??= this.#reader.varint();
    return this.#next;
  }

  #wait(ms: number): void {
    this.#socket.setTimeout(ms);
  }

  get #left(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  #tooSlow(): void {
    const seconds = (this.#socket.timeout ?? 0) / 1000;
    this.#late = new ClickHouseException(209, 'SOCKET_TIMEOUT', `Nothing came from the client for ${seconds} s`);
    // One that does not read will not read this either.
    if (this.#socket.writableLength === 0) this.#replies.exception(this.#late).catch(() => undefined);
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), LAST_WORDS).unref();
  }

  /** Tells a client that broke the protocol what is wrong, if it still listens. */
  async #lastWords(error: unknown): Promise<void> {
    if (error instanceof ClientGone || this.#left || this.#late !== undefined) return;
    const exception = exceptionOf(error);
    const known = error instanceof ClickHouseException || error instanceof ProtocolBroken;
    if (!known)
      process.stderr.write(`embedded clickhouse: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
    await this.#replies.exception(exception).catch(() => undefined);
  }

  /** Closes so that the client gets to read what was written: what it still sends is read, but not for long. */
  async #hangUp(): Promise<void> {
    this.#wait(0);
    this.#socket.end();
    const cut = setTimeout(() => this.#socket.destroy(), LAST_WORDS);
    try {
      await this.#reader.drain();
    } catch {
      // It has gone.
    } finally {
      clearTimeout(cut);
      this.#socket.destroy();
    }
  }
}

/** The client has cancelled its query. */
class Cancelled extends Error {
  override readonly name = 'Cancelled';
  readonly code = 'CANCELLED';
  constructor() {
    super('the client cancelled the query');
  }
}

/** What the client sent cannot be followed any further. */
class ProtocolBroken extends Error {
  override readonly name = 'ProtocolBroken';
  readonly code = 'PROTOCOL_BROKEN';
  constructor(cause: unknown) {
    super('the client sent what cannot be followed', { cause });
  }
}

function exceptionOf(error: unknown): ClickHouseException {
  return fromEngine(error instanceof ProtocolBroken ? error.cause : error);
}

function unexpected(kind: number, wanted: string): ClickHouseException {
  return new ClickHouseException(
    101,
    'UNEXPECTED_PACKET_FROM_CLIENT',
    `Unexpected packet ${kind} received from client: ${wanted} was expected`,
  );
}
