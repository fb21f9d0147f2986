/** A session of the harness on one database: a pool for writes and short queries, a connection of its own for each read. */
import type { RowBatch, ShownRow } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import type { ServerInfo } from '../../core/server.ts';
import type { Change, Table } from '../../core/table.ts';
import type { TableName } from '../../core/words.ts';
import type { ChangeLog, Consumer, Position, ReadRequest, Session } from '../connector.ts';
import { describeTable, listTables } from './catalog.ts';
import { connect, ConnectionPool } from './connection.ts';
import { createDatabase, createTable } from './ddl.ts';
import { joinServer } from './dsn.ts';
import { dropSlots, logConsumers, logPosition } from './log.ts';
import { quoteName } from './quote.ts';
import { readTable } from './read.ts';
import { showRows, statementFor } from './show.ts';
import { applyChange } from './write.ts';

/** Makes a database, and a session on it that drops it on dispose. */
export async function openSession(server: ServerInfo, namespace: string): Promise<Session & ChangeLog> {
  const admin = await connect(server.hostView, server.hostView.root);
  try {
    await admin.query(createDatabase(namespace));
  } catch (error) {
    throw new E2eError('PG_NAMESPACE', `Postgres did not create database ${namespace}`, { cause: error });
  } finally {
    await admin.end();
  }
  return new PostgresSession(server, namespace, true);
}

/** A session on a database that is there and stays. */
export async function connectSession(dsn: URL): Promise<Session & ChangeLog> {
  const { info, database } = await joinServer(dsn);
  return new PostgresSession(info, database, false);
}

class PostgresSession implements Session, ChangeLog {
  readonly kind = 'postgres';
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
    return this.#pool.use((client) => applyChange(client, change), { once: change.kind === 'native' });
  }

  tables(): Promise<TableName[]> {
    return this.#pool.use(listTables);
  }

  describe(name: TableName): Promise<Table | undefined> {
    return this.#pool.use((client) => describeTable(client, name));
  }

  read(request: ReadRequest): AsyncIterable<RowBatch> {
    return readTable(() => connect(this.server.hostView, this.namespace), request);
  }

  show(request: ReadRequest, keys: readonly (readonly Uint8Array[])[]): Promise<readonly ShownRow[]> {
    return showRows(this.#pool, (rows) => this.read(rows), request, keys);
  }

  statementFor(table: Table, key: Readonly<Record<string, string>>): string {
    return statementFor(table, key);
  }

  position(): Promise<Position> {
    return logPosition(this.#pool);
  }

  consumers(upTo: Position): Promise<readonly Consumer[]> {
    return logConsumers(this.#pool, upTo);
  }

  dropConsumers(): Promise<readonly string[]> {
    return dropSlots(this.#pool);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#owned) return this.#pool.end();
    try {
      // Slots keep a database from being dropped, even by force.
      await dropSlots(this.#pool);
    } finally {
      await this.#pool.end();
    }
    const admin = await connect(this.server.hostView, this.server.hostView.root);
    try {
      await admin.query(`DROP DATABASE IF EXISTS ${quoteName(this.namespace)} WITH (FORCE)`);
    } finally {
      await admin.end();
    }
  }
}
