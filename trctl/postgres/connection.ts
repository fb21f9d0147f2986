/** Opens sessions and says in one line what went wrong with them. Knows nothing of tables. */
import pg from 'pg';
import type { ClientConfig, QueryResultRow } from 'pg';
import { ConnectionLost, DataError, EnvironmentError, TransferError, codeOf, oneLine } from '../errors.ts';
import type { ConnectionParams } from './params.ts';
import { SESSION_OPTIONS } from './sql.ts';

/** Values come as the text that Postgres sent. */
const rawTypes = { getTypeParser: () => (text: string | Buffer) => text } as unknown as NonNullable<
  ClientConfig['types']
>;

/** What pg's Client needs, for one of the hosts. */
export function clientConfig(params: ConnectionParams, host: string): ClientConfig {
  return {
    host,
    port: params.Port,
    database: params.Database,
    user: params.User,
    password: params.Password.reveal(),
    ssl: params.EnableTLS ? { rejectUnauthorized: false } : false,
    options: SESSION_OPTIONS,
    types: rawTypes,
    application_name: 'trctl',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
}

/** A session that is closed by its owner. */
export class Session implements AsyncDisposable {
  readonly client: pg.Client;
  readonly #where: string;
  #closed = false;

  private constructor(client: pg.Client, where: string) {
    this.client = client;
    this.#where = where;
  }

  /** Opens a session at the first host that answers. @throws TransferError of the last host. */
  static async open(params: ConnectionParams, replication = false): Promise<Session> {
    let failure: unknown;
    for (const host of params.Hosts) {
      const client = new pg.Client({
        ...clientConfig(params, host),
        ...(replication ? ({ replication: 'database' } as ClientConfig) : {}),
      });
      client.on('error', () => undefined); // the query under way, or the next one, fails with the same cause
      try {
        await client.connect();
        return new Session(client, whereIs(params, host));
      } catch (cause) {
        failure = explain(cause, whereIs(params, host), params);
        if (!(failure instanceof ConnectionLost)) break;
      }
    }
    throw failure;
  }

  /** @throws TransferError */
  async query<R extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]> {
    try {
      const result =
        values === undefined ? await this.client.query<R>(sql) : await this.client.query<R>(sql, [...values]);
      return result.rows;
    } catch (cause) {
      throw this.explain(cause);
    }
  }

  explain(cause: unknown): unknown {
    return explain(cause, this.#where);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.client.end().catch(() => undefined); // a session that is broken already has nothing left to close
  }

  /** Cuts the connection without waiting for what runs on it. */
  abandon(): void {
    this.#closed = true;
    (this.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

export function whereIs(params: ConnectionParams, host = params.Hosts[0] ?? ''): string {
  return `Postgres at ${host}:${params.Port}`;
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const LOST = new Set(['ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03', '57P05', '58000', 'XX000']);

/** Turns what pg threw into an error for people; what is none of the world's doing comes back as it is. */
export function explain(cause: unknown, where: string, params?: ConnectionParams): unknown {
  if (cause instanceof TransferError) return cause;
  const code = codeOf(cause) ?? '';
  const text = oneLine(cause);
  if (UNREACHABLE.has(code) || /timeout expired|Connection terminated due to connection timeout/.test(text)) {
    return new ConnectionLost(`cannot reach ${where} (${code || text}); check Hosts and Port, and that it runs`, {
      cause,
    });
  }
  if (code === '28P01' || code === '28000') {
    const user = params === undefined ? '' : ` as user '${params.User}'`;
    return new EnvironmentError(`${where} refuses the login${user}: ${text}; check User and Password`, { cause });
  }
  if (code === '3D000') {
    return new EnvironmentError(`${where}: ${text}; check Database, or create it`, { cause });
  }
  if (LOST.has(code) || code.startsWith('08') || /Connection terminated|connection is not queryable/i.test(text)) {
    return new ConnectionLost(`lost the connection to ${where}: ${text}`, { cause });
  }
  if (code.startsWith('22') || code.startsWith('23')) return new DataError(`${where}: ${text}`, { cause });
  if (/^[0-9A-Z]{5}$/.test(code)) {
    const remedy = code === '42501' ? '; grant it, or use another User' : '';
    return new EnvironmentError(`${where}: ${text} (SQLSTATE ${code})${remedy}`, { cause });
  }
  return cause;
}
