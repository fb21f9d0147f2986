/** Keys of `params` for type pg, as a source and as a destination, under the names that the engine of record gives them. */
import { z } from 'zod';
import type { KeyTable } from '../config/keys.ts';
import { cleanup, count, flag, hosts, port, secret } from '../config/shapes.ts';

const CONNECTION = ['Hosts', 'Port', 'Database', 'User', 'Password', 'EnableTLS'];

const connection = {
  Hosts: hosts,
  Port: port.default(6432),
  Database: z.string().min(1),
  User: z.string().min(1),
  Password: secret.prefault(''),
  EnableTLS: flag.default(false),
};

export const SOURCE_KEYS: KeyTable = {
  keys: [
    ...CONNECTION,
    'DBTables', 'ExcludedTables', 'SlotID', 'SnapshotDegreeOfParallelism', 'DesiredTableSize',
  ],
  aliases: { Host: 'Hosts', Name: 'Database' },
  withoutEffect: [
    'KeeperSchema', 'BatchSize', 'SlotByteLagLimit', 'PreSteps', 'PostSteps', 'NoHomo', 'Plugin', 'TLSFile',
    'SubNetworkID', 'SecurityGroupIDs', 'CollapseInheritTables', 'UsePolling', 'AutoActivate', 'ClusterID',
    'IsHomo', 'ConnectionID', 'UseFakePrimaryKey', 'IgnoreUserTypes', 'IgnoreUnknownTables', 'MaxBufferSize',
    'ExcludeDescendants', 'SnapshotSerializationFormat', 'ShardingKeyFields', 'PgDumpCommand', 'DBLogEnabled',
    'ChunkSize', 'UserEnabledTls', 'MasterHost', 'TransferID', 'MaxLSNLag',
  ],
}; // prettier-ignore

export const sourceShape = z.object({
  ...connection,
  DBTables: z.array(z.string().min(1)).default([]),
  ExcludedTables: z.array(z.string().min(1)).default([]),
  SlotID: z.string().default(''),
  SnapshotDegreeOfParallelism: count.default(2),
  DesiredTableSize: count.default(16 * 1024 * 1024),
});
export type SourceParams = z.output<typeof sourceShape>;

export const DESTINATION_KEYS: KeyTable = {
  keys: [...CONNECTION, 'Cleanup'],
  aliases: { Host: 'Hosts', Name: 'Database', CleanupMode: 'Cleanup' },
  withoutEffect: [
    'MaintainTables', 'PerTransactionPush', 'TLSFile', 'SubNetworkID', 'SecurityGroupIDs', 'ClusterID',
    'CopyUpload', 'LoozeMode', 'IgnoreUniqueConstraint', 'DisableSQLFallback', 'QueryTimeout', 'Tables',
    'ConnectionID', 'TransformerConfig', 'UserEnabledTls', 'MasterHost', 'BatchSize',
  ],
}; // prettier-ignore

export const destinationShape = z.object({ ...connection, Cleanup: cleanup.optional() });
export type DestinationParams = z.output<typeof destinationShape>;
export type ConnectionParams = Pick<
  DestinationParams,
  'Hosts' | 'Port' | 'Database' | 'User' | 'Password' | 'EnableTLS'
>;
