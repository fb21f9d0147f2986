/** Places in the binary log as positions: the number of the file and the offset in it. They grow as the log does. */
import { EnvironmentError } from '../errors.ts';
import type { Position } from '../model/change.ts';
import type { Session, TextRow } from './connection.ts';

export interface Place {
  /** `binlog.000012` */
  readonly file: string;
  readonly offset: number;
}

const FILE = /^(.*\.)(\d+)$/;

export function positionOf({ file, offset }: Place): Position {
  const [, , number = '0'] = FILE.exec(file) ?? [];
  return (BigInt(number) << 32n) | BigInt(offset);
}

/** @param like the name of any file of the same log: names have one stem, and numbers of at least six digits. */
export function placeOf(position: Position, like: string): Place {
  const [, stem = '', digits = ''] = FILE.exec(like) ?? [];
  const number = (position >> 32n).toString().padStart(digits.length, '0');
  return { file: `${stem}${number}`, offset: Number(position & 0xffffffffn) };
}

/** By server: MySQL 8.2 and later, MariaDB 10.5 and later, all before them. */
const STATEMENTS = ['SHOW BINARY LOG STATUS', 'SHOW BINLOG STATUS', 'SHOW MASTER STATUS'];

/** Where the log ends now. @throws EnvironmentError where there is none, or it may not be seen. */
export async function endOfLog(session: Session): Promise<Place> {
  let failure: unknown;
  for (const statement of STATEMENTS) {
    let rows: readonly TextRow[];
    try {
      rows = await session.query(statement);
    } catch (cause) {
      failure ??= cause;
      continue;
    }
    const [file = null, offset = null] = rows[0] ?? [];
    if (file !== null) return { file, offset: Number(offset) };
    throw new EnvironmentError('the server keeps no binary log; start it with log_bin');
  }
  throw new EnvironmentError(
    `the place in the binary log cannot be read: ${failure instanceof Error ? failure.message : String(failure)}; ` +
      'grant REPLICATION CLIENT and REPLICATION SLAVE to the user',
    { cause: failure },
  );
}

/** Names of the files that the server still keeps. */
export async function keptFiles(session: Session): Promise<string[]> {
  return (await session.query('SHOW BINARY LOGS')).map(([name]) => name ?? '');
}
