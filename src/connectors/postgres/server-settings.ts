/** Settings of the servers that we start: what an engine needs to follow changes, and what makes a throw-away server fast. */
import type { Client } from 'pg';
import { timeZoneFor } from '../../core/zones.ts';
import { rowsOf } from './connection.ts';

/** Slots and walsenders: every scenario of a run may hold one, and a strange engine may leak a few. */
const REPLICATION = { wal_level: 'logical', max_replication_slots: '64', max_wal_senders: '64' };

/** Durability is not under test: the data is gone with the run. */
const THROW_AWAY = { fsync: 'off', full_page_writes: 'off', max_wal_size: '4GB' };

const ROOM = { max_connections: '300', max_prepared_transactions: '16', shared_buffers: '128MB' };

/** Server-side names, so that the C library of the machine plays no part. */
const FIXED = { log_timezone: 'UTC', lc_messages: 'C' };

/** As arguments of `postgres`. */
export function settingArguments(seed: string): string[] {
  const settings = { ...REPLICATION, ...THROW_AWAY, ...ROOM, ...FIXED, timezone: timeZoneFor('postgres server', seed) };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Newer minors allow only listed output plugins; older ones do not know the setting. Run where the setting exists. */
const ALLOW_PLUGINS = {
  exists: "SELECT 1 FROM pg_settings WHERE name = 'output_plugin_libraries'",
  allow: "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', 'wal2json'",
  reload: 'SELECT pg_reload_conf()',
};

/** Lets a server that we started load the plugins that engines follow changes with. */
export async function allowPlugins(client: Client): Promise<void> {
  if ((await rowsOf(client, ALLOW_PLUGINS.exists)).length === 0) return;
  await client.query(ALLOW_PLUGINS.allow);
  await client.query(ALLOW_PLUGINS.reload);
}
