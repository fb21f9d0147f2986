/** The change log: where it ends, who reads it, and the end of readers that an engine left behind (manual, chapter 47). */
import { Deadline, done, type Look, notYet, until } from '../../core/deadline.ts';
import type { Consumer, Position } from '../connector.ts';
import { type ConnectionPool, rowsOf } from './connection.ts';

const DROP_MS = 10_000;

/** Where the next record goes. With synchronous_commit, everything committed by now lies before it. */
export async function logPosition(pool: ConnectionPool): Promise<Position> {
  const [row] = await pool.rows('SELECT pg_current_wal_lsn()');
  return { text: row?.[0] ?? '0/0' };
}

const SLOTS = `
  SELECT slot_name, active, confirmed_flush_lsn >= $1::pg_lsn, confirmed_flush_lsn, $1::pg_lsn - confirmed_flush_lsn
  FROM pg_replication_slots
  WHERE database = current_database() AND slot_type = 'logical'
  ORDER BY slot_name`;

/**
 * Logical slots of this database. The log is the whole server's: a slot reaches a position only if its reader also
 * confirms the keepalives that tell of other databases' changes.
 */
export async function logConsumers(pool: ConnectionPool, upTo: Position): Promise<readonly Consumer[]> {
  const rows = await pool.rows(SLOTS, [upTo.text]);
  return rows.map(([name, active, reached, confirmed, behind]) => ({
    name: name ?? '',
    attached: active === 't',
    reached: reached === 't',
    state: stateOf(active === 't', confirmed ?? null, Number(behind)),
  }));
}

function stateOf(active: boolean, confirmed: string | null, behind: number): string {
  const position =
    confirmed === null
      ? 'nothing confirmed'
      : `confirmed ${confirmed}${behind > 0 ? `, ${behind.toLocaleString('en-US')} bytes behind` : ''}`;
  return active ? position : `${position}, not attached`;
}

/**
 * Ends the walsenders of this database's slots, then drops the slots.
 *
 * @throws BarrierTimeout when a slot's reader does not let go.
 */
export async function dropSlots(pool: ConnectionPool): Promise<readonly string[]> {
  const rows = await pool.rows(
    `SELECT slot_name FROM pg_replication_slots WHERE database = current_database() ORDER BY slot_name`,
  );
  const names = rows.map(([name]) => name ?? '');
  for (const name of names) {
    await until(`slot ${name} to be let go and dropped`, Deadline.after(DROP_MS), async () => {
      // A reader that comes back in between is ended again by the next look.
      await pool.rows(
        'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL',
        [name],
      );
      const [left] = await pool.rows('SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1', [name]);
      if (left === undefined) return done();
      if (left[0] !== null) return notYet(`in use by pid ${left[0] ?? ''}`);
      return dropSlot(pool, name);
    });
  }
  return names;
}

const OBJECT_IN_USE = '55006';
const UNDEFINED_OBJECT = '42704';

async function dropSlot(pool: ConnectionPool, name: string): Promise<Look<void>> {
  return pool.use(async (client) => {
    try {
      await rowsOf(client, 'SELECT pg_drop_replication_slot($1)', [name]);
      return done();
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === UNDEFINED_OBJECT) return done();
      if (code === OBJECT_IN_USE) return notYet('in use again');
      throw error;
    }
  });
}
