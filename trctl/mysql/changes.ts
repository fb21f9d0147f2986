/**
 * The change log of a source: events of the binary log in, complete changes out, in the order of commits. A transaction
 * is known by the place at which it begins: the same on every replay, and before the place at which it ends.
 */
import { DataError, EnvironmentError } from '../errors.ts';
import type { Change, ChangeBatch, ChangeId, Position, Row } from '../model/change.ts';
import { keyPositions, tableLabel } from '../model/table.ts';
import type { ChangeLog, Floors } from '../provider.ts';
import { BinlogStream } from './binlog-client.ts';
import type { MySqlTable } from './catalog.ts';
import { Session } from './connection.ts';
import { CHECKSUM_BYTES, EVENT, hasChecksums, headerOf, queryOf, rotation, rowsOf, tableMap } from './events.ts';
import type { Rows } from './events.ts';
import type { Place } from './log-place.ts';
import { positionOf } from './log-place.ts';
import type { SourceParams } from './params.ts';
import { readField } from './row-values.ts';
import type { Shape } from './shapes.ts';
import { Shapes } from './shapes.ts';

export interface LogOptions {
  readonly params: SourceParams;
  readonly database: string;
  readonly serverId: number;
  readonly tables: readonly MySqlTable[];
  readonly from: Place;
  readonly floors: Floors;
}

const COMPRESSED = new Set<number>([
  EVENT.transactionPayload, EVENT.mariadbCompressed, EVENT.mariadbCompressedRows1, EVENT.mariadbCompressedRows2,
  EVENT.mariadbCompressedRows3, EVENT.mariadbCompressedRows4, EVENT.mariadbCompressedRows5, EVENT.mariadbCompressedRows6,
]); // prettier-ignore

const ROWS = new Set<number>([
  EVENT.writeRows1, EVENT.updateRows1, EVENT.deleteRows1, EVENT.writeRows2, EVENT.updateRows2, EVENT.deleteRows2,
]); // prettier-ignore

export class MySqlChangeLog implements ChangeLog {
  readonly #options: LogOptions;
  readonly #stream: BinlogStream;
  readonly #sessions: readonly Session[];
  readonly #shapes: Shapes;
  #file: string;
  /** Where the event at hand begins, and where the transaction does that it is in. */
  #at: Position;
  #begin: Position;
  #open = false;
  #number = 0;
  #checksums = false;

  private constructor(options: LogOptions, log: Session, look: Session) {
    this.#options = options;
    this.#stream = new BinlogStream(log);
    this.#sessions = [log, look];
    this.#shapes = new Shapes(look, options.tables);
    this.#file = options.from.file;
    this.#at = positionOf(options.from);
    this.#begin = this.#at;
  }

  /** @throws TransferError */
  static async start(options: LogOptions): Promise<MySqlChangeLog> {
    const look = await Session.open(options.params);
    const log = await Session.open(options.params);
    const changes = new MySqlChangeLog(options, log, look);
    try {
      await changes.#stream.start(options.serverId, options.from);
    } catch (cause) {
      await changes[Symbol.asyncDispose]();
      throw log.explain(cause);
    }
    return changes;
  }

  async *batches(signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    while (!signal.aborted) {
      const events = await this.#stream.next(signal);
      const changes: Change[] = [];
      let upTo: Position | undefined;
      for (const whole of events) {
        const event = this.#withoutChecksum(whole);
        const ended = await this.#read(event, changes);
        if (ended !== undefined) upTo = ended;
        else if (this.#open) upTo = undefined;
      }
      if (changes.length > 0 || upTo !== undefined) yield { changes, ...(upTo === undefined ? {} : { upTo }) };
    }
  }

  /** The server keeps no readers: where this one stands is the state's business. */
  confirm(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A connection in the middle of the log hears nothing: it is cut.
    this.#sessions[0]?.abandon();
    await this.#sessions[1]?.[Symbol.asyncDispose]();
  }

  /** What the server says at the head of each file holds for the events after it, and for itself. */
  #withoutChecksum(event: Buffer): Buffer {
    if (headerOf(event).type === EVENT.formatDescription) this.#checksums = hasChecksums(event);
    return this.#checksums ? event.subarray(0, -CHECKSUM_BYTES) : event;
  }

