/**
 * Postgres as a destination. Snapshot parts come by COPY, changes in one transaction per batch of whole source
 * transactions; both commit together with their record (bookkeeping.ts). Knows nothing of sources.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { DataError } from '../errors.ts';
import type { Change, Position } from '../model/change.ts';
import { stretches } from '../model/compact.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { Cleanup, Destination, LoadOptions, Part, RowLines } from '../provider.ts';
import { applyTable } from './apply.ts';
import { createBookkeeping, recordPart, recordPosition, recordedParts, recordedPosition } from './bookkeeping.ts';
import { Session } from './connection.ts';
import { ensureTable, ensureTypes, reshapeTable } from './ddl.ts';
import type { DestinationParams } from './params.ts';
import { columnList, quoteTable } from './sql.ts';

export class PostgresDestination implements Destination {
  readonly batch = { rows: 10_000, bytes: 16 * 1024 * 1024, milliseconds: 20 };
  readonly #params: DestinationParams;
  readonly #transferId: string;
  /** Advisory lock that all writing transactions of this transfer share. */
  readonly #lock: string;
  #control: Session | undefined;
  #writer: Session | undefined;
  #writing = false;

  constructor(params: DestinationParams, transferId: string) {
    this.#params = params;
    this.#transferId = transferId;
    this.#lock = createHash('sha256').update(`trctl ${transferId}`).digest().readBigInt64BE(0).toString();
  }

  /** Every Postgres type has itself at the other end. */
  async check(): Promise<void> {
    await this.#session();
  }

  async prepare(tables: readonly Table[], cleanup: Cleanup): Promise<void> {
    const session = await this.#session();
    await createBookkeeping(session);
    await this.#settle(session);
    for (const table of tables) {
      if (cleanup === 'Drop') await session.query(`DROP TABLE IF EXISTS ${quoteTable(table.id)} CASCADE`);
      await ensureTypes(session, table);
      await ensureTable(session, table);
      if (cleanup === 'Truncate') await session.query(`TRUNCATE ${quoteTable(table.id)}`);
    }
  }

  wipe(): Promise<void> {
    // A part of a table without a key is one transaction: there is never half of it
    return Promise.resolve();
  }

  async finishedParts(epoch: string): Promise<ReadonlySet<string>> {
    const session = await this.#session();
    await createBookkeeping(session);
    await this.#settle(session);
    return recordedParts(session, this.#transferId, epoch);
  }

  async hasPart(epoch: string, part: string): Promise<boolean> {
    return (await recordedParts(await this.#session(), this.#transferId, epoch)).has(part);
  }

  async load(part: Part, rows: AsyncIterable<RowLines>, options: LoadOptions): Promise<number> {
    await using session = await Session.open(this.#params);
    const { table } = part;
    const columns = columnList(table.columns.map((column) => column.name));
    const target = quoteTable(table.id);
    let written = 0;
    async function* bytes(): AsyncGenerator<Buffer> {
      for await (const piece of rows) {
        written += piece.rows;
        yield piece.lines;
      }
    }
    await this.#begin(session);
    const aside = options.replace && table.key.length > 0;
    if (aside) {
      await session.query(`CREATE TEMP TABLE aside ON COMMIT DROP AS SELECT ${columns} FROM ${target} WITH NO DATA`);
    }
    try {
      await pipeline(
        Readable.from(bytes(), { objectMode: true }),
        session.client.query(copyFrom(`COPY ${aside ? 'pg_temp.aside' : target} (${columns}) FROM STDIN`)),
      );
    } catch (cause) {
      const reason = session.explain(cause);
      if (!(reason instanceof DataError)) session.abandon();
      throw reason instanceof DataError
        ? new DataError(`table ${tableLabel(table.id)}: ${reason.message}`, { cause: reason })
        : reason;
    }
    if (aside) {
      const others = table.columns.map((column) => column.name).filter((name) => !table.key.includes(name));
      const sets = others.map((name) => `${columnList([name])} = EXCLUDED.${columnList([name])}`);
      await session.query(
        `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM pg_temp.aside ON CONFLICT (${columnList(table.key)}) DO ` +
          (sets.length === 0 ? 'NOTHING' : `UPDATE SET ${sets.join(', ')}`),
      );
    }
    const label = `${tableLabel(table.id)} ${part.name}`;
    const first = await recordPart(session, this.#transferId, options.epoch, label, written);
    if (!first && table.key.length === 0) {
      // Another process has brought it meanwhile: its rows could not be told from these.
      await session.query('ROLLBACK');
      return 0;
    }
    await session.query('COMMIT');
    return written;
  }

  async apply(changes: readonly Change[]): Promise<void> {
    const session = await this.#open();
    for (const stretch of stretches(changes)) {
      if (Array.isArray(stretch)) {
        for (const group of stretch) await applyTable(session, group);
      } else if (stretch.kind === 'truncate') {
        await session.query(`TRUNCATE ${stretch.tables.map(quoteTable).join(', ')}`);
      } else {
        await reshapeTable(session, stretch.table);
      }
    }
  }

  async commit(position: Position): Promise<void> {
    const session = await this.#open();
    await recordPosition(session, this.#transferId, position);
    await session.query('COMMIT');
    this.#writing = false;
  }

  async position(): Promise<Position | null> {
    const session = await this.#session();
    await createBookkeeping(session);
    await this.#settle(session);
    return recordedPosition(session, this.#transferId);
  }

  async resetPosition(position: Position): Promise<void> {
    await recordPosition(await this.#session(), this.#transferId, position);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#writing) this.#writer?.abandon();
    await this.#writer?.[Symbol.asyncDispose]();
    await this.#control?.[Symbol.asyncDispose]();
  }

  /** What a killed run still has under way ends first: its transactions hold the lock shared. */
  async #settle(session: Session): Promise<void> {
    await session.query('SELECT pg_catalog.pg_advisory_lock($1)', [this.#lock]);
    await session.query('SELECT pg_catalog.pg_advisory_unlock($1)', [this.#lock]);
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
    await session.query(`BEGIN; SELECT pg_catalog.pg_advisory_xact_lock_shared(${this.#lock})`);
  }

  async #session(): Promise<Session> {
    this.#control ??= await Session.open(this.#params);
    return this.#control;
  }
}
