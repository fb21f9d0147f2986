/**
 * What a Postgres destination writes down beside the rows, in the same transactions: which parts of a snapshot it has,
 * and up to where it has the change log. So a part or a transaction is there with its record, or neither is:
 * nothing is written twice, even in tables without a key.
 */
import type { Position } from '../model/change.ts';
import { parsePosition, printPosition } from '../model/change.ts';
import type { Session } from './connection.ts';

const PARTS = 'public."__table_transfer_progress"';
const LOG = 'public."__data_transfer_lsn"';

export async function createBookkeeping(session: Session): Promise<void> {
  const [row] = await session.query<{ there: string }>(
    `SELECT to_regclass('${PARTS}') IS NOT NULL AND to_regclass('${LOG}') IS NOT NULL AS there`,
  );
  if (row?.there === 't') return;
  await session.query(
    `CREATE SCHEMA IF NOT EXISTS public;
     CREATE TABLE IF NOT EXISTS ${PARTS} (transfer_id text, epoch text, part text, rows bigint, PRIMARY KEY (transfer_id, epoch, part));
     CREATE TABLE IF NOT EXISTS ${LOG} (transfer_id text PRIMARY KEY, lsn pg_lsn NOT NULL, written timestamptz NOT NULL DEFAULT now())`,
  );
}

/** @returns false when the part was recorded before, by this run or by another process of it. */
export async function recordPart(
  session: Session,
  transferId: string,
  epoch: string,
  part: string,
  rows: number,
): Promise<boolean> {
  await session.query(`DELETE FROM ${PARTS} WHERE transfer_id = $1 AND epoch <> $2`, [transferId, epoch]);
  const recorded = await session.query(
    `INSERT INTO ${PARTS} VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1`,
    [transferId, epoch, part, rows],
  );
  return recorded.length > 0;
}

export async function recordedParts(session: Session, transferId: string, epoch: string): Promise<Set<string>> {
  const rows = await session.query<{ part: string }>(
    `SELECT part FROM ${PARTS} WHERE transfer_id = $1 AND epoch = $2`,
    [transferId, epoch],
  );
  return new Set(rows.map((row) => row.part));
}

export async function recordPosition(session: Session, transferId: string, position: Position): Promise<void> {
  await session.query(
    `INSERT INTO ${LOG} (transfer_id, lsn) VALUES ($1, $2)
     ON CONFLICT (transfer_id) DO UPDATE SET lsn = EXCLUDED.lsn, written = now()`,
    [transferId, printPosition(position)],
  );
}

export async function recordedPosition(session: Session, transferId: string): Promise<Position | null> {
  const [row] = await session.query<{ lsn: string }>(`SELECT lsn FROM ${LOG} WHERE transfer_id = $1`, [transferId]);
  return row === undefined ? null : parsePosition(row.lsn);
}
