/**
 * Connections of the harness: with the same settings everywhere, so that text of values never depends on the server's
 * configuration, and with errors that say which server and what to do.
 */
import pg from 'pg';
import { type Deadline, done, notYet, until } from '../../core/deadline.ts';
import { E2eError, messageOf } from '../../core/errors.ts';
import type { Address } from '../../core/server.ts';

/**
 * What the text of a value depends on, fixed (manual, 19.11), and what could end a long read, off. row_security off
 * turns rows that a policy would hide into an error.
 */
const SETTINGS = `
  SET client_encoding = 'UTF8';
  SET DateStyle = 'ISO, YMD';
  SET IntervalStyle = 'postgres';
  SET TimeZone = 'UTC';
  SET extra_float_digits = 3;
  SET bytea_output = 'hex';
  SET standard_conforming_strings = on;
  SET statement_timeout = 0;
  SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0;
  SET row_security = off`;

const CONNECT_MS = 10_000;

/** Every value as the server's text; NULL as null. */
const AS_TEXT = { getTypeParser: () => (value: unknown) => value };

/** A row of a query. */
export type TextRow = readonly (string | null)[];

/** The options of one connection. Encrypted ones do not check the certificate, as libpq's sslmode=require does not. */
function configuration(address: Address, database: string): pg.ClientConfig {
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password.reveal(),
    database,
    ssl: address.tls ? { rejectUnauthorized: false } : false,
    application_name: 'transfer-e2e',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: AS_TEXT,
  };
}

/** A connection of one's own; the caller ends it. @throws E2eError PG_CONNECT and its kin, one line. */
export async function connect(address: Address, database: string): Promise<pg.Client> {
  const client = new pg.Client(configuration(address, database));
  // A connection lost while idle is told of by the next query; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(SETTINGS);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectError(error, address, database);
  }
}

const POOL_SIZE = 8;

/** Connections for writes and short queries, made when needed; whoever makes the pool ends it. */
export class ConnectionPool {
  readonly #pool: pg.Pool;
  readonly #address: Address;
  readonly #database: string;

  constructor(address: Address, database: string) {
    this.#address = address;
    this.#database = database;
    this.#pool = new pg.Pool({
      ...configuration(address, database),
      max: POOL_SIZE,
      idleTimeoutMillis: 60_000,
      verify: (client, verified) => client.query(SETTINGS, verified),
    });
    this.#pool.on('error', () => undefined);
  }

  /**
   * Takes a connection and gives it back.
   *
   * @param options.once the connection is closed afterwards: the work may leave settings behind.
   * @throws E2eError as `connect`; what the work throws, the driver's errors as E2eError PG_QUERY.
   */
  async use<T>(work: (client: pg.PoolClient) => Promise<T>, options: { readonly once?: boolean } = {}): Promise<T> {
    const client = await this.#take();
    // A connection lost while it is ours is told of by the query that runs on it.
    const lost = (): void => undefined;
    client.on('error', lost);
    let reusable = false;
    try {
      const result = await work(client);
      reusable = options.once !== true;
      return result;
    } catch (error) {
      throw error instanceof E2eError ? error : queryError(error, this.#address, this.#database);
    } finally {
      client.off('error', lost);
      client.release(!reusable);
    }
  }

  /** Rows of one query as text. */
  rows(text: string, values: readonly unknown[] = []): Promise<readonly TextRow[]> {
    return this.use((client) => rowsOf(client, text, values));
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }

  async #take(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw connectError(error, this.#address, this.#database);
    }
  }
}

/** Rows of a query as text. */
export async function rowsOf(
  client: pg.ClientBase,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly TextRow[]> {
  const result = await client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' });
  return result.rows;
}

/** Waits until a query answers. @returns the server's version, `18.4`. */
export async function readyVersion(
  address: Address,
  deadline: Deadline,
  stillAlive: () => void = () => undefined,
): Promise<string> {
  return until(`Postgres at ${address.host}:${address.port} to answer a query`, deadline, async () => {
    stillAlive();
    try {
      const client = await connect(address, address.root);
      try {
        return done(await serverVersion(client));
      } finally {
        await client.end();
      }
    } catch (error) {
      return notYet(messageOf(error));
    }
  });
}

/** `18.4`, without what a distribution adds. */
export async function serverVersion(client: pg.ClientBase): Promise<string> {
  const [row] = await rowsOf(client, 'SHOW server_version');
  return (row?.[0] ?? 'unknown').split(' ')[0] ?? 'unknown';
}

/** SQLSTATE or errno → stable code and the next step. Source: PostgreSQL manual, appendix A. */
const REASONS: Readonly<Record<string, readonly [code: string, remedy: string]>> = {
  '28P01': ['PG_PASSWORD', 'check user and password'],
  '28000': ['PG_PASSWORD', 'check the user, and what pg_hba.conf allows it'],
  '3D000': ['PG_DATABASE', 'check the name of the database'],
  '53300': ['PG_CONNECTIONS', 'raise max_connections, or end other sessions'],
  '57P03': ['PG_STARTING', 'wait until the server is up'],
  ECONNREFUSED: ['PG_UNREACHABLE', 'check host and port, and that the server runs'],
  ENOTFOUND: ['PG_UNREACHABLE', 'check the host name'],
  EAI_AGAIN: ['PG_UNREACHABLE', 'check the host name and the name server'],
  ETIMEDOUT: ['PG_UNREACHABLE', 'check host and port, and firewalls between here and there'],
  EHOSTUNREACH: ['PG_UNREACHABLE', 'check the host, and the network between here and there'],
  ECONNRESET: ['PG_UNREACHABLE', 'check that it is Postgres that listens there'],
};

function queryError(error: unknown, address: Address, database: string): E2eError {
  const where = `${address.host}:${address.port}/${database}`;
  return new E2eError('PG_QUERY', `Postgres at ${where} failed a query: ${messageOf(error)}`, { cause: error });
}

function connectError(error: unknown, address: Address, database: string): E2eError {
  const reason = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
  const [code, remedy] = REASONS[codeOf(error)] ?? guess(reason);
  const where = `${address.user}@${address.host}:${address.port}/${database}`;
  return new E2eError(code, `cannot connect to Postgres at ${where}: ${reason}; ${remedy}`, { cause: error });
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const { code } = error as { readonly code?: string };
  return code ?? '';
}

/** What the driver itself refuses comes without a code. */
function guess(reason: string): readonly [code: string, remedy: string] {
  if (/password/i.test(reason)) return ['PG_PASSWORD', 'name a password'];
  if (/timeout/i.test(reason)) return ['PG_UNREACHABLE', 'check host and port, and firewalls between here and there'];
  return ['PG_CONNECT', 'check that it is Postgres that listens there'];
}
