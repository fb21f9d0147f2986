/**
 * Connections of the harness: with the same settings everywhere, so that text of values never depends on the server's
 * configuration, and with errors that say which server and what to do.
 */
import { createConnection, createPool, type Connection, type ConnectionOptions, type Pool } from 'mysql2';
import { Deadline, done, notYet, until, within } from '../../core/deadline.ts';
import { E2eError, messageOf } from '../../core/errors.ts';
import type { Address } from '../../core/server.ts';

/**
 * What the text of a value depends on, fixed, and what could cut a value short, an error. Zero dates are let in: a
 * source may hold them. Source: MySQL manual, 7.1.8 and 7.1.11.
 */
const SETTINGS = [
  'SET NAMES utf8mb4',
  `SET SESSION time_zone = '+00:00', net_write_timeout = 3600, net_read_timeout = 3600, group_concat_max_len = 1048576,
    sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'`,
];

const CONNECT_MS = 10_000;
const GOODBYE_MS = 2_000;

/** A row of a query; every value as the server's text. */
export type TextRow = readonly (string | null)[];

function configuration(address: Address, database: string): ConnectionOptions {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password.reveal(),
    ...(database === '' ? {} : { database }),
    // Encrypted ones do not check the certificate, as the server's own client does not unless told.
    ...(address.tls ? { ssl: { rejectUnauthorized: false } } : {}),
    charset: 'utf8mb4',
    connectTimeout: CONNECT_MS,
    multipleStatements: true,
    rowsAsArray: true,
    // Bytes as they came; whoever asks knows what they are.
    typeCast: (field) => field.buffer(),
    flags: ['-FOUND_ROWS'],
  };
}

/** A connection of one's own; the caller ends it. @throws E2eError MYSQL_UNREACHABLE and its kin, one line. */
export async function connect(address: Address, database: string): Promise<Connection> {
  const connection = createConnection(configuration(address, database));
  // A connection lost while idle is told of by the next query; without a listener it would end the process.
  connection.on('error', () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error === null ? resolve() : reject(error)));
    });
    for (const statement of SETTINGS) await run(connection, statement);
    return connection;
  } catch (error) {
    connection.destroy();
    throw connectError(error, address, database);
  }
}

/** Runs one or several statements; what they return is dropped. */
export function run(connection: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error) => (error === null ? resolve() : reject(error)));
  });
}

/** Rows of a query as text. */
export function rowsOf(connection: Connection, sql: string): Promise<readonly TextRow[]> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error, rows) => {
      if (error !== null) reject(error);
      else resolve((rows as (Buffer | null)[][]).map((row) => row.map((cell) => cell?.toString('utf8') ?? null)));
    });
  });
}

/** Ends a connection in order, or cuts it where it no longer answers. */
export async function end(connection: Connection): Promise<void> {
  const said = new Promise<void>((resolve) => {
    connection.end(() => resolve());
  });
  // A server that is gone never says goodbye.
  await within('MySQL to say goodbye', Deadline.after(GOODBYE_MS), said).catch(() => undefined);
  connection.destroy();
}

const POOL_SIZE = 8;

/** Connections for writes and short queries, made when needed; whoever makes the pool ends it. */
export class ConnectionPool {
  readonly #pool: Pool;
  readonly #address: Address;
  readonly #database: string;
  readonly #ready = new WeakSet<Connection>();

  constructor(address: Address, database: string) {
    this.#address = address;
    this.#database = database;
    this.#pool = createPool({ ...configuration(address, database), connectionLimit: POOL_SIZE, idleTimeout: 60_000 });
  }

  /**
   * Takes a connection and gives it back.
   *
   * @param options.once the connection is closed afterwards: the work may leave settings behind.
   * @throws E2eError as `connect`; what the work throws, the driver's errors as E2eError MYSQL_QUERY.
   */
  async use<T>(work: (connection: Connection) => Promise<T>, options: { readonly once?: boolean } = {}): Promise<T> {
    const connection = await this.#take();
    let reusable = false;
    try {
      const result = await work(connection);
      reusable = options.once !== true;
      return result;
    } catch (error) {
      throw error instanceof E2eError ? error : queryError(error, this.#address, this.#database);
    } finally {
      if (reusable) connection.release();
      else connection.destroy();
    }
  }

  /** Rows of one query as text. */
  rows(sql: string): Promise<readonly TextRow[]> {
    return this.use((connection) => rowsOf(connection, sql));
  }

  async end(): Promise<void> {
    const said = new Promise<void>((resolve) => {
      this.#pool.end(() => resolve());
    });
    await within('MySQL to say goodbye', Deadline.after(GOODBYE_MS), said).catch(() => undefined);
  }

  async #take(): Promise<Connection & { release(): void }> {
    try {
      const connection = await new Promise<Connection & { release(): void }>((resolve, reject) => {
        this.#pool.getConnection((error, taken) => {
          if (error === null) resolve(taken);
          else reject(error);
        });
      });
      if (!this.#ready.has(connection)) {
        connection.on('error', () => undefined);
        for (const statement of SETTINGS) await run(connection, statement);
        this.#ready.add(connection);
      }
      return connection;
    } catch (error) {
      throw connectError(error, this.#address, this.#database);
    }
  }
}

