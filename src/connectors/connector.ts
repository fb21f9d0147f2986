/**
 * The door to a kind of database. Read this first; one folder per database behind it, the same file names in each.
 *
 * Life of a connector's things, in order:
 * 1. `provision` starts a server (or joins an external one) and returns it to its owner, who disposes of it.
 * 2. Others get the server's `info` (plain data) and `open` a session in a namespace of their own on it.
 * 3. The session creates tables, writes, describes, reads. Every row read is canonical bytes (core/canonical.ts).
 * 4. Disposing of the session drops the namespace with all that is in it: tables, slots, users.
 *
 * Must not know scenarios, engines, verdicts or other databases.
 */
import type { Comparison, RowBatch, ShownRow } from '../core/canonical.ts';
import type { Owned } from '../core/ledger.ts';
import type { ServerInfo } from '../core/server.ts';
import type { Change, Column, Table } from '../core/table.ts';
import type { DatabaseKind, Stack, TableName } from '../core/words.ts';

/** Everything that the harness knows about one kind of database. */
export interface Connector {
  readonly kind: DatabaseKind;
  readonly traits: ConnectorTraits;
  /** URL schemes of this database, first the usual one: `postgres`, `postgresql`. */
  readonly schemes: readonly string[];
  /** Whether this machine can run it on a stack, and if not what to install or set. Starts nothing. */
  probe(stack: Stack): Promise<Probe>;
  /**
   * Starts a server, or joins the one that the stack `external` names. The caller owns it and disposes of it.
   *
   * @param options.seed varies what a right engine must bear: the server's time zone.
   * @param options.directory an empty folder for data, logs and sockets, which the caller removes after disposal.
   * @throws ProvisionError naming what was tried and what to install.
   */
  provision(stack: Stack, options: ProvisionOptions): Promise<Server>;
  /** A session in a namespace made for it; the namespace and all in it is dropped on dispose. */
  open(server: ServerInfo, namespace: string): Promise<Session>;
  /**
   * A session on what a DSN names; nothing is made and nothing is dropped.
   *
   * @throws UsageError for a DSN that cannot be read; E2eError for a server that does not answer.
   */
  connect(dsn: URL): Promise<Session>;
}

export interface ProvisionOptions {
  readonly seed: string;
  readonly directory: string;
  /** Name of the network that servers in containers share, made by the first of them; absent: one of its own. */
  readonly network?: string;
  readonly signal: AbortSignal;
  /** Told of every process and container as soon as it runs, so that a later run can sweep what this one left. */
  readonly own: (owned: Owned) => void;
}

export type Probe =
  | { readonly available: true; readonly what: string }
  | { readonly available: false; readonly why: string; readonly remedy: string };

/** A started (or joined) server. Disposing stops what `provision` started and nothing else. */
export interface Server extends AsyncDisposable {
  readonly info: ServerInfo;
}

/** What the harness must know before it writes or compares. Data, each with its one line; sources in each traits.ts. */
export interface ConnectorTraits {
  /** Schema in which portable tables are made; absent where namespaces have no schemas. */
  readonly defaultSchema?: string;
  /** Longest identifier, in bytes. */
  readonly identifierBytes: number;
  /** Digits of the second that timestamps keep. */
  readonly timestampDigits: number;
  /** Whether '' is stored as NULL. */
  readonly emptyStringIsNull: boolean;
  /** Whether an UPDATE may change a primary key's value. */
  readonly primaryKeyMayChange: boolean;
  /** Whether a table may be made without a primary key. */
  readonly keylessTables: boolean;
  /** Whether DDL rolls back with its transaction. */
  readonly transactionalDdl: boolean;
  /** Whether writes of several statements can be one transaction. */
  readonly transactions: boolean;
  /** Whether there is a change log that an engine can follow. */
  readonly changeLog: boolean;
  /** Columns and tables that engines add for their own book-keeping, by name: not part of the data. */
  readonly systemNames: readonly RegExp[];
}

export interface ReadRequest {
  readonly table: Table;
  /** Columns in the order in which cells are wanted: key columns first; each with what it is read as. */
  readonly columns: readonly { readonly column: Column; readonly as: Comparison }[];
  readonly signal?: AbortSignal;
}

/** A connection of the harness to one namespace. Calls may overlap; the session queues or pools as it needs. */
export interface Session extends AsyncDisposable {
  readonly kind: DatabaseKind;
  readonly server: ServerInfo;
  /** Name of the namespace, as an engine's configuration names it (a database, a directory). */
  readonly namespace: string;
  /** Makes a portable table. @throws E2eError for a type or name that this database cannot hold. */
  create(table: Table): Promise<void>;
  /** Writes and returns when the change is durable and visible. */
  write(change: Change): Promise<void>;
  /** User tables of the namespace, book-keeping ones left out, in name order. */
  tables(): Promise<TableName[]>;
  /** @returns undefined when there is no such table. System columns are left out. */
  describe(name: TableName): Promise<Table | undefined>;
  /**
   * All rows as canonical bytes in no particular order, deleted ones (by the engine's own marks) left out. Memory is
   * bounded: batches of about 1 MB. One consistent view of the table.
   *
   * @throws E2eError when the server fails half-way: a read never ends early without saying so.
   */
  read(request: ReadRequest): AsyncIterable<RowBatch>;
  /**
   * Values of some rows as the database shows them, for people.
   *
   * @param keys canonical cells of the key columns, one array a row. Rows that are gone are left out of the answer.
   * @returns for each key found, the text of every column of the request; NULL as `null`.
   */
  show(request: ReadRequest, keys: readonly (readonly Uint8Array[])[]): Promise<readonly ShownRow[]>;
  /** A statement that shows the row, to paste into the database's own shell. */
  statementFor(table: Table, key: Readonly<Record<string, string>>): string;
}

/** A place in a change log: opaque but for its text. */
export interface Position {
  readonly text: string;
}

/** Somebody who reads the change log: a replication slot, a binlog client, a changefeed's consumer. */
export interface Consumer {
  readonly name: string;
  /** Connected now. */
  readonly attached: boolean;
  /** Whether it has confirmed everything up to the position asked about. */
  readonly reached: boolean;
  /** For people: `confirmed 0/1A2B, 4,096 bytes behind`. */
  readonly state: string;
}

/** Optional power of a session: it can say what has left its change log. Ask with `hasChangeLog`. */
export interface ChangeLog {
  /** Where the log ends now. */
  position(): Promise<Position>;
  /** Consumers of this namespace's changes. */
  consumers(upTo: Position): Promise<readonly Consumer[]>;
  /** Drops consumers that an engine left behind. @returns their names. */
  dropConsumers(): Promise<readonly string[]>;
}

export function hasChangeLog(session: Session): session is Session & ChangeLog {
  return 'consumers' in session && 'position' in session;
}

/** Optional powers of a server, for faults. Asked for with a type guard, never stubbed. */
export interface Killable {
  kill(): Promise<void>;
  start(): Promise<void>;
}
export interface Pausable {
  pause(): Promise<void>;
  resume(): Promise<void>;
}
