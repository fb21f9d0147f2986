// An HTTP request as ClickHouse's HTTP interface reads it: parameters, headers and body into a query.
// Rules are those of src/Server/HTTPHandler.cpp of ClickHouse. Must not know the engine.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Body } from './body.ts';
import { ClickHouseException } from './exception.ts';
import type { Form } from './form.ts';
import { readForm } from './form.ts';
import type { SessionRequest } from './sessions.ts';
import type { Spool, SpoolFile } from './spool.ts';
import type { Statement } from './statement.ts';
import { assertOneStatement, readStatement, utf8 } from './statement.ts';

/** URL parameters that are no settings. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'compress decompress user password quota_key query_id stacktrace role buffer_size wait_end_of_query session_id ' +
    'session_timeout session_check client_protocol_version close_session database default_format query framing'
  ).split(' '),
);

/** Settings of the HTTP interface itself: this server obeys them, the engine need not see them. */
const OWN: ReadonlySet<string> = new Set([
  'enable_http_compression',
  'http_zlib_compression_level',
  'http_wait_end_of_query',
  'http_response_buffer_size',
  'add_http_cors_header',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
]);

/** Bytes of a body among which the statement of an INSERT must end and its rows begin. */
const HEAD = 1 << 20;
/** Bytes that a query without rows may have, whatever max_query_size says. */
const LONGEST_QUERY = 64 << 20;

/** A request, read as far as its URL and headers go. */
export class Request {
  readonly message: IncomingMessage;
  readonly parameters: URLSearchParams;
  readonly id: string;

  constructor(message: IncomingMessage) {
    this.message = message;
    const url = message.url ?? '/';
    const mark = url.indexOf('?');
    this.parameters = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
    const id = this.parameters.get('query_id') ?? this.header('x-clickhouse-query-id');
    this.id = id === undefined || id === '' ? randomUUID() : id;
  }

  header(name: string): string | undefined {
    const value = this.message.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** A parameter that is a switch; the setting of the same meaning may have another name. */
  switch(name: string, whenAbsent: boolean): boolean {
    const value = this.parameters.get(name);
    if (value === null || value === '') return whenAbsent;
    if (value === '1' || value.toLowerCase() === 'true') return true;
    if (value === '0' || value.toLowerCase() === 'false') return false;
    throw new ClickHouseException(
      27,
      'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
      `Cannot parse '${value}' of ${name} as a Bool`,
    );
  }

  /** Only POST may change anything. */
  get readonly(): boolean {
    return this.message.method !== 'POST';
  }

  /** The result is to be held back until it is complete. @throws ClickHouseException */
  get whole(): boolean {
    return this.switch('wait_end_of_query', this.switch('http_wait_end_of_query', false));
  }

  get closesSession(): boolean {
    return this.switch('close_session', false);
  }

  get database(): string | undefined {
    const database = this.header('x-clickhouse-database') ?? this.parameters.get('database') ?? '';
    return database === '' ? undefined : database;
  }

  get defaultFormat(): string {
    const format = this.header('x-clickhouse-format') ?? this.parameters.get('default_format') ?? '';
    return format === '' ? 'TabSeparated' : format;
  }

  /** @throws ClickHouseException INVALID_SESSION_TIMEOUT. */
  get session(): SessionRequest | undefined {
    const id = this.parameters.get('session_id') ?? '';
    if (id === '') return undefined;
    const timeout = this.parameters.get('session_timeout') ?? '60';
    if (!/^\d+$/.test(timeout)) {
      throw new ClickHouseException(374, 'INVALID_SESSION_TIMEOUT', `Invalid session timeout: '${timeout}'`);
    }
    if (Number(timeout) > 3600) {
      const message =
        `Session timeout '${timeout}' is larger than max_session_timeout: 3600. ` +
        'Maximum session timeout could be modified in configuration file.';
      throw new ClickHouseException(374, 'INVALID_SESSION_TIMEOUT', message);
    }
    return { id, timeout: Number(timeout), mustExist: this.parameters.get('session_check') === '1' };
  }

  /** @throws ClickHouseException for what this server cannot do. */
  refuseWhatIsMissing(): void {
    if (this.switch('compress', false))
      throw ClickHouseException.notSupported('compress=1 (use gzip by Accept-Encoding)');
    if (this.switch('decompress', false)) {
      throw ClickHouseException.notSupported('decompress=1 (use Content-Encoding: gzip)');
    }
    if (this.parameters.has('role')) throw ClickHouseException.notSupported('role: the embedded server has no roles');
    if (this.parameters.has('framing')) throw ClickHouseException.notSupported('framing');
  }

  /**
   * Reads the query and, for an INSERT, its rows into a file that the caller then owns.
   * @throws ClickHouseException if the text is no single statement.
   */
  async query(spool: Spool): Promise<RequestedQuery> {
    const form = await this.#form();
    const parameters = new Map<string, string>();
    const settings = new Map<string, string>();
    for (const [name, value] of [...this.parameters, ...(form?.parameters ?? [])]) {
      if (name === '' || RESERVED.has(name) || OWN.has(name)) continue;
      if (form !== undefined && /_(?:format|types|structure)$/.test(name)) continue;
      if (name.startsWith('param_')) parameters.set(name.slice('param_'.length), value);
      else settings.set(name, value);
    }
    const inUrl = this.parameters.get('query') ?? form?.query ?? '';
    const prefix = Buffer.from(inUrl === '' ? '' : `${inUrl}\n`);
    const body = new Body(form === undefined ? this.message : undefined);
    const head = Buffer.concat([prefix, await body.peek(HEAD)]);
    const statement = readStatement(head.toString('latin1'));
    if (statement.kind !== 'insert') {
      const rest = await body.peek(LONGEST_QUERY);
      if (!body.ended) throw ClickHouseException.syntax(`Max query size exceeded (${LONGEST_QUERY} bytes)`);
      const text = Buffer.concat([prefix, rest]);
      const read = text.length > head.length ? whole(text) : { text: utf8(text), statement };
      return { ...read, data: undefined, dataBytes: 0, settings, parameters };
    }
    if (statement.format === 'Values' && body.ended) assertOneStatement(head, statement.dataAt);
    const text = utf8(head.subarray(0, statement.formatAt));
    const inPrefix = prefix.subarray(Math.min(statement.dataAt, prefix.length));
    if (inPrefix.length > 0) body.unshift(inPrefix);
    const data = spool.file();
    try {
      const dataBytes = await body.spool(data, Math.max(0, statement.dataAt - prefix.length));
      return { text, statement, data, dataBytes, settings, parameters };
    } catch (error) {
      await data[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #form(): Promise<Form | undefined> {
    const type = this.header('content-type') ?? '';
    if (!type.startsWith('multipart/form-data')) return undefined;
    const body = new Body(this.message);
    const bytes = await body.peek(LONGEST_QUERY);
    if (!body.ended) throw ClickHouseException.notSupported(`forms longer than ${LONGEST_QUERY} bytes`);
    return readForm(bytes, type);
  }
}

export interface RequestedQuery {
  readonly text: string;
  readonly statement: Statement;
  readonly data: SpoolFile | undefined;
  readonly dataBytes: number;
  readonly settings: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
}

function whole(bytes: Buffer): { text: string; statement: Statement } {
  return { text: utf8(bytes), statement: readStatement(bytes.toString('latin1')) };
}
