/** Settings of the servers that we start: what an engine needs to follow changes, and what makes a throw-away server fast. */
import { randomInt } from 'node:crypto';
import type { Product } from './connection.ts';

/** Rows whole and with their columns' names and kinds, so that a reader need not ask for them (manual, 19.1.6.4). */
const REPLICATION = {
  'log-bin': 'binlog',
  'binlog-format': 'ROW',
  'binlog-row-image': 'FULL',
  'binlog-row-metadata': 'FULL',
};
const GTID = { 'gtid-mode': 'ON', 'enforce-gtid-consistency': 'ON' };

/** Durability is not under test: the data is gone with the run. */
const THROW_AWAY = { 'innodb-flush-log-at-trx-commit': '0', 'sync-binlog': '0', 'innodb-doublewrite': 'OFF' };

const ROOM = { 'max-connections': '300', 'max-allowed-packet': '1G', 'innodb-buffer-pool-size': '128M' };

/** Whatever the machine's own files would say is left out by --no-defaults. */
const FIXED = {
  'character-set-server': 'utf8mb4',
  'local-infile': 'ON',
  'skip-name-resolve': 'ON',
  'secure-file-priv': '',
  'performance-schema': 'OFF',
};

/** As arguments of the server. */
export function settingArguments(product: Product['product']): string[] {
  const settings = {
    // Replicas are told apart by it, and two servers of one machine may be followed by one reader.
    'server-id': String(randomInt(1, 2 ** 31)),
    ...REPLICATION,
    ...(product === 'MySQL' ? { ...GTID, mysqlx: 'OFF' } : {}),
    ...THROW_AWAY,
    ...ROOM,
    ...FIXED,
  };
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}
