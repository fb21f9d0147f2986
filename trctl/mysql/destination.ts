/**
 * MySQL as a destination. Parts of a snapshot come in statements of many rows, changes in one transaction per batch of
 * whole source transactions; both commit together with their record (bookkeeping.ts). Knows no source: the pair's type
 * table comes from outside.
 */
import { ConfigError, DataError } from '../errors.ts';
import type { Change, ChangeId, Position, Row } from '../model/change.ts';
import { balanceByRow, lastByKey, stretches } from '../model/compact.ts';
import type { TableChanges } from '../model/compact.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { Cleanup, Destination, LoadOptions, Part, RowLines } from '../provider.ts';
import {
  createBookkeeping,
  recordInside,
  recordPart,
  recordPosition,
  recordedParts,
  recordedPosition,
  settle,
  shareLock,
} from './bookkeeping.ts';
import { Session } from './connection.ts';
import { ensureTable, reshapeTable } from './ddl.ts';
import type { MapColumn } from './mapping.ts';
import type { DestinationParams } from './params.ts';
import { quote } from './sql.ts';
import { Target, rowsIn } from './target.ts';

export class MySqlDestination implements Destination {
  readonly batch = { rows: 10_000, bytes: 16 * 1024 * 1024, milliseconds: 20 };
  readonly #params: DestinationParams;
  readonly #transferId: string;
  readonly #map: MapColumn;
  readonly #targets = new WeakMap<Table, Target>();
  #control: Session | undefined;
  #writer: Session | undefined;
  #writing = false;
  /** What an interrupted transaction has already brought. */
  #inside: ChangeId | null = null;
  /** The newest change of the transaction that is open. */
  #last: ChangeId | undefined;

  constructor(params: DestinationParams, transferId: string, map: MapColumn) {
    this.#params = params;
    this.#transferId = transferId;
    this.#map = map;
  }

  async check(tables: readonly Table[]): Promise<void> {
    const byName = new Map<string, Table>();
    for (const table of tables) {
      const other = byName.get(table.id.name);
      if (other !== undefined) {
        throw new ConfigError(
          `tables ${tableLabel(other.id)} and ${tableLabel(table.id)} would both become ${this.#params.Database}.${table.id.name}, ` +
            'as MySQL has no schemas in a database; transfer them into two databases',
        );
      }
      byName.set(table.id.name, table);
      this.#target(table);
    }
    await this.#session();
  }

  async prepare(tables: readonly Table[], cleanup: Cleanup): Promise<void> {
    const session = await this.#session();
    await createBookkeeping(session, this.#transferId);
    await settle(session, this.#transferId);
    for (const table of tables) {
      const target = this.#target(table);
      await this.#about(table, async () => {
        if (cleanup === 'Drop') await session.query(`DROP TABLE IF EXISTS ${target.name}`);
        await ensureTable(session, target);
        if (cleanup === 'Truncate') await session.query(`TRUNCATE TABLE ${target.name}`);
      });
    }
  }

  wipe(): Promise<void> {
    // A part of a table without a key is one transaction: there is never half of it
    return Promise.resolve();
  }