  /** @returns the place behind the event, where no transaction is under way there. */
  async #read(event: Buffer, changes: Change[]): Promise<Position | undefined> {
    const { type, end } = headerOf(event);
    if (type === EVENT.rotate) {
      const { file, offset } = rotation(event);
      this.#file = file;
      this.#at = positionOf({ file, offset });
      return undefined;
    }
    if (type === EVENT.heartbeat || type === EVENT.heartbeat2) return this.#open ? undefined : this.#at;
    // Artificial events stand in no file.
    const behind = end === 0 ? this.#at : positionOf({ file: this.#file, offset: end });
    const ended = await this.#take(event, type, behind, changes);
    this.#at = behind;
    return ended ? behind : undefined;
  }

  /** @returns whether a transaction ends with the event. */
  async #take(event: Buffer, type: number, behind: Position, changes: Change[]): Promise<boolean> {
    switch (type) {
      case EVENT.gtid:
      case EVENT.gtidTagged:
      case EVENT.anonymousGtid:
      case EVENT.mariadbGtid:
        this.#start();
        // A group of MariaDB begins with it; the flag says that it is one statement, as DDL is.
        this.#open = type !== EVENT.mariadbGtid || ((event[19 + 12] ?? 0) & 1) === 0;
        return false;
      case EVENT.query:
        return this.#query(event, behind, changes);
      case EVENT.xid:
        this.#open = false;
        return true;
      case EVENT.tableMap: {
        const reshaped = await this.#shapes.learn(tableMap(event));
        if (reshaped !== null && !this.#isOld(reshaped))
          changes.push({ kind: 'reshape', table: reshaped, ...this.#id() });
        return false;
      }
      case EVENT.partialUpdate:
        throw new EnvironmentError(
          'the binary log holds JSON values in part only; set binlog_row_value_options to empty at the server, and run activate again',
        );
      case EVENT.xaPrepare:
        throw new EnvironmentError(
          'the binary log holds a distributed (XA) transaction, which may still be rolled back; these cannot be followed',
        );
      default:
        if (COMPRESSED.has(type)) {
          throw new EnvironmentError(
            'the binary log is compressed; set binlog_transaction_compression=OFF (MariaDB: log_bin_compress=OFF), and run activate again',
          );
        }
        if (ROWS.has(type)) this.#rows(rowsOf(event, type), changes);
        return false;
    }
  }

  #start(): void {
    this.#begin = this.#at;
    this.#number = 0;
    this.#open = true;
  }

  #query(event: Buffer, behind: Position, changes: Change[]): boolean {
    const { schema, text } = queryOf(event);
    if (/^\s*BEGIN\b/i.test(text)) {
      // After a GTID event the transaction has begun there.
      if (!this.#open) this.#start();
      this.#open = true;
      return false;
    }
    if (/^\s*(SAVEPOINT|ROLLBACK\s+TO)\b/i.test(text)) return false;
    if (/^\s*(COMMIT|ROLLBACK)\b/i.test(text)) {
      this.#open = false;
      return true;
    }
    // Everything else is DDL, a transaction of its own.
    if (!this.#open) this.#start();
    const truncated = truncatedTable(text, schema);
    const table = truncated === undefined ? undefined : this.#shapes.has(truncated.schema, truncated.name);
    if (table !== undefined && !this.#isOld(table)) {
      changes.push({ kind: 'truncate', tables: [table.id], ...this.#id() });
    }
    this.#open = false;
    return behind > 0n;
  }

  #rows(rows: Rows, changes: Change[]): void {
    const shape = this.#shapes.of(rows.tableId);
    if (shape === undefined || this.#isOld(shape.table)) return;
    const { table } = shape;
    if (!rows.whole) {
      throw new EnvironmentError(
        `the binary log leaves columns of table ${tableLabel(table.id)} out; set binlog_row_image=FULL at the server, and run activate again`,
      );
    }
    while (rows.reader.at < rows.end) {
      const row = readRow(rows, shape);
      if (rows.kind === 'write') changes.push({ kind: 'put', table, row, ...this.#id() });
      else if (rows.kind === 'delete') changes.push({ kind: 'remove', table, row: keyOnly(table, row), ...this.#id() });
      else this.#update(table, row, readRow(rows, shape), changes);
    }
  }

  /** A changed key is a row that goes and one that comes; without a key every update is. */
  #update(table: MySqlTable, before: Row, after: Row, changes: Change[]): void {
    const moved = table.key.length === 0 || keyPositions(table).some((at) => before[at] !== after[at]);
    if (moved) changes.push({ kind: 'remove', table, row: keyOnly(table, before), ...this.#id() });
    changes.push({ kind: 'put', table, row: after, ...this.#id() });
  }

  #id(): ChangeId {
    this.#number += 1;
    return { commit: this.#begin, number: this.#number };
  }

  /** Is the transaction in the table's snapshot already? */
  #isOld(table: MySqlTable): boolean {
    return this.#begin < (this.#options.floors.get(tableLabel(table.id)) ?? 0n);
  }
}

/** With a key only its columns matter; without one all do. */
function keyOnly(table: MySqlTable, row: Row): Row {
  if (table.key.length === 0) return row;
  const key = new Set(keyPositions(table));
  return row.map((value, at) => (key.has(at) ? value : null));
}

function readRow({ reader, columns }: Rows, { table, map }: Shape): Row {
  const nulls = reader.take(Math.ceil(columns / 8));
  return map.fields.map((field, at) => {
    if (((nulls[at >> 3] ?? 0) & (1 << (at & 7))) !== 0) return null;
    const attribute = table.attributes[at];
    const name = table.columns[at]?.name ?? String(at);
    if (attribute === undefined) throw new DataError(`table ${tableLabel(table.id)}: the log has a column ${at} more`);
    try {
      return readField(reader, field, attribute);
    } catch (cause) {
      throw new DataError(
        `table ${tableLabel(table.id)}, column ${name} (${attribute.base}): ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  });
}

const TRUNCATE =
  /^\s*(?:\/\*.*?\*\/\s*)*TRUNCATE\s+(?:TABLE\s+)?(?:(`(?:[^`]|``)+`|[\w$]+)\s*\.\s*)?(`(?:[^`]|``)+`|[^\s;`.]+)/is;

/** @param schema in which a name without one lies. */
export function truncatedTable(text: string, schema: string): { schema: string; name: string } | undefined {
  const [, database, name] = TRUNCATE.exec(text) ?? [];
  return name === undefined
    ? undefined
    : { schema: database === undefined ? schema : bare(database), name: bare(name) };
}

function bare(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name;
}
