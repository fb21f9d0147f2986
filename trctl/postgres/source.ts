/** Postgres as a source: one snapshot shared by sessions, and the change log of a pgoutput slot. */
import { EnvironmentError, DataError } from '../errors.ts';
import { parsePosition } from '../model/change.ts';
import type { Position } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { ChangeLog, Floors, Snapshot, SnapshotKind, Source } from '../provider.ts';
import type { PostgresTable } from './catalog.ts';
import { describeTables, listTables } from './catalog.ts';
import { Session } from './connection.ts';
import type { SourceParams } from './params.ts';
import { selectTables } from './select.ts';
import {
  checkLogical,
  createSlot,
  dropPublication,
  dropSlot,
  ensurePublication,
  findSlot,
  slotFree,
  slotName,
} from './slot.ts';
import { PostgresSnapshot } from './snapshot.ts';

export class PostgresSource implements Source {
  readonly parallelism: number;
  readonly #params: SourceParams;
  readonly #objects: readonly string[];
  readonly #slot: string;
  #control: Session | undefined;

  /** @param objects data_objects.include_objects. */
  constructor(params: SourceParams, transferId: string, objects: readonly string[]) {
    this.#params = params;
    this.#objects = objects;
    this.#slot = slotName(params.SlotID, transferId);
    this.parallelism = params.SnapshotDegreeOfParallelism;
  }

  async tables(): Promise<PostgresTable[]> {
    const session = await this.#session();
    const classes = await listTables(session);
    const candidates = classes.map((row) => ({
      id: { schema: row.nspname, name: row.relname },
      partition: row.relispartition === 't',
      row,
    }));
    const { DBTables, ExcludedTables } = this.#params;
    const taken = selectTables(candidates, DBTables, this.#objects, ExcludedTables);
    return describeTables(
      session,
      taken.map(({ row }) => row),
    );
  }

  async checkLog(tables: readonly PostgresTable[]): Promise<void> {
    await checkLogical(await this.#session());
    for (const table of tables) {
      const label = tableLabel(table.id);
      if (table.unlogged) {
        throw new EnvironmentError(`table ${label} is UNLOGGED and has no change log; run ALTER TABLE … SET LOGGED`);
      }
      if (table.replicaIdentity === 'n' || (table.key.length === 0 && table.replicaIdentity !== 'f')) {
        throw new EnvironmentError(
          `table ${label} has no primary key and no replica identity, so its updates and deletes cannot be followed; ` +
            `add a primary key or run ALTER TABLE ${label} REPLICA IDENTITY FULL`,
        );
      }
      for (const [column, { generated }] of table.attributes) {
        if (generated === 'v' || (generated === 's' && (await this.#version()) < 180000)) {
          throw new DataError(
            `table ${label}, column ${column}: a generated column that this Postgres does not put into the change log; ` +
              'leave the table out (ExcludedTables), or use type SNAPSHOT_ONLY',
          );
        }
      }
    }
  }

  async snapshot(kind: SnapshotKind, tables: readonly PostgresTable[]): Promise<Snapshot> {
    if (kind === 'plain') {
      const holder = await Session.open(this.#params);
      await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const [row] = await holder.query<{ name: string; lsn: string }>(
        `SELECT pg_catalog.pg_export_snapshot() AS name,
                CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                     ELSE pg_catalog.pg_current_wal_insert_lsn() END AS lsn`,
      );
      return new PostgresSnapshot(this.#params, row?.name ?? '', parsePosition(row?.lsn ?? '0/0'), holder);
    }
    const anchor = kind === 'anchor-log';
    if (anchor) {
      await this.dropLog();
      await ensurePublication(await this.#session(), this.#slot, tables, await this.#version());
    }
    const walsender = await Session.open(this.#params, true);
    const name = anchor ? this.#slot : `trctl_tmp_${process.pid}_${Date.now()}`;
    const created = await createSlot(walsender, name, !anchor);
    return new PostgresSnapshot(this.#params, created.snapshot, created.position, walsender);
  }

  joinSnapshot(token: string, position: Position): Promise<Snapshot> {
    return Promise.resolve(new PostgresSnapshot(this.#params, token, position));
  }

  async logPosition(): Promise<Position | null> {
    const slot = await findSlot(await this.#session(), this.#slot);
    if (slot === null) return null;
    if (slot.plugin !== 'pgoutput') {
      throw new EnvironmentError(
        `replication slot '${this.#slot}' belongs to plugin '${slot.plugin ?? 'none'}', not pgoutput; drop it or set another SlotID`,
      );
    }
    if (slot.wal_status === 'lost') {
      throw new EnvironmentError(
        `replication slot '${this.#slot}' has lost its log (max_slot_wal_keep_size); run activate again`,
      );
    }
    return parsePosition(slot.confirmed_flush_lsn ?? '0/0');
  }

  async openLog(tables: readonly Table[]): Promise<Position> {
    const session = await this.#session();
    await ensurePublication(session, this.#slot, tables, await this.#version());
    const position = await this.logPosition();
    if (position !== null) return position;
    await using walsender = await Session.open(this.#params, true);
    return (await createSlot(walsender, this.#slot, false)).position;
  }

  async dropLog(): Promise<void> {
    const session = await this.#session();
    await dropSlot(session, this.#slot);
    await dropPublication(session, this.#slot);
  }

  async changes(tables: readonly PostgresTable[], after: Position, floors: Floors): Promise<ChangeLog> {
    await slotFree(await this.#session(), this.#slot);
    const session = await Session.open(this.#params);
    const { PostgresChangeLog } = await import('./changes.ts');
    const log = new PostgresChangeLog({ params: this.#params, slot: this.#slot, tables, after, floors, session });
    try {
      await log.start();
    } catch (cause) {
      await log[Symbol.asyncDispose]();
      throw cause;
    }
    return log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control?.[Symbol.asyncDispose]();
  }

  async #session(): Promise<Session> {
    this.#control ??= await Session.open(this.#params);
    return this.#control;
  }

  async #version(): Promise<number> {
    const [row] = await (
      await this.#session()
    ).query<{ v: string }>(`SELECT pg_catalog.current_setting('server_version_num') AS v`);
    return Number(row?.v ?? 0);
  }
}