/** What a server is: `{ product: 'MySQL', version: '9.7.4' }`. */
export interface Product {
  readonly product: 'MySQL' | 'MariaDB';
  readonly version: string;
}

export async function productOf(connection: Connection): Promise<Product> {
  const [row] = await rowsOf(connection, 'SELECT VERSION()');
  return readVersion(row?.[0] ?? '');
}

/** `9.7.4-2` and `11.8.3-MariaDB-0+deb13u1` as the servers print them. */
export function readVersion(text: string): Product {
  const version = /\d+(?:\.\d+)+/.exec(text)?.[0] ?? 'unknown';
  return { product: /mariadb/i.test(text) ? 'MariaDB' : 'MySQL', version };
}

/** Waits until a query answers. */
export async function readyProduct(
  address: Address,
  deadline: Deadline,
  stillAlive: () => void = () => undefined,
): Promise<Product> {
  return until(`MySQL at ${address.host}:${address.port} to answer a query`, deadline, async () => {
    stillAlive();
    try {
      const connection = await connect(address, '');
      try {
        return done(await productOf(connection));
      } finally {
        await end(connection);
      }
    } catch (error) {
      return notYet(messageOf(error));
    }
  });
}

/** The driver's or the server's symbol → stable code and the next step. Source: MySQL manual, error reference. */
const REASONS: Readonly<Record<string, readonly [code: string, remedy: string]>> = {
  ER_ACCESS_DENIED_ERROR: ['MYSQL_PASSWORD', 'check user and password'],
  ER_DBACCESS_DENIED_ERROR: ['MYSQL_PASSWORD', 'check what the user is granted'],
  ER_NOT_SUPPORTED_AUTH_MODE: ['MYSQL_PASSWORD', 'give the user a password of a kind that the driver knows'],
  ER_BAD_DB_ERROR: ['MYSQL_DATABASE', 'check the name of the database'],
  ER_CON_COUNT_ERROR: ['MYSQL_CONNECTIONS', 'raise max_connections, or end other sessions'],
  ECONNREFUSED: ['MYSQL_UNREACHABLE', 'check host and port, and that the server runs'],
  ENOTFOUND: ['MYSQL_UNREACHABLE', 'check the host name'],
  EAI_AGAIN: ['MYSQL_UNREACHABLE', 'check the host name and the name server'],
  ETIMEDOUT: ['MYSQL_UNREACHABLE', 'check host and port, and firewalls between here and there'],
  EHOSTUNREACH: ['MYSQL_UNREACHABLE', 'check the host, and the network between here and there'],
  ECONNRESET: ['MYSQL_UNREACHABLE', 'check that it is MySQL that listens there'],
  PROTOCOL_CONNECTION_LOST: ['MYSQL_UNREACHABLE', 'check that it is MySQL that listens there'],
};

function queryError(error: unknown, address: Address, database: string): E2eError {
  const where = `${address.host}:${address.port}/${database}`;
  return new E2eError('MYSQL_QUERY', `MySQL at ${where} failed a query: ${oneLine(error)}`, { cause: error });
}

function connectError(error: unknown, address: Address, database: string): E2eError {
  const [code, remedy] = REASONS[codeOf(error)] ?? ['MYSQL_CONNECT', 'check that it is MySQL that listens there'];
  const where = `${address.user}@${address.host}:${address.port}/${database}`;
  return new E2eError(code, `cannot connect to MySQL at ${where}: ${oneLine(error)}; ${remedy}`, { cause: error });
}

export function oneLine(error: unknown): string {
  const text = error instanceof AggregateError ? messageOf(error.errors[0]) : messageOf(error);
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const { code } = error as { readonly code?: string };
  return code ?? '';
}
