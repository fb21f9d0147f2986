// One HTTP request and its response: routing, the steps of a query, its line in the log.
// Must not know how queries run, nor how SQL is written.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from './authentication.ts';
import { authenticate } from './authentication.ts';
import type { Answer, Engine } from './engine.ts';
import { ClickHouseException, fromEngine } from './exception.ts';
import type { QueryLog } from './query-log.ts';
import type { RequestedQuery } from './request.ts';
import { Request } from './request.ts';
import { ClientGone, Response } from './response.ts';

/** Paths that answer without the engine. */
const FIXED: ReadonlyMap<string, string> = new Map([
  ['/', 'Ok.\n'],
  ['/ping', 'Ok.\n'],
  ['/replicas_status', 'Ok.\n'],
]);

/** Pages that a server has and this one has not. */
const PAGES: ReadonlySet<string> = new Set([
  '/play',
  '/dashboard',
  '/binary',
  '/merges',
  '/jemalloc',
  '/metrics',
  '/js',
]);

const NO_HANDLE = `
Use / or /ping for health checks.
Or /replicas_status for more sophisticated health checks.

Send queries from your program with POST method or GET /?query=...

Use clickhouse-client:

For interactive data analysis:
    clickhouse-client

For batch query processing:
    clickhouse-client --query='SELECT 1' > result
    clickhouse-client < query > result
`;

/** What became of a request, gathered on its way for the log. */
interface Outcome {
  readonly client: string;
  readonly time: string;
  readonly began: number;
  query?: RequestedQuery;
  answer?: Answer;
  response?: Response;
  failure?: ClickHouseException | ClientGone;
}

export class Exchange {
  readonly #engine: Engine;
  readonly #log: QueryLog;
  readonly #account: Account;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(engine: Engine, log: QueryLog, account: Account, message: IncomingMessage, response: ServerResponse) {
    this.#engine = engine;
    this.#log = log;
    this.#account = account;
    this.#message = message;
    this.#response = response;
  }

  /** Answers the request. Never rejects. */
  async handle(): Promise<void> {
    try {
      await this.#route();
    } catch (error) {
      process.stderr.write(`embedded clickhouse: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
      this.#response.destroy();
    }
  }

  async #route(): Promise<void> {
    const { method = '', url = '/' } = this.#message;
    const [path = '/'] = url.split('?');
    const reads = method === 'GET' || method === 'HEAD';
    const fixed = FIXED.get(path);
    if (reads && fixed !== undefined && (path !== '/' || !url.includes('?'))) {
      this.#plain(200, fixed);
    } else if (method === 'OPTIONS') {
      this.#plain(204, '');
    } else if (method === 'POST' || (reads && url.includes('?'))) {
      await this.#query();
    } else if (reads && PAGES.has(path)) {
      this.#plain(404, `not supported here: the page ${path}\n`);
    } else {
      this.#plain(404, `There is no handle ${url}\n${NO_HANDLE}`);
    }
  }

  #plain(status: number, text: string): void {
    this.#message.resume();
    this.#response.writeHead(status, {
      'Content-Type': 'text/html; charset=UTF-8',
      'X-ClickHouse-Server-Display-Name': this.#engine.facts.hostname,
    });
    this.#response.end(this.#message.method === 'HEAD' ? undefined : text);
  }

  async #query(): Promise<void> {
    const { remoteAddress = '', remotePort = 0 } = this.#message.socket;
    const client = `${remoteAddress}:${remotePort}`;
    const outcome: Outcome = { client, time: new Date().toISOString(), began: performance.now() };
    const gone = new AbortController();
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) gone.abort(new ClientGone());
    });
    const request = new Request(this.#message);
    try {
      const response = new Response(this.#response, request, this.#engine.facts);
      outcome.response = response;
      await this.#run(request, response, gone.signal, outcome);
    } catch (error) {
      outcome.failure = gone.signal.aborted || error instanceof ClientGone ? new ClientGone() : fromEngine(error);
    }
    // Before the end of the response, so that who has read that finds the line.
    this.#log.write(this.#entry(request, outcome));
    await this.#end(outcome);
  }

  async #run(request: Request, response: Response, signal: AbortSignal, outcome: Outcome): Promise<void> {
    authenticate(request, this.#account);
    request.refuseWhatIsMissing();
    const { id, database, defaultFormat, readonly, session, whole, closesSession } = request;
    const requested = await request.query(this.#engine.spool);
    outcome.query = requested;
    const query = { ...requested, id, user: this.#account.user, database, defaultFormat, readonly, session, whole };
    // Disposed before the response ends: a client's next query must not find its session locked by this one.
    await using rows = requested.data;
    await using answer = await this.#engine.execute(query, signal);
    outcome.answer = answer;
    await rows?.[Symbol.asyncDispose]();
    await response.send(answer);
    await answer[Symbol.asyncDispose]();
    if (closesSession && session !== undefined) this.#engine.endSession(session.id);
  }

  async #end(outcome: Outcome): Promise<void> {
    const { failure, response } = outcome;
    if (failure === undefined) {
      response?.end();
      return;
    }
    // What is left of the request must be read, or the client may never get to read the response.
    this.#message.resume();
    if (failure instanceof ClientGone) return;
    if (response === undefined) {
      this.#plain(400, `${failure.describe(this.#engine.facts.version)}\n`);
      return;
    }
    try {
      await response.fail(failure);
    } catch (error) {
      if (!(error instanceof ClientGone)) throw error;
    }
  }

  #entry(request: Request, outcome: Outcome): Parameters<QueryLog['write']>[0] {
    const { failure, answer, query, response } = outcome;
    const exception = failure instanceof ClickHouseException ? failure : undefined;
    const { writtenRows = 0, resultRows = 0, readRows = 0 } = answer?.progress ?? {};
    return {
      time: outcome.time,
      query_id: request.id,
      front: 'http',
      method: this.#message.method ?? '',
      client: outcome.client,
      client_name: request.header('user-agent'),
      user: this.#account.user,
      database: request.database,
      query: query?.text.trim() ?? '',
      ms: Math.round((performance.now() - outcome.began) * 1000) / 1000,
      rows: writtenRows > 0 ? writtenRows : resultRows > 0 ? resultRows : readRows,
      bytes: query?.data === undefined ? (response?.sent ?? 0) : query.dataBytes,
      exception_code: exception?.code ?? 0,
      exception: exception?.message,
      aborted: failure instanceof ClientGone,
    };
  }
}
