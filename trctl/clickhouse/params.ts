/** Keys of `params` for type ch, as a source and as a destination, under the names that the engine of record gives them. */
import { z } from 'zod';
import type { KeyTable } from '../config/keys.ts';
import { cleanup, flag, hosts, port, secret } from '../config/shapes.ts';

export const DESTINATION_KEYS: KeyTable = {
  keys: ['ShardsList', 'Hosts', 'HTTPPort', 'User', 'Password', 'Database', 'SSLEnabled', 'Cleanup'],
  aliases: { Shards: 'ShardsList', Host: 'Hosts', CleanupMode: 'Cleanup', Name: 'Database' },
  withoutEffect: [
    'NativePort', 'ForceHTTP', 'ForceJSONMode', 'InferSchema', 'UseSchemaInTableName', 'UpsertAbsentToastedRows',
    'InsertParams', 'MigrationOptions', 'RetryCount', 'BufferTriggingSize', 'ProtocolUnspecified', 'ChClusterName',
    'IsUpdateable', 'AnyAsString', 'SystemColumnsFirst', 'ShardCol', 'ShardByTransferID', 'ShardByRoundRobin',
    'MdbClusterID', 'SubNetworkID', 'SecurityGroupIDs', 'PemFileContent', 'IsSchemaMigrationDisabled',
    'UploadAsJSON', 'Interval', 'ConnectionID', 'TLSFile', 'AltNames', 'UserEnabledTls', 'TransformerConfig',
  ],
}; // prettier-ignore

const shard = z.object({ Name: z.string().optional(), Hosts: hosts });

/** A list as the engine of record has it, or its JSON object form `{name: [hosts]}`. */
const shards = z.preprocess((value) => {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return Object.entries(value).map(([Name, Hosts]) => ({ Name, Hosts: Hosts as unknown }));
  return value.map((entry: unknown) =>
    typeof entry === 'object' && entry !== null
      ? Object.fromEntries(
          Object.entries(entry).map(([key, item]) => [SHARD_KEYS[key.toLowerCase()] ?? key, item as unknown]),
        )
      : entry,
  );
}, z.array(shard).min(1));

const SHARD_KEYS: Readonly<Record<string, string>> = { name: 'Name', hosts: 'Hosts', host: 'Hosts' };

const connection = {
  ShardsList: shards.optional(),
  Hosts: hosts.optional(),
  HTTPPort: port.default(8123),
  User: z.string().default('default'),
  Password: secret.prefault(''),
  Database: z.string().min(1),
  SSLEnabled: flag.default(false),
};

const somewhere = {
  path: ['ShardsList'],
  message: "missing: where ClickHouse is, e.g. ShardsList: [{Name: s1, Hosts: ['127.0.0.1']}]",
};

export const destinationShape = z
  .object({ ...connection, Cleanup: cleanup.optional() })
  .refine((params) => params.ShardsList !== undefined || params.Hosts !== undefined, somewhere);
export type DestinationParams = z.output<typeof destinationShape>;

export const SOURCE_KEYS: KeyTable = {
  keys: [
    'ShardsList', 'Hosts', 'HTTPPort', 'User', 'Password', 'Database', 'SSLEnabled', 'IncludeTables', 'ExcludeTables',
  ],
  aliases: { Shards: 'ShardsList', Host: 'Hosts', Name: 'Database' },
  withoutEffect: [
    'NativePort', 'ForceHTTP', 'MdbClusterID', 'SubNetworkID', 'SecurityGroupIDs', 'PemFileContent', 'ConnectionID',
    'ChClusterName', 'BufferSize', 'IOHomoFormat', 'RootCACertPaths', 'IsHomo', 'UserEnabledTls',
  ],
}; // prettier-ignore

export const sourceShape = z
  .object({
    ...connection,
    IncludeTables: z.array(z.string().min(1)).default([]),
    ExcludeTables: z.array(z.string().min(1)).default([]),
  })
  .refine((params) => params.ShardsList !== undefined || params.Hosts !== undefined, somewhere);
export type SourceParams = z.output<typeof sourceShape>;
