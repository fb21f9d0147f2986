/**
 * The binary log: where it ends. It belongs to the whole server and keeps no readers: who follows it is a connection like
 * any other, remembers its place itself and leaves nothing behind (MySQL manual, 19.2).
 */
import { E2eError, messageOf } from '../../core/errors.ts';
import type { Position } from '../connector.ts';
import type { ConnectionPool, TextRow } from './connection.ts';

/** By server: MySQL 8.2 and later, MariaDB 10.5 and later, all before them. */
const STATEMENTS = ['SHOW BINARY LOG STATUS', 'SHOW BINLOG STATUS', 'SHOW MASTER STATUS'];

/** @throws E2eError MYSQL_BINLOG when the server keeps no log. */
export async function logPosition(pool: ConnectionPool): Promise<Position> {
  const failures: string[] = [];
  for (const statement of STATEMENTS) {
    let rows: readonly TextRow[];
    try {
      rows = await pool.rows(statement);
    } catch (error) {
      failures.push(messageOf(error));
      continue;
    }
    const [file, position] = rows[0] ?? [];
    if (file === undefined || file === null) {
      throw new E2eError(
        'MYSQL_BINLOG',
        'the server keeps no binary log: start it with log_bin (and binlog_format=ROW)',
      );
    }
    return { text: `${file}:${position ?? ''}` };
  }
  throw new E2eError('MYSQL_BINLOG', `the place in the binary log cannot be read: ${failures.join('; ')}`);
}
