/**
 * What a MySQL destination writes down beside the rows, in the same transactions: which parts of a snapshot it has, and
 * up to where it has the change log. DDL commits what is before it; what a transaction had by then is written down as a
 * place within it, so that it is not written again. The row of a transfer is also its lock: writers share it, who must
 * know that none is left takes it alone.
 */
import type { ChangeId, Position } from '../model/change.ts';
import { parsePosition, printPosition } from '../model/change.ts';
import type { Session } from './connection.ts';
import { literal } from './sql.ts';

const PARTS = '`__table_transfer_progress`';
const LOG = '`__data_transfer_lsn`';
const COLUMNS = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

export async function createBookkeeping(session: Session, transferId: string): Promise<void> {
  await session.query(
    `CREATE TABLE IF NOT EXISTS ${PARTS} (transfer_id varchar(128) ${COLUMNS}, epoch varchar(64) ${COLUMNS},
       part varchar(500) ${COLUMNS}, written_rows bigint, PRIMARY KEY (transfer_id, epoch, part))`,
  );
  await session.query(
    `CREATE TABLE IF NOT EXISTS ${LOG} (transfer_id varchar(128) ${COLUMNS} PRIMARY KEY, position varchar(40),
       inside_commit varchar(40), inside_number bigint)`,
  );
  await session.query(`INSERT IGNORE INTO ${LOG} (transfer_id) VALUES (${literal(transferId)})`);
}

/** For the rest of the session's transaction: `settle` waits until it has ended. */
export async function shareLock(session: Session, transferId: string): Promise<void> {
  await session.query(`SELECT 1 FROM ${LOG} WHERE transfer_id = ${literal(transferId)} LOCK IN SHARE MODE`);
}

/** Waits until what a killed run still has under way has ended. */
export async function settle(session: Session, transferId: string): Promise<void> {
  await session.query('START TRANSACTION');
  await session.query(`SELECT 1 FROM ${LOG} WHERE transfer_id = ${literal(transferId)} FOR UPDATE`);
  await session.query('COMMIT');
}

export async function recordPart(
  session: Session,
  transferId: string,
  epoch: string,
  part: string,
  rows: number,
): Promise<void> {
  const id = literal(transferId);
  await session.query(`DELETE FROM ${PARTS} WHERE transfer_id = ${id} AND epoch <> ${literal(epoch)}`);
  // The part of an incremental pass has one name, and a pass that was interrupted is done again.
  await session.query(
    `INSERT INTO ${PARTS} VALUES (${id}, ${literal(epoch)}, ${literal(part)}, ${rows})
     ON DUPLICATE KEY UPDATE written_rows = ${rows}`,
  );
}

export async function recordedParts(session: Session, transferId: string, epoch: string): Promise<Set<string>> {
  const rows = await session.query(
    `SELECT part FROM ${PARTS} WHERE transfer_id = ${literal(transferId)} AND epoch = ${literal(epoch)}`,
  );
  return new Set(rows.map(([part]) => part ?? ''));
}

export async function recordPosition(session: Session, transferId: string, position: Position): Promise<void> {
  await session.query(
    `UPDATE ${LOG} SET position = ${literal(printPosition(position))}, inside_commit = NULL, inside_number = NULL
     WHERE transfer_id = ${literal(transferId)}`,
  );
}

/** Everything up to this change is there, although its transaction has not ended. */
export async function recordInside(session: Session, transferId: string, last: ChangeId): Promise<void> {
  await session.query(
    `UPDATE ${LOG} SET inside_commit = ${literal(printPosition(last.commit))}, inside_number = ${last.number}
     WHERE transfer_id = ${literal(transferId)}`,
  );
}

export interface Recorded {
  readonly position: Position | null;
  readonly inside: ChangeId | null;
}

export async function recordedPosition(session: Session, transferId: string): Promise<Recorded> {
  const [row] = await session.query(
    `SELECT position, inside_commit, inside_number FROM ${LOG} WHERE transfer_id = ${literal(transferId)}`,
  );
  const [position = null, commit = null, number = null] = row ?? [];
  return {
    position: position === null ? null : parsePosition(position),
    inside: commit === null ? null : { commit: parsePosition(commit), number: Number(number) },
  };
}
