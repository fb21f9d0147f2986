/** A session of the harness on one database: HTTP is stateless, so calls overlap freely over a few kept connections. */
import type { ClickHouseSettings } from '@clickhouse/client';
import type { RowBatch, ShownRow } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import type { ServerInfo } from '../../core/server.ts';
import type { Change, Table } from '../../core/table.ts';
import type { TableName } from '../../core/words.ts';
import type { ReadRequest, Session } from '../connector.ts';
import { ClickHouseClient } from './client.ts';
import { createDatabase, createTable, dropDatabase } from './ddl.ts';
import { tableFacts, tableNames, tableOf, type TableFacts } from './describe.ts';
import { joinServer } from './dsn.ts';
import { readRows, selectStatement, showRows } from './read.ts';
import { write } from './write.ts';

/** Makes a database, and a session on it that drops it on dispose. */
export async function openSession(server: ServerInfo, namespace: string): Promise<Session> {
  await using admin = new ClickHouseClient(server.hostView, server.hostView.root);
  await admin.command(createDatabase(namespace));
  return new ClickHouseSession(server, namespace, true);
}

/** A session on a database that is there and stays. */
export async function connectSession(dsn: URL): Promise<Session> {
  const { info, database } = await joinServer(dsn);
  return new ClickHouseSession(info, database, false);
}

class ClickHouseSession implements Session {
  readonly kind = 'clickhouse';
  readonly server: ServerInfo;
  readonly namespace: string;
  readonly #owned: boolean;
  readonly #client: ClickHouseClient;
  /** Tables last seen to merge rows, for statements that are made without asking the server. */
  readonly #merging = new Set<string>();

  constructor(server: ServerInfo, namespace: string, owned: boolean) {
    this.server = server;
    this.namespace = namespace;
    this.#owned = owned;
    this.#client = new ClickHouseClient(server.hostView, namespace);
  }

  create(table: Table): Promise<void> {
    const sql = createTable(this.namespace, table);
    // Times of day are off by default before 25.12.
    const settings: ClickHouseSettings = table.columns.some(({ type }) => type.kind === 'time')
      ? { enable_time_time64_type: 1 }
      : {};
    return this.#client.command(sql, { settings });
  }

  write(change: Change): Promise<void> {
    return write(this.#client, this.namespace, change);
  }

  async tables(): Promise<TableName[]> {
    return (await tableNames(this.#client, this.namespace)).map((name) => ({ name }));
  }

  async describe(name: TableName): Promise<Table | undefined> {
    const facts = await this.#facts(name);
    return facts === undefined ? undefined : tableOf(facts);
  }

  async *read(request: ReadRequest): AsyncGenerator<RowBatch, void, undefined> {
    yield* readRows(this.#client, await this.#mustHave(request.table), request);
  }

  async show(request: ReadRequest, keys: readonly (readonly Uint8Array[])[]): Promise<readonly ShownRow[]> {
    return showRows(this.#client, await this.#mustHave(request.table), request, keys);
  }

  statementFor(table: Table, key: Readonly<Record<string, string>>): string {
    return selectStatement(this.namespace, table.name, this.#merging.has(table.name), key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    if (!this.#owned) return;
    await using admin = new ClickHouseClient(this.server.hostView, this.server.hostView.root);
    await admin.command(dropDatabase(this.namespace));
  }

  async #facts(table: TableName): Promise<TableFacts | undefined> {
    const facts = await tableFacts(this.#client, this.namespace, table.name);
    if (facts?.merges === true) this.#merging.add(table.name);
    else this.#merging.delete(table.name);
    return facts;
  }

  async #mustHave(table: TableName): Promise<TableFacts> {
    const facts = await this.#facts(table);
    if (facts !== undefined) return facts;
    throw new E2eError('NO_TABLE', `database ${this.namespace} has no table ${table.name}`);
  }
}
