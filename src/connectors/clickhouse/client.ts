/**
 * A ClickHouse server over HTTP, as much of it as a session needs: statements, small answers, streams both ways.
 * Every failure leaves here as an E2eError that says what the server said. Must not know tables.
 */
import {
  ClickHouseError,
  createClient,
  EXCEPTION_TAG_HEADER_NAME,
  extractErrorAtTheEndOfChunk,
  parseError,
  type ClickHouseSettings,
} from '@clickhouse/client';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { E2eError, messageOf } from '../../core/errors.ts';
import type { Address } from '../../core/server.ts';

/** Longest silence of the server while a statement runs; a mutation of a large table says nothing until its end. */
const SILENCE_MS = 600_000;
const CONNECTIONS = 16;

export interface StatementOptions {
  readonly settings?: ClickHouseSettings;
  readonly signal?: AbortSignal;
}

export class ClickHouseClient implements AsyncDisposable {
  readonly #client: ReturnType<typeof createClient>;
  readonly #place: string;

  /** @param database in which unqualified names are looked up. */
  constructor(address: Address, database: string) {
    const scheme = address.tls ? 'https' : 'http';
    const host = address.host.includes(':') && !address.host.startsWith('[') ? `[${address.host}]` : address.host;
    this.#place = `${host}:${address.port}`;
    this.#client = createClient({
      url: `${scheme}://${this.#place}`,
      username: address.user,
      password: address.password.reveal(),
      database,
      application: 'transfer-e2e',
      request_timeout: SILENCE_MS,
      max_open_connections: CONNECTIONS,
      // A process busy with decoding may take up a connection that the server has long closed.
      keep_alive: { eagerly_destroy_stale_sockets: true },
      compression: { request: false, response: false },
      log: { level: 127 }, // off: failures are reported by throwing
    });
  }

  /** The server's version, `25.8.2.29`. */
  async version(): Promise<string> {
    const [row] = await this.rows<[version: string]>('SELECT version()');
    return row?.[0] ?? 'unknown';
  }

  /** Runs a statement that answers nothing, to its end. */
  async command(sql: string, options: StatementOptions = {}): Promise<void> {
    await this.#guarded(sql, options.signal, async () => {
      const { stream } = await this.#client.exec({
        query: sql,
        clickhouse_settings: { ...options.settings, wait_end_of_query: 1 },
        ...(options.signal === undefined ? {} : { abort_signal: options.signal }),
      });
      // To the end and not just to the header: only then has the server let go of the statement.
      await finished(stream.resume());
    });
  }

  /** Rows of a small answer as arrays of JSON values. */
  async rows<T extends readonly unknown[]>(sql: string, options: StatementOptions = {}): Promise<T[]> {
    return this.#guarded(sql, options.signal, async () => {
      const answer = await this.#client.query({
        query: sql,
        format: 'JSONCompactEachRow',
        ...(options.settings === undefined ? {} : { clickhouse_settings: options.settings }),
        ...(options.signal === undefined ? {} : { abort_signal: options.signal }),
      });
      return answer.json<T>();
    });
  }

  /**
   * Bytes of an answer as they come. Ends only when the server has said that it is complete.
   *
   * @throws E2eError also half-way, for an exception within the answer and for a connection that breaks off.
   */
  async *stream(sql: string, options: StatementOptions = {}): AsyncGenerator<Buffer, void, undefined> {
    const { stream, response_headers: headers } = await this.#guarded(sql, options.signal, () =>
      this.#client.exec({
        query: sql,
        ...(options.settings === undefined ? {} : { clickhouse_settings: options.settings }),
        ...(options.signal === undefined ? {} : { abort_signal: options.signal }),
      }),
    );
    const header = headers[EXCEPTION_TAG_HEADER_NAME];
    const tag = typeof header === 'string' ? header : undefined;
    const tail = new Tail();
    // The driver listens to the signal only until the answer begins.
    const giveUp = (): void => {
      stream.destroy();
    };
    options.signal?.addEventListener('abort', giveUp, { once: true });
    try {
      for await (const piece of stream as AsyncIterable<Buffer>) {
        tail.add(piece);
        yield piece;
      }
      // Servers before 25.11 and some proxies end an answer in good order after an exception within it.
      const failure = tail.exception(tag);
      if (failure !== undefined) throw failure;
    } catch (thrown) {
      throw this.#translated(sql, tail.exception(tag) ?? thrown, options.signal);
    } finally {
      options.signal?.removeEventListener('abort', giveUp);
      stream.destroy();
    }
  }

  /** Sends an INSERT whose FORMAT clause fits the pieces, and returns when they are stored and visible. */
  async insert(sql: string, pieces: Iterable<Buffer>, settings: ClickHouseSettings = {}): Promise<void> {
    await this.#guarded(sql, undefined, async () => {
      const { stream } = await this.#client.exec({
        query: sql,
        values: Readable.from(pieces, { objectMode: false }),
        clickhouse_settings: { ...settings, async_insert: 0, wait_end_of_query: 1 },
      });
      await finished(stream.resume());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }

  async #guarded<T>(sql: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw this.#translated(sql, thrown, signal);
    }
  }

  /** What to throw in place of what the driver threw. */
  #translated(sql: string, thrown: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return signal.reason;
    if (thrown instanceof E2eError) return thrown;
    const cause = { cause: thrown };
    if (thrown instanceof ClickHouseError) {
      const said = shortened(thrown.message, SHOWN_REASON);
      if (thrown.code === LOGIN_FAILED) {
        return new E2eError('CLICKHOUSE_LOGIN', `ClickHouse at ${this.#place} refused the user or password`, cause);
      }
      if (thrown.code === NO_DATABASE) {
        return new E2eError('CLICKHOUSE_NO_DATABASE', `ClickHouse at ${this.#place}: ${said}`, cause);
      }
      const message = `ClickHouse refused "${shortened(sql, SHOWN_SQL)}" with code ${thrown.code}: ${said}`;
      return new E2eError(`CLICKHOUSE_${thrown.code}`, message, cause);
    }
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    if (UNREACHABLE.has(code)) {
      const message = `no ClickHouse answers at ${this.#place}: ${messageOf(thrown)}; check host and port`;
      return new E2eError('CLICKHOUSE_UNREACHABLE', message, cause);
    }
    return new E2eError('CLICKHOUSE_BROKE_OFF', `ClickHouse at ${this.#place} broke off: ${messageOf(thrown)}`, cause);
  }
}

