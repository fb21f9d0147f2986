/** A session of the harness on one database: a pool for writes and short queries, a connection of its own for each read. */
import type { RowBatch, ShownRow } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import type { ServerInfo } from '../../core/server.ts';
import type { Change, Table } from '../../core/table.ts';
import type { TableName } from '../../core/words.ts';
import type { ChangeLog, Consumer, Position, ReadRequest, Session } from '../connector.ts';
import { describeTable, listTables } from './catalog.ts';
import { connect, ConnectionPool, end, oneLine, rowsOf, run } from './connection.ts';
import { createDatabase, createTable } from './ddl.ts';
import { joinServer } from './dsn.ts';
import { logPosition } from './log.ts';
import { quoteName } from './quote.ts';
import { readTable } from './read.ts';
import { showRows, statementFor } from './show.ts';
import { applyChange } from './write.ts';

/** Makes a database, and a session on it that drops it on dispose. */
export async function openSession(server: ServerInfo, namespace: string): Promise<Session & ChangeLog> {
  const admin = await connect(server.hostView, server.hostView.root);
  try {
    await run(admin, createDatabase(namespace, server.product === 'MariaDB'));
  } catch (error) {
    if (error instanceof E2eError) throw error;
    throw new E2eError('MYSQL_NAMESPACE', `MySQL did not create database ${namespace}: ${oneLine(error)}`, {
      cause: error,
    });
  } finally {
    await end(admin);
  }
  return new MySqlSession(server, namespace, true);
}

/** A session on a database that is there and stays. */
export async function connectSession(dsn: URL): Promise<Session & ChangeLog> {
  const { info, database } = await joinServer(dsn);
  if (database === '') {
    throw new E2eError('MYSQL_DATABASE', 'the DSN names no database: mysql://user:password@host/database');
  }
  return new MySqlSession(info, database, false);
}

class MySqlSession implements Session, ChangeLog {
  readonly kind = 'mysql';
  readonly server: ServerInfo;
  readonly namespace: string;
  readonly #owned: boolean;
  readonly #pool: ConnectionPool;

  constructor(server: ServerInfo, namespace: string, owned: boolean) {
    this.server = server;
    this.namespace = namespace;
    this.#owned = owned;
    this.#pool = new ConnectionPool(server.hostView, namespace);
  }

  async create(table: Table): Promise<void> {
    await this.write({ kind: 'native', statements: createTable(table) });
  }

  write(change: Change): Promise<void> {
    // What native statements SET must not leak into the next change.
    return this.#pool.use((connection) => applyChange(connection, change), { once: change.kind === 'native' });
  }

  tables(): Promise<TableName[]> {
    return this.#pool.use((connection) => listTables(connection, this.namespace));
  }

  describe(name: TableName): Promise<Table | undefined> {
    return this.#pool.use((connection) => describeTable(connection, this.namespace, name));
  }

  read(request: ReadRequest): AsyncIterable<RowBatch> {
    return readTable(() => connect(this.server.hostView, this.namespace), this.namespace, request);
  }

  show(request: ReadRequest, keys: readonly (readonly Uint8Array[])[]): Promise<readonly ShownRow[]> {
    return showRows(() => connect(this.server.hostView, this.namespace), this.namespace, request, keys);
  }

  statementFor(table: Table, key: Readonly<Record<string, string>>): string {
    return statementFor(table, key);
  }

  position(): Promise<Position> {
    return logPosition(this.#pool);
  }

  /** Readers of the binary log are readers of the whole server's; which of them follows this database nobody can tell. */
  consumers(): Promise<readonly Consumer[]> {
    return Promise.resolve([]);
  }

  dropConsumers(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
    if (!this.#owned) return;
    const admin = await connect(this.server.hostView, this.server.hostView.root);
    try {
      // An open transaction on one of its tables would keep the database from being dropped.
      const sessions = await rowsOf(admin, 'SHOW PROCESSLIST');
      for (const [id, , , database] of sessions) {
        if (database === this.namespace) await run(admin, `KILL ${id ?? '0'}`).catch(() => undefined); // ended by itself
      }
      await run(admin, `DROP DATABASE IF EXISTS ${quoteName(this.namespace)}`);
    } finally {
      await end(admin);
    }
  }
}
