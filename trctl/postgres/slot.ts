/** The replication slot and the publication of a transfer: their names, their making and their end. */
import { createHash } from 'node:crypto';
import { EnvironmentError } from '../errors.ts';
import { parsePosition } from '../model/change.ts';
import type { Position } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import { until } from '../wait.ts';
import type { Session } from './connection.ts';
import { literal, quote, quoteTable } from './sql.ts';

/**
 * Slot names may hold only a-z, 0-9 and _ (Postgres manual, 26.2.6.1); another id is written in those with a hash behind,
 * so that two ids never share a slot. The publication has the same name.
 */
export function slotName(slotId: string, transferId: string): string {
  const id = slotId === '' ? transferId : slotId;
  if (/^[a-z0-9_]{1,63}$/.test(id)) return id;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 8);
  return `${id
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 54)}_${hash}`;
}

export interface SlotRow {
  confirmed_flush_lsn: string | null;
  active_pid: string | null;
  plugin: string | null;
  database: string | null;
  wal_status: string | null;
}

export async function findSlot(session: Session, slot: string): Promise<SlotRow | null> {
  const rows = await session.query<SlotRow>(
    `SELECT confirmed_flush_lsn, active_pid, plugin, database, wal_status FROM pg_catalog.pg_replication_slots WHERE slot_name = $1`,
    [slot],
  );
  return rows[0] ?? null;
}

/** Waits until nobody streams from the slot: after a kill -9 the server needs a moment to notice. */
export async function slotFree(session: Session, slot: string): Promise<void> {
  let pid = '';
  await until(
    `replication slot '${slot}' to become free`,
    20_000,
    async () => {
      const row = await findSlot(session, slot);
      pid = row?.active_pid ?? '';
      return pid === '' ? true : null;
    },
    () => `it is used by server process ${pid}; is the transfer running twice?`,
  );
}

export async function dropSlot(session: Session, slot: string): Promise<void> {
  if ((await findSlot(session, slot)) === null) return;
  await slotFree(session, slot);
  await session.query('SELECT pg_catalog.pg_drop_replication_slot($1)', [slot]);
}

/** What CREATE_REPLICATION_SLOT answers; the snapshot lives as long as the walsender's session does nothing else. */
export interface CreatedSlot {
  readonly position: Position;
  readonly snapshot: string;
}

/** @param walsender a session in replication mode. Waits for transactions that were open before. */
export async function createSlot(walsender: Session, slot: string, temporary: boolean): Promise<CreatedSlot> {
  const kind = temporary ? 'TEMPORARY ' : '';
  const [row] = await walsender.query<{ consistent_point: string; snapshot_name: string }>(
    `CREATE_REPLICATION_SLOT ${quote(slot)} ${kind}LOGICAL pgoutput EXPORT_SNAPSHOT`,
  );
  if (row === undefined) throw new EnvironmentError(`Postgres did not say where replication slot '${slot}' begins`);
  return { position: parsePosition(row.consistent_point), snapshot: row.snapshot_name };
}

/** Creates the publication of exactly these tables, or brings it to them. */
export async function ensurePublication(
  session: Session,
  name: string,
  tables: readonly Table[],
  version: number,
): Promise<void> {
  const generated = version >= 180000 ? ", publish_generated_columns = 'stored'" : '';
  const options = `WITH (publish_via_partition_root = true${generated})`;
  const list = tables.map((table) => quoteTable(table.id)).join(', ');
  const existing = await session.query<{ schemaname: string; tablename: string }>(
    `SELECT t.schemaname, t.tablename FROM pg_catalog.pg_publication p
       LEFT JOIN pg_catalog.pg_publication_tables t ON t.pubname = p.pubname WHERE p.pubname = $1`,
    [name],
  );
  if (existing.length === 0) {
    await session.query(`CREATE PUBLICATION ${quote(name)} FOR TABLE ${list} ${options}`);
    return;
  }
  const now = existing.map((row) => `${row.schemaname}.${row.tablename}`).sort();
  const wanted = tables.map((table) => tableLabel(table.id)).sort();
  if (now.join('\n') !== wanted.join('\n')) {
    await session.query(`ALTER PUBLICATION ${quote(name)} SET TABLE ${list}`);
  }
}

export async function dropPublication(session: Session, name: string): Promise<void> {
  await session.query(`DROP PUBLICATION IF EXISTS ${quote(name)}`);
}

/** @throws EnvironmentError saying how to switch logical decoding on. */
export async function checkLogical(session: Session): Promise<void> {
  const [row] = await session.query<{ level: string }>(
    `SELECT pg_catalog.current_setting(${literal('wal_level')}) AS level`,
  );
  if (row?.level !== 'logical') {
    throw new EnvironmentError(
      `the source's wal_level is '${row?.level ?? ''}', replication needs 'logical'; set wal_level = logical and restart Postgres`,
    );
  }
}