const LOGIN_FAILED = '516';
const NO_DATABASE = '81';
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']);
const SHOWN_SQL = 120;
/** A syntax error lists every word of the language that could have stood there. */
const SHOWN_REASON = 400;

function shortened(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
}

/** An exception is at most so long, with its stack trace. */
const TAIL_BYTES = 1 << 15;
const UNTAGGED = /Code: \d+\. DB::Exception: [\s\S]*\((?:[A-Z0-9_]+)\)[^\n]*(?:\(version [^)]*\))?\s*$/;

/** The end of an answer: where a server that has already begun to answer puts its exception. */
class Tail {
  #last: Buffer = Buffer.alloc(0);

  add(piece: Buffer): void {
    this.#last =
      piece.length >= TAIL_BYTES
        ? piece.subarray(piece.length - TAIL_BYTES)
        : Buffer.concat([this.#last.subarray(Math.max(0, this.#last.length + piece.length - TAIL_BYTES)), piece]);
  }

  /** @param tag that the server put in the answer's header; rows cannot hold it by chance. */
  exception(tag: string | undefined): Error | undefined {
    if (tag !== undefined && this.#last.includes(`__exception__\r\n${tag}`)) {
      return extractErrorAtTheEndOfChunk(this.#last, tag);
    }
    // Rows that end in just this text would be taken for a failure: an unknown verdict, never a wrong one.
    const said = UNTAGGED.exec(this.#last.toString('latin1'))?.[0];
    if (said === undefined) return undefined;
    const parsed = parseError(said);
    return parsed instanceof Error ? parsed : new Error(said);
  }
}
