/** Keys of `params` for type mysql, as a source and as a destination, under the names that the engine of record gives them. */
import { z } from 'zod';
import type { KeyTable } from '../config/keys.ts';
import { cleanup, count, flag, port, secret } from '../config/shapes.ts';

const CONNECTION = ['Host', 'Port', 'Database', 'User', 'Password', 'EnableTLS'];

const connection = {
  Host: z.string().min(1),
  Port: port.default(3306),
  Database: z.string().min(1),
  User: z.string().min(1),
  Password: secret.prefault(''),
  EnableTLS: flag.default(false),
};

export const SOURCE_KEYS: KeyTable = {
  keys: [
    ...CONNECTION,
    'IncludeTableRegex', 'ExcludeTableRegex', 'ServerID', 'SnapshotDegreeOfParallelism', 'DesiredTableSize',
  ],
  aliases: { Hosts: 'Host', Name: 'Database' },
  withoutEffect: [
    'PreSteps', 'PostSteps', 'AllowDecimalAsFloat', 'Timezone', 'ConsistentSnapshot', 'BufferLimit', 'ClusterID',
    'TLSFile', 'SubNetworkID', 'SecurityGroupIDs', 'ConnectionID', 'NoTracking', 'YtTables', 'IsPublic',
    'ReplicationFlushInterval', 'RootCAFiles', 'PlzNoHomo', 'TrackerDatabase',
  ],
}; // prettier-ignore

export const sourceShape = z.object({
  ...connection,
  IncludeTableRegex: z.array(z.string().min(1)).default([]),
  ExcludeTableRegex: z.array(z.string().min(1)).default([]),
  ServerID: count.optional(),
  SnapshotDegreeOfParallelism: count.default(2),
  DesiredTableSize: count.default(16 * 1024 * 1024),
});
export type SourceParams = z.output<typeof sourceShape>;

export const DESTINATION_KEYS: KeyTable = {
  keys: [...CONNECTION, 'Cleanup'],
  aliases: { Hosts: 'Host', Name: 'Database', CleanupMode: 'Cleanup' },
  withoutEffect: [
    'MaintainTables', 'SkipKeyChecks', 'SQLMode', 'ProgressTrackerDB', 'ClusterID', 'TLSFile', 'SubNetworkID',
    'SecurityGroupIDs', 'ConnectionID', 'Timezone', 'IsPublic', 'PerTransactionPush', 'RootCAFiles',
    'TransactionIsolationLevel', 'BufferTriggingSize', 'DisableParallelWrite', 'TransformerConfig',
  ],
}; // prettier-ignore

export const destinationShape = z.object({ ...connection, Cleanup: cleanup.optional() });
export type DestinationParams = z.output<typeof destinationShape>;
export type ConnectionParams = Pick<
  DestinationParams,
  'Host' | 'Port' | 'Database' | 'User' | 'Password' | 'EnableTLS'
>;
