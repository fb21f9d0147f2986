/** Reads tables at one consistent snapshot, shared by several sessions through its exported name. Writes nothing. */
import { to as copyTo } from 'pg-copy-streams';
import type { Position } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { Cursor, Part, RowLines, Snapshot } from '../provider.ts';
import { ConfigError, SnapshotGone, oneLine } from '../errors.ts';
import type { PostgresTable } from './catalog.ts';
import { wholeLines } from '../pairs/rows.ts';
import { Session } from './connection.ts';
import type { SourceParams } from './params.ts';
import { columnList, literal, quote, quoteTable } from './sql.ts';

/** Tables are split into at most this many parts. */
const MOST_PARTS = 512;

export class PostgresSnapshot implements Snapshot {
  readonly position: Position;
  readonly #params: SourceParams;
  readonly #name: string;
  /** Holds the snapshot: the transaction or the walsender that exported it; undefined where another process does. */
  readonly #holder: Session | undefined;
  readonly #idle: Session[] = [];
  readonly #all = new Set<Session>();

  constructor(params: SourceParams, name: string, position: Position, holder?: Session) {
    this.#params = params;
    this.#name = name;
    this.position = position;
    this.#holder = holder;
  }

  /** Its exported name, by which any session of the same database takes it (SET TRANSACTION SNAPSHOT). */
  share(): string {
    return this.#name;
  }

  /**
   * Splits by ranges of the first key column, at quantiles of a sample, into parts of about DesiredTableSize bytes.
   * The ranges cover all values, so rows that appear between two snapshots belong to exactly one part too.
   */
  async split(table: Table): Promise<Part[]> {
    const [first] = table.key;
    const whole: Part = { table, name: '1/1', where: '' };
    if (first === undefined) return [whole];
    return this.#use(async (session) => {
      const name = quoteTable(table.id);
      const [size] = await session.query<{ bytes: string }>(
        `SELECT coalesce(sum(pg_catalog.pg_table_size(relid)), 0) AS bytes
           FROM (SELECT relid FROM pg_catalog.pg_partition_tree($1::text::regclass) WHERE isleaf
                 UNION SELECT $1::text::regclass) AS leaf(relid)`,
        [name],
      );
      const bytes = Number(size?.bytes ?? 0);
      const parts = Math.min(MOST_PARTS, Math.ceil(bytes / this.#params.DesiredTableSize));
      if (parts < 2) return [whole];
      const percent = Math.min(100, Math.max(1, (64 * 1024 * 1024 * 100) / bytes));
      const fractions = Array.from({ length: parts - 1 }, (_, at) => (at + 1) / parts);
      const bounds = await session.query<{ bound: string | null }>(
        `SELECT pg_catalog.unnest(pg_catalog.percentile_disc($1::float8[]) WITHIN GROUP (ORDER BY ${quote(first)})) AS bound
           FROM ${name} TABLESAMPLE SYSTEM (${percent.toFixed(4)})`,
        [`{${fractions.join(',')}}`],
      );
      const steps = [...new Set(bounds.flatMap(({ bound }) => (bound === null ? [] : [bound])))];
      const edges = [null, ...steps, null];
      return steps.length === 0
        ? [whole]
        : edges.slice(1).map((until, at) => {
            const from = edges[at] ?? null;
            const conditions = [
              ...(from === null ? [] : [`${quote(first)} >= ${literal(from)}`]),
              ...(until === null ? [] : [`${quote(first)} < ${literal(until)}`]),
            ];
            return { table, name: `${at + 1}/${edges.length - 1}`, where: conditions.join(' AND ') };
          });
    });
  }

  async *read(part: Part, signal: AbortSignal): AsyncGenerator<RowLines> {
    const session = await this.#take();
    const columns = columnList(part.table.columns.map((column) => column.name));
    const where = part.where === '' ? '' : ` WHERE ${part.where}`;
    const only = (part.table as PostgresTable).partitioned ? '' : 'ONLY ';
    const sql = `COPY (SELECT ${columns} FROM ${only}${quoteTable(part.table.id)}${where}) TO STDOUT`;
    const stream = session.client.query(copyTo(sql, { highWaterMark: 512 * 1024 }));
    let finished = false;
    try {
      yield* wholeLines(stream as AsyncIterable<Buffer>, signal);
      finished = true;
    } catch (cause) {
      throw session.explain(cause);
    } finally {
      // A session left in the middle of a COPY cannot be used again: it is cut.
      if (finished) this.#idle.push(session);
      else this.#drop(session);
    }
  }

  async increment(table: Table, cursor: Cursor): Promise<{ part: Part; maximum: string | null }> {
    if (!table.columns.some((column) => column.name === cursor.field)) {
      throw new ConfigError(
        `regular_snapshot.incremental: table ${tableLabel(table.id)} has no column '${cursor.field}'; correct cursor_field`,
      );
    }
    const field = quote(cursor.field);
    const where = cursor.from === null ? '' : `${field} ${cursor.inclusive ? '>=' : '>'} ${literal(cursor.from)}`;
    return this.#use(async (session) => {
      // Not max(): it does not exist for every type that has an order (uuid before 18, booleans).
      const [row] = await session.query<{ maximum: string }>(
        `SELECT ${field} AS maximum FROM ${quoteTable(table.id)}
          WHERE ${field} IS NOT NULL${where === '' ? '' : ` AND ${where}`} ORDER BY ${field} DESC LIMIT 1`,
      );
      return { part: { table, name: 'increment', where }, maximum: row?.maximum ?? null };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#all) if (!this.#idle.includes(session)) session.abandon();
    const open = this.#holder === undefined ? this.#idle : [...this.#idle, this.#holder];
    await Promise.all(open.map((session) => session[Symbol.asyncDispose]()));
  }

  async #use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#take();
    const result = await work(session);
    this.#idle.push(session);
    return result;
  }

  async #take(): Promise<Session> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const session = await Session.open(this.#params);
    this.#all.add(session);
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      await session.query(`SET TRANSACTION SNAPSHOT ${literal(this.#name)}`);
    } catch (cause) {
      this.#drop(session);
      // undefined_object: no transaction has it open.
      if (!oneLine(cause).includes('SQLSTATE 42704')) throw cause;
      throw new SnapshotGone(
        `the snapshot ${this.#name} is gone, and with it who had it open; start the activation again`,
        {
          cause,
        },
      );
    }
    return session;
  }

  #drop(session: Session): void {
    this.#all.delete(session);
    session.abandon();
  }
}
