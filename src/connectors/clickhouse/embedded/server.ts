// The HTTP interface in front of the embedded ClickHouse engine. `startServer` is the door; main.ts is it as a program.
// Must not know how queries run.
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account } from './authentication.ts';
import { authenticate } from './authentication.ts';
import type { Answer } from './engine.ts';
import { Engine } from './engine.ts';
import { ClickHouseException, fromEngine } from './exception.ts';
import { QueryLog } from './query-log.ts';
import type { RequestedQuery } from './request.ts';
import { Request } from './request.ts';
import { ClientGone, Response } from './response.ts';

export interface ServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  /** The engine's data directory; made if need be, never removed. One server per process and directory. */
  readonly data: string;
  readonly account: Account;
  /** Where each query is recorded as a line of JSON. */
  readonly queryLog: string | undefined;
}

/** A running server. Disposing it ends its connections and unloads the engine. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  readonly version: string;
}

/** @throws ClickHouseException if the data directory cannot be opened; a system error if the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const engine = await Engine.open(options.data);
  const log = await QueryLog.open(options.queryLog);
  const server = createServer({ keepAliveTimeout: 30_000, requestTimeout: 0, maxHeaderSize: 1 << 20 });
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    // Errors of the socket itself end the request through 'close'.
    response.on('error', () => undefined);
    void new Exchange(engine, log, options.account, message, response).handle();
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    version: engine.facts.version,
    [Symbol.asyncDispose]: async () => {
      await closed(server);
      await engine[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}

async function closed(server: Server): Promise<void> {
  const over = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await over;
}

/** Paths that answer without the engine. */
const FIXED: ReadonlyMap<string, string> = new Map([
  ['/', 'Ok.\n'],
  ['/ping', 'Ok.\n'],
  ['/replicas_status', 'Ok.\n'],
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

/** One request and its response. */
class Exchange {
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

  async handle(): Promise<void> {
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
    const began = performance.now();
    const time = new Date().toISOString();
    const request = new Request(this.#message);
    const gone = new AbortController();
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) gone.abort(new ClientGone());
    });
    const outcome: { query?: RequestedQuery; answer?: Answer; failure?: unknown; sent: number } = { sent: 0 };
    let response: Response | undefined;
    try {
      response = new Response(this.#response, request, this.#engine.facts);
      await this.#run(request, response, gone.signal, outcome);
    } catch (error) {
      outcome.failure = gone.signal.aborted ? new ClientGone() : fromEngine(error);
      if (outcome.failure instanceof ClickHouseException) await this.#sendFailure(response, outcome.failure);
    }
    outcome.sent = response?.sent ?? 0;
    if (request.switch('close_session', false) && request.session !== undefined) {
      this.#engine.endSession(request.session.id);
    }
    const { failure, answer, query } = outcome;
    const exception = failure instanceof ClickHouseException ? failure : undefined;
    const socket = this.#message.socket;
    this.#log.write({
      time,
      query_id: request.id,
      method: this.#message.method ?? '',
      client: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`,
      user_agent: request.header('user-agent'),
      user: this.#account.user,
      database: request.database,
      query: query?.text ?? '',
      ms: Math.round((performance.now() - began) * 1000) / 1000,
      rows:
        answer === undefined
          ? 0
          : answer.progress.writtenRows || answer.progress.resultRows || answer.progress.readRows,
      bytes: (query?.dataBytes ?? 0) || outcome.sent,
      exception_code: exception?.code ?? 0,
      exception: exception?.message,
      aborted: failure instanceof ClientGone,
    });
  }

  async #run(
    request: Request,
    response: Response,
    signal: AbortSignal,
    outcome: { query?: RequestedQuery; answer?: Answer },
  ): Promise<void> {
    authenticate(request, this.#account);
    request.refuseWhatIsMissing();
    const query = await request.query(this.#engine.spool);
    outcome.query = query;
    try {
      const { database, defaultFormat, readonly, session } = request;
      const whole = request.switch('wait_end_of_query', request.switch('http_wait_end_of_query', false));
      const named = { id: request.id, user: this.#account.user, database, defaultFormat, readonly, session, whole };
      await using answer = await this.#engine.execute({ ...query, ...named }, signal);
      outcome.answer = answer;
      await response.send(answer);
    } finally {
      await query.data?.[Symbol.asyncDispose]();
    }
  }

  async #sendFailure(response: Response | undefined, exception: ClickHouseException): Promise<void> {
    // What is left of the request must be read, or the client may never get to read the response.
    this.#message.resume();
    try {
      if (response === undefined) this.#plain(400, `${exception.describe(this.#engine.facts.version)}\n`);
      else await response.fail(exception);
    } catch (error) {
      if (!(error instanceof ClientGone)) throw error;
    }
  }
}
