// What a real server does and this one cannot, by statement: a table to check line by line. Must not know the engine.
import { ClickHouseException } from './exception.ts';
import type { Statement } from './statement.ts';

/** Statements by their first words (alternatives in brackets), and what is said instead of running them. */
const REFUSED: readonly (readonly [verbs: readonly (readonly string[])[], because: string])[] = [
  [
    [['SYSTEM'], ['SHUTDOWN', 'KILL', 'SUSPEND']],
    'it would end every client of this process; stop the process instead',
  ],
  [
    [
      ['CREATE', 'ALTER', 'DROP', 'SHOW'],
      ['USER', 'USERS', 'ROLE', 'ROLES', 'QUOTA', 'QUOTAS', 'PROFILE', 'PROFILES'],
    ],
    'the embedded server has one user, given by --user and --password',
  ],
  [
    [
      ['CREATE', 'ALTER', 'DROP'],
      ['ROW', 'SETTINGS', 'MASKING'],
    ],
    'the embedded server has no access control',
  ],
  [[['GRANT', 'REVOKE']], 'the embedded server has no access control'],
  [[['SET'], ['ROLE', 'DEFAULT']], 'the embedded server has no roles'],
  [[['EXECUTE'], ['AS']], 'the embedded server has one user'],
  [[['BACKUP', 'RESTORE']], 'no backup folder is configured'],
];

/** The exception for a statement that cannot be run here; undefined if it can. */
export function refusal(statement: Statement): ClickHouseException | undefined {
  if (statement.kind === 'kill' && statement.ids === undefined) {
    return ClickHouseException.notSupported(
      "KILL QUERY by another condition than query_id = '…' or query_id IN ('…', …)",
    );
  }
  if (statement.kind === 'kill' && statement.mode !== 'ASYNC') {
    return ClickHouseException.notSupported(`KILL QUERY … ${statement.mode}`);
  }
  if (statement.kind !== 'other') return undefined;
  for (const [verbs, because] of REFUSED) {
    if (verbs.every((words, index) => words.includes(statement.verbs[index] ?? ''))) {
      return ClickHouseException.notSupported(`${statement.verbs.slice(0, verbs.length).join(' ')}: ${because}`);
    }
  }
  return undefined;
}

/** First words of statements that a GET request may run in a named session. Elsewhere the engine itself watches. */
const READING: ReadonlySet<string> = new Set(['SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'EXPLAIN', 'CHECK', 'SET', 'USE']);

/** @throws ClickHouseException if `statement` changes anything. */
export function assertReads(statement: Statement): void {
  if (statement.kind === 'select') return;
  if (statement.kind === 'other' && READING.has(statement.verbs[0] ?? '')) return;
  throw new ClickHouseException(164, 'READONLY', 'Cannot execute query in readonly mode');
}
