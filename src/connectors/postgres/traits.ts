/** Postgres: what the harness must know before it writes or compares. Source: PostgreSQL 18 manual, chapters 4.1, 8, 13. */
import type { ConnectorTraits } from '../connector.ts';

export const traits: ConnectorTraits = {
  defaultSchema: 'public',
  identifierBytes: 63, // NAMEDATALEN - 1; the server cuts longer ones without an error
  timestampDigits: 6, // 8.5: microseconds
  emptyStringIsNull: false,
  primaryKeyMayChange: true,
  keylessTables: true,
  transactionalDdl: true, // all but CREATE DATABASE and a few of its kind
  transactions: true,
  changeLog: true,
  systemNames: [
    /^__consumer_keeper$/,
    /^__data_transfer_/,
    /^__table_transfer_progress$/,
    /^__tm_keeper$/,
    /^__tm_gtid_keeper$/,
    /^__wal$/,
  ],
};

export function isSystemName(name: string): boolean {
  return traits.systemNames.some((pattern) => pattern.test(name));
}
