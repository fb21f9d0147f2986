/** MySQL: what the harness must know before it writes or compares. Source: MySQL 8.4 reference manual, chapters 11.2, 13, 15.1.20. */
import type { ConnectorTraits } from '../connector.ts';

export const traits: ConnectorTraits = {
  identifierBytes: 64, // 11.2.1: 64 characters, of which one may be several bytes; the server refuses longer ones
  timestampDigits: 6, // 13.2.6
  emptyStringIsNull: false,
  primaryKeyMayChange: true,
  keylessTables: true,
  transactionalDdl: false, // 15.3.3: statements that commit implicitly
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