  async finishedParts(epoch: string): Promise<ReadonlySet<string>> {
    const session = await this.#session();
    await createBookkeeping(session, this.#transferId);
    await settle(session, this.#transferId);
    return recordedParts(session, this.#transferId, epoch);
  }

  async hasPart(epoch: string, part: string): Promise<boolean> {
    return (await recordedParts(await this.#session(), this.#transferId, epoch)).has(part);
  }

  async load(part: Part, rows: AsyncIterable<RowLines>, options: LoadOptions): Promise<number> {
    await using session = await Session.open(this.#params);
    const target = this.#target(part.table);
    const verb = options.replace && part.table.key.length > 0 ? 'REPLACE' : 'INSERT';
    let written = 0;
    await this.#begin(session);
    try {
      for await (const { lines, rows: count } of rows) {
        for (const statement of target.writes(verb, rowsIn(lines, target.columns))) {
          await this.#about(part.table, () => session.query(statement));
        }
        written += count;
      }
      const label = `${tableLabel(part.table.id)} ${part.name}`;
      await recordPart(session, this.#transferId, options.epoch, label, written);
      await session.query('COMMIT');
    } catch (cause) {
      session.abandon();
      throw cause;
    }
    return written;
  }

  async apply(changes: readonly Change[]): Promise<void> {
    const session = await this.#open();
    const fresh = changes.filter((change) => !this.#isInside(change));
    for (const stretch of stretches(fresh)) {
      if (Array.isArray(stretch)) {
        for (const group of stretch) await this.#about(group.table, () => this.#applyTable(session, group));
        this.#last = newest(stretch.flatMap((group) => group.changes)) ?? this.#last;
      } else if (stretch.kind === 'truncate') {
        // TRUNCATE would commit what is before it.
        for (const id of stretch.tables) await session.query(`DELETE FROM ${quote(id.name)}`);
        this.#last = stretch;
      } else {
        await this.#reshape(session, stretch.table);
        this.#last = stretch;
      }
    }
  }

  async commit(position: Position): Promise<void> {
    const session = await this.#open();
    await recordPosition(session, this.#transferId, position);
    await session.query('COMMIT');
    this.#writing = false;
    this.#last = undefined;
  }

  async position(): Promise<Position | null> {
    const session = await this.#session();
    await createBookkeeping(session, this.#transferId);
    await settle(session, this.#transferId);
    const { position, inside } = await recordedPosition(session, this.#transferId);
    this.#inside = inside;
    return position;
  }

  async resetPosition(position: Position): Promise<void> {
    await recordPosition(await this.#session(), this.#transferId, position);
    this.#inside = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#writing) this.#writer?.abandon();
    await this.#writer?.[Symbol.asyncDispose]();
    await this.#control?.[Symbol.asyncDispose]();
  }

  /** DDL commits: what is before it is written down as a place within its transaction. */
  async #reshape(session: Session, table: Table): Promise<void> {
    if (this.#last !== undefined) await recordInside(session, this.#transferId, this.#last);
    await session.query('COMMIT');
    const target = new Target(table, this.#map);
    this.#targets.set(table, target);
    await this.#about(table, () => reshapeTable(session, target));
    await this.#begin(session);
  }

  #isInside({ commit, number }: ChangeId): boolean {
    const inside = this.#inside;
    return inside !== null && (commit < inside.commit || (commit === inside.commit && number <= inside.number));
  }

  async #applyTable(session: Session, group: TableChanges): Promise<void> {
    const target = this.#target(group.table);
    const run = async (statements: Iterable<string>): Promise<void> => {
      for (const statement of statements) await session.query(statement);
    };
    if (group.table.key.length > 0) {
      const outcome = lastByKey(group);
      await run(target.deletes(outcome.filter(({ kind }) => kind === 'remove').map(({ row }) => row)));
      await run(
        target.writes(
          'REPLACE',
          outcome.filter(({ kind }) => kind === 'put').map(({ row }) => row),
        ),
      );
      return;
    }
    const balance = balanceByRow(group);
    for (const { row, count } of balance) if (count < 0) await session.query(target.deleteCopies(row, -count));
    await run(
      target.writes(
        'INSERT',
        balance.flatMap(({ row, count }) => Array<Row>(Math.max(0, count)).fill(row)),
      ),
    );
  }

  #target(table: Table): Target {
    const known = this.#targets.get(table);
    if (known !== undefined) return known;
    const target = new Target(table, this.#map);
    this.#targets.set(table, target);
    return target;
  }

  /** What the server refuses is told with the table's name. */
  async #about<T>(table: Table, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof DataError) || cause.message.startsWith('table ')) throw cause;
      throw new DataError(`table ${tableLabel(table.id)}: ${cause.message}`, { cause });
    }
  }

  /** The session that changes are written by, in a transaction that stays open until a source transaction has ended. */
  async #open(): Promise<Session> {
    this.#writer ??= await Session.open(this.#params);
    if (!this.#writing) {
      this.#writing = true;
      await this.#begin(this.#writer);
    }
    return this.#writer;
  }

  async #begin(session: Session): Promise<void> {
    await session.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await session.query('START TRANSACTION');
    await shareLock(session, this.#transferId);
  }

  async #session(): Promise<Session> {
    this.#control ??= await Session.open(this.#params);
    return this.#control;
  }
}

function newest(changes: readonly ChangeId[]): ChangeId | undefined {
  return changes.reduce<ChangeId | undefined>(
    (last, change) =>
      last === undefined ||
      change.commit > last.commit ||
      (change.commit === last.commit && change.number > last.number)
        ? change
        : last,
    undefined,
  );
}
