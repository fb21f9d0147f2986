/**
 * Reads tables at one consistent snapshot: every reader's transaction begins while the tables are locked against writes,
 * and so does the place in the binary log that it stands at (MySQL manual, 15.3.1, 15.3.6). Writes nothing.
 */
import { ConfigError, EnvironmentError } from '../errors.ts';
import type { Position } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import { escapeValue } from '../pairs/rows.ts';
import type { Part, RowLines, Snapshot } from '../provider.ts';
import type { MySqlTable } from './catalog.ts';
import { Session } from './connection.ts';
import type { SourceParams } from './params.ts';
import { quote } from './sql.ts';
import { selected, textOfWire } from './text.ts';

/** Tables are split into at most this many parts. */
const MOST_PARTS = 512;
/** Characters of a piece. */
const PIECE = 512 * 1024;

export class MySqlSnapshot implements Snapshot {
  readonly position: Position;
  readonly #idle: Session[];
  readonly #all: readonly Session[];
  #wake: (() => void)[] = [];

  private constructor(position: Position, readers: readonly Session[]) {
    this.position = position;
    this.#all = readers;
    this.#idle = [...readers];
  }

  /** @param positionOf reads the place in the log; asked while nothing is written to the tables. */
  static async take(
    params: SourceParams,
    tables: readonly Table[],
    positionOf: (session: Session) => Promise<Position>,
  ): Promise<MySqlSnapshot> {
    await using lock = await Session.open(params);
    const readers: Session[] = [];
    try {
      for (let at = 0; at < params.SnapshotDegreeOfParallelism; at += 1) {
        const reader = await Session.open(params);
        readers.push(reader);
        await reader.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      }
      if (tables.length > 0) await lockTables(lock, tables);
      await Promise.all(readers.map((reader) => reader.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')));
      const position = await positionOf(lock);
      await lock.query('UNLOCK TABLES');
      return new MySqlSnapshot(position, readers);
    } catch (cause) {
      for (const reader of readers) reader.abandon();
      throw cause;
    }
  }

  /** Splits by equal ranges of the first key column where that is an integer; the ranges cover all values. */
  async split(table: MySqlTable, partBytes = 16 * 1024 * 1024): Promise<Part[]> {
    const whole: Part = { table, name: '1/1', where: '' };
    const [first] = table.key;
    const at = table.columns.findIndex(({ name }) => name === first);
    const parts = Math.min(MOST_PARTS, Math.ceil(table.size / partBytes));
    if (first === undefined || parts < 2 || table.attributes[at]?.base.endsWith('int') !== true) return [whole];
    const column = quote(first);
    const [row] = await this.#use((session) =>
      session.query(`SELECT MIN(${column}), MAX(${column}) FROM ${nameOf(table)}`),
    );
    const [least = null, greatest = null] = row ?? [];
    if (least === null || greatest === null) return [whole];
    const width = BigInt(greatest) - BigInt(least) + 1n;
    const edges = Array.from({ length: parts - 1 }, (_, i) => BigInt(least) + (width * BigInt(i + 1)) / BigInt(parts));
    const bounds = [null, ...new Set(edges), null];
    return bounds.slice(1).map((until, i) => {
      const from = bounds[i] ?? null;
      const conditions = [
        ...(from === null ? [] : [`${column} >= ${from}`]),
        ...(until === null ? [] : [`${column} < ${until}`]),
      ];
      return { table, name: `${i + 1}/${bounds.length - 1}`, where: conditions.join(' AND ') };
    });
  }

  async *read(part: Part, signal: AbortSignal): AsyncGenerator<RowLines> {
    const session = await this.#take();
    const table = part.table as MySqlTable;
    const list = table.columns.map(({ name, type }, at) => {
      const attribute = table.attributes[at];
      return attribute === undefined ? quote(name) : selected(name, attribute, type.declared);
    });
    const where = part.where === '' ? '' : ` WHERE ${part.where}`;
    let finished = false;
    try {
      yield* rowsOf(session, `SELECT ${list.join(', ')} FROM ${nameOf(table)}${where}`, table, signal);
      finished = true;
    } finally {
      // A session left in the middle of an answer cannot be used again: it is cut.
      if (finished) this.#give(session);
      else session.abandon();
    }
  }

  increment(table: Table): Promise<never> {
    return Promise.reject(
      new ConfigError(
        `regular_snapshot.incremental: a MySQL source does not support it (table ${tableLabel(table.id)}); ` +
          'use type SNAPSHOT_ONLY without it, or SNAPSHOT_AND_INCREMENT',
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#all) if (!this.#idle.includes(session)) session.abandon();
    await Promise.all(this.#idle.map((session) => session[Symbol.asyncDispose]()));
  }

  async #use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#take();
    const result = await work(session);
    this.#give(session);
    return result;
  }

  /** A reader that is free, or the next one to be: a snapshot cannot be joined later. */
  async #take(): Promise<Session> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
      });
    }
  }

  #give(session: Session): void {
    this.#idle.push(session);
    this.#wake.shift()?.();
  }
}

function nameOf(table: Table): string {
  return `${quote(table.id.schema)}.${quote(table.id.name)}`;
}

async function lockTables(session: Session, tables: readonly Table[]): Promise<void> {
  try {
    await session.query(`LOCK TABLES ${tables.map((table) => `${nameOf(table)} READ`).join(', ')}`);
  } catch (cause) {
    if (!(cause instanceof EnvironmentError)) throw cause;
    throw new EnvironmentError(
      `the tables cannot be locked for the moment in which the snapshot begins: ${cause.message}; grant LOCK TABLES to the user`,
      { cause },
    );
  }
}

/** Rows as lines. The server waits while a piece is on its way. */
async function* rowsOf(
  session: Session,
  sql: string,
  table: MySqlTable,
  signal: AbortSignal,
): AsyncGenerator<RowLines> {
  const { client } = session;
  const ready: RowLines[] = [];
  const state: { now: 'reading' | 'ended' | 'failed'; failure?: unknown } = { now: 'reading' };
  let wake = (): void => undefined;
  let piece = '';
  let rows = 0;
  let at = 0;
  const take = (): void => {
    if (rows > 0) ready.push({ lines: Buffer.from(piece), rows });
    piece = '';
    rows = 0;
  };
  const fail = (cause: unknown): void => {
    state.failure = session.explain(cause);
    state.now = 'failed';
    wake();
  };
  const query = client.query({
    sql,
    rowsAsArray: true,
    typeCast: (field) => {
      const bytes = field.buffer();
      const attribute = table.attributes[at];
      piece += bytes === null || attribute === undefined ? '\\N' : escapeValue(textOfWire(bytes, attribute));
      at += 1;
      if (at === table.columns.length) {
        at = 0;
        rows += 1;
        piece += '\n';
      } else piece += '\t';
      return undefined;
    },
  });
  query.on('result', () => {
    if (piece.length < PIECE) return;
    take();
    client.pause();
    wake();
  });
  query.on('error', fail);
  client.on('error', fail);
  query.on('end', () => {
    if (state.now === 'reading') state.now = 'ended';
    wake();
  });
  const abort = (): void => fail(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    for (;;) {
      const next = ready.shift();
      if (next !== undefined) {
        yield next;
        if (ready.length === 0) client.resume();
        continue;
      }
      if (state.now === 'failed') throw state.failure;
      if (state.now === 'ended') break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (ready.length > 0 || state.now !== 'reading') resolve();
      });
    }
    take();
    const last = ready.shift();
    if (last !== undefined) yield last;
  } finally {
    signal.removeEventListener('abort', abort);
    client.off('error', fail);
  }
}
