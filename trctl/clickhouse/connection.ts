/** Speaks to ClickHouse over HTTP and says in one line what went wrong. Knows nothing of tables. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createClient } from '@clickhouse/client';
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import { ConnectionLost, DataError, EnvironmentError, TransferError, codeOf, oneLine } from '../errors.ts';
import type { DestinationParams } from './params.ts';

/** Text is read to the letter, and whatever cannot be is an error. Settings of input formats, ClickHouse manual. */
const INSERT_SETTINGS: ClickHouseSettings = {
  async_insert: 0,
  date_time_input_format: 'basic',
  input_format_allow_errors_num: '0',
  input_format_allow_errors_ratio: 0,
  input_format_null_as_default: 0,
  input_format_tsv_detect_header: 0,
  input_format_tsv_empty_as_default: 0,
  input_format_tsv_enum_as_number: 0,
  precise_float_parsing: 1,
};

/** An exception is at most so long. */
const TAIL_BYTES = 16 * 1024;
const EXCEPTION = /Code: \d+\. DB::Exception: [^]*\((?:[A-Z0-9_]+)\)[^\n]*\s*(?:__exception__\s*)?$/;

/** Milliseconds; a large part is one request. */
const REQUEST_MS = 3_600_000;

export class Connection implements AsyncDisposable {
  readonly #client: ClickHouseClient;
  readonly #where: string;
  readonly #params: DestinationParams;
  readonly #inserts: ClickHouseSettings;
  /** Of every query's id, so that what a killed run left running can be found. */
  readonly queryPrefix: string;

  /** @param inserts settings of INSERTs beside or in place of the usual ones. */
  constructor(params: DestinationParams, queryPrefix: string, inserts: ClickHouseSettings = {}) {
    this.#inserts = { ...INSERT_SETTINGS, ...inserts };
    const host = params.ShardsList?.[0]?.Hosts[0] ?? params.Hosts?.[0] ?? '';
    this.#params = params;
    this.#where = `ClickHouse at ${host}:${params.HTTPPort}`;
    this.queryPrefix = queryPrefix;
    this.#client = createClient({
      url: `${params.SSLEnabled ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${params.HTTPPort}`,
      username: params.User,
      password: params.Password.reveal(),
      database: 'default',
      application: 'trctl',
      request_timeout: REQUEST_MS,
      max_open_connections: 16,
      log: { level: 127 },
    });
  }

  /** @throws TransferError */
  async command(sql: string): Promise<void> {
    try {
      await this.#client.command({ query: sql, query_id: this.#queryId() });
    } catch (cause) {
      throw this.#explain(cause);
    }
  }

  /** @throws TransferError */
  async rows<T>(sql: string): Promise<T[]> {
    try {
      const result = await this.#client.query({ query: sql, format: 'JSONEachRow', query_id: this.#queryId() });
      return await result.json<T>();
    } catch (cause) {
      throw this.#explain(cause);
    }
  }

  /** Streams lines of TabSeparated into a table. What `lines` throws comes out as it is. @throws TransferError */
  async insert(into: string, lines: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
    let failure: unknown;
    async function* guarded(): AsyncGenerator<Buffer> {
      try {
        for await (const piece of lines) yield piece;
      } catch (cause) {
        failure = cause;
        throw cause;
      }
    }
    try {
      const { stream } = await this.#client.exec({
        query: `INSERT INTO ${into} FORMAT TabSeparated`,
        values: Readable.from(guarded(), { objectMode: false, highWaterMark: 1024 * 1024 }),
        clickhouse_settings: this.#inserts,
        query_id: this.#queryId(),
      });
      stream.resume(); // nothing comes, but the socket is free only after the end
      await finished(stream);
    } catch (cause) {
      throw failure ?? this.#explain(cause);
    }
  }

  /** Streams lines of TabSeparated out of a SELECT. @throws TransferError, also half-way */
  async *select(sql: string, settings: ClickHouseSettings, signal: AbortSignal): AsyncGenerator<Buffer> {
    let tail = Buffer.alloc(0);
    try {
      const { stream } = await this.#client.exec({
        query: `${sql} FORMAT TabSeparated`,
        clickhouse_settings: settings,
        abort_signal: signal,
        query_id: this.#queryId(),
      });
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
        yield chunk;
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#explain(cause);
    }
    // A server that has begun to answer puts its exception at the end, and may end the answer in good order.
    const [exception] = EXCEPTION.exec(tail.toString('latin1')) ?? [];
    if (exception !== undefined) throw new EnvironmentError(`${this.#where}: ${oneLine(exception).slice(0, 500)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close().catch(() => undefined); // requests under way are given up with the process
  }

  #queryId(): string {
    return `${this.queryPrefix}${randomUUID()}`;
  }

  #explain(cause: unknown): unknown {
    if (cause instanceof TransferError) return cause;
    const code = codeOf(cause) ?? '';
    const text = oneLine(cause);
    if (/^(ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/.test(code)) {
      return new ConnectionLost(
        `cannot reach ${this.#where} (${code}); check ShardsList and HTTPPort, and that it runs`,
        { cause },
      );
    }
    if (/^(ECONNRESET|EPIPE|HPE_.*)$/.test(code) || /socket hang up|Timeout error|aborted/i.test(text)) {
      return new ConnectionLost(`lost the connection to ${this.#where}: ${text}`, { cause });
    }
    if (code === '516' || code === '193' || code === '192') {
      return new EnvironmentError(
        `${this.#where} refuses the login as user '${this.#params.User}'; check User and Password`,
        { cause },
      );
    }
    if (code === '81') {
      return new EnvironmentError(
        `${this.#where}: database '${this.#params.Database}' does not exist; create it, or correct Database`,
        { cause },
      );
    }
    if (CANNOT_READ.has(code)) return new DataError(`${this.#where}: ${text.slice(0, 500)}`, { cause });
    if (/^\d+$/.test(code))
      return new EnvironmentError(`${this.#where}: ${text.slice(0, 500)} (code ${code})`, { cause });
    return cause;
  }
}

/** Codes of ClickHouse for input that a type cannot take (src/Common/ErrorCodes.cpp). */
const CANNOT_READ = new Set([
  '6',
  '26',
  '27',
  '38',
  '41',
  '53',
  '69',
  '70',
  '72',
  '117',
  '131',
  '321',
  '349',
  '407',
  '467',
  '675',
  '676',
]);
