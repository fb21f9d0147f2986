/** Opens sessions and says in one line what went wrong with them. Knows nothing of tables. */
import { createConnection } from 'mysql2';
import type { Connection, ConnectionOptions } from 'mysql2';
import { ConnectionLost, DataError, EnvironmentError, TransferError, codeOf, oneLine } from '../errors.ts';
import type { ConnectionParams } from './params.ts';
import { SESSION } from './sql.ts';

const CONNECT_MS = 10_000;

export function clientConfig(params: ConnectionParams): ConnectionOptions {
  return {
    host: params.Host,
    port: params.Port,
    user: params.User,
    password: params.Password.reveal(),
    database: params.Database,
    ...(params.EnableTLS ? { ssl: { rejectUnauthorized: false } } : {}),
    charset: 'utf8mb4',
    connectTimeout: CONNECT_MS,
    rowsAsArray: true,
    typeCast: (field) => field.buffer(),
  };
}

/** A row as the server printed it. */
export type TextRow = readonly (string | null)[];

/** A session that is closed by its owner. */
export class Session implements AsyncDisposable {
  readonly client: Connection;
  readonly #where: string;

  private constructor(client: Connection, where: string) {
    this.client = client;
    this.#where = where;
  }

  /** @throws TransferError */
  static async open(params: ConnectionParams): Promise<Session> {
    const client = createConnection(clientConfig(params));
    client.on('error', () => undefined); // the query under way, or the next one, fails with the same cause
    const session = new Session(client, whereIs(params));
    try {
      await new Promise<void>((resolve, reject) => {
        client.connect((error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
      for (const statement of SESSION) await session.query(statement);
      return session;
    } catch (cause) {
      client.destroy();
      throw explain(cause, whereIs(params), params);
    }
  }

  /** Rows of one statement as text; none for a statement that gives none. @throws TransferError */
  async query(sql: string): Promise<readonly TextRow[]> {
    return new Promise((resolve, reject) => {
      this.client.query(sql, (error, rows) => {
        if (error !== null) {
          const reason = this.explain(error);
          reject(reason instanceof Error ? reason : new ConnectionLost(String(reason)));
        } else if (!Array.isArray(rows)) resolve([]);
        else resolve((rows as (Buffer | null)[][]).map((row) => row.map((cell) => cell?.toString('utf8') ?? null)));
      });
    });
  }

  explain(cause: unknown): unknown {
    return explain(cause, this.#where);
  }

  /** Cuts the connection: what it has under way is rolled back. */
  abandon(): void {
    this.client.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const said = new Promise<void>((resolve) => {
      this.client.end(() => resolve());
    });
    // A server that is gone never says goodbye.
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, GOODBYE_MS).unref();
    });
    await Promise.race([said, late]);
    this.client.destroy();
  }
}

const GOODBYE_MS = 1_000;

export function whereIs(params: ConnectionParams): string {
  return `MySQL at ${params.Host}:${params.Port}`;
}

/** Numbers of the server for values and definitions that it cannot take (MySQL manual, server error message reference). */
const CANNOT_TAKE = new Set([
  1048, 1062, 1067, 1070, 1071, 1074, 1113, 1117, 1118, 1153, 1170, 1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416,
  1425, 1426, 1427, 1439, 1441, 1690, 3140, 3141, 3144, 3156, 3516, 3903, 4025,
]);
/** A lock that another session held for too long, a deadlock, a server that goes down: the same may work again. */
const TRY_AGAIN = new Set([1053, 1077, 1079, 1205, 1213, 3024]);

export function explain(cause: unknown, where: string, params?: ConnectionParams): unknown {
  if (cause instanceof TransferError) return cause;
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = codeOf(first) ?? '';
  const { errno = 0 } = first as { readonly errno?: number };
  const text = oneLine(first).slice(0, 500);
  if (/^(ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/.test(code)) {
    return new ConnectionLost(`cannot reach ${where} (${code}); check Host and Port, and that it runs`, { cause });
  }
  if (
    /^(ECONNRESET|EPIPE|PROTOCOL_CONNECTION_LOST|PROTOCOL_.*|ERR_STREAM.*)$/.test(code) ||
    text.includes('closed state')
  ) {
    return new ConnectionLost(`lost the connection to ${where}: ${text}`, { cause });
  }
  if (errno === 1045 || errno === 1044 || errno === 1698) {
    return new EnvironmentError(`${where} refuses the login: ${text}; check User and Password`, { cause });
  }
  if (errno === 1049) {
    return new EnvironmentError(
      `${where}: database '${params?.Database ?? ''}' does not exist; create it, or correct Database`,
      { cause },
    );
  }
  if (TRY_AGAIN.has(errno)) return new ConnectionLost(`${where}: ${text}`, { cause });
  if (CANNOT_TAKE.has(errno)) return new DataError(`${where}: ${text}`, { cause });
  if (errno > 0) return new EnvironmentError(`${where}: ${text} (error ${errno})`, { cause });
  return cause;
}
