/** ClickHouse: what the harness must know before it writes or compares. Source: ClickHouse manual, "SQL reference" and "MergeTree". */
import type { ConnectorTraits } from '../connector.ts';

export const traits: ConnectorTraits = {
  identifierBytes: 127, // names are file names: 255 bytes less suffixes, the database's name and its UUID
  timestampDigits: 9, // DateTime64(9)
  emptyStringIsNull: false,
  primaryKeyMayChange: false, // "Cannot UPDATE key column" (420)
  keylessTables: true, // ORDER BY tuple()
  transactionalDdl: false,
  transactions: false, // experimental in the server, off by default
  changeLog: false,
  systemNames: [
    /^__data_transfer_/,
    /^__consumer_keeper$/,
    /^__table_transfer_progress$/,
    /^__tm_keeper$/,
    /^__tm_gtid_keeper$/,
    /^__wal$/,
    /^__e2e_/, // our own staging tables (write.ts)
    /^\.inner/, // storage of materialized views
  ],
};

/** Column by which engines mark deleted rows in a ReplacingMergeTree: 0 means that the row is there. */
export const DELETE_TIME_COLUMN = '__data_transfer_delete_time';

export function isSystemName(name: string): boolean {
  return traits.systemNames.some((pattern) => pattern.test(name));
}
