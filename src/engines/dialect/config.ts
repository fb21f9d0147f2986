/** The engine's configuration file, written from a transfer. Shared by every engine that reads this YAML. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { UsageError } from '../../core/errors.ts';
import type { Transfer } from '../../core/transfer.ts';
import type { Mode } from '../../core/words.ts';
import { ENDS } from './ends.ts';

const TYPES: Readonly<Record<Mode, string>> = {
  snapshot: 'SNAPSHOT_ONLY',
  replication: 'INCREMENT_ONLY',
  'snapshot-replication': 'SNAPSHOT_AND_INCREMENT',
  incremental: 'SNAPSHOT_ONLY',
};

/** @throws UsageError for a database that this dialect has no words for. */
export function transferConfig(transfer: Transfer): Record<string, unknown> {
  const source = ENDS[transfer.source.kind]?.source(transfer.source, transfer);
  const destination = ENDS[transfer.destination.kind]?.destination(transfer.destination, transfer);
  if (source === undefined || destination === undefined) {
    const missing = source === undefined ? transfer.source.kind : transfer.destination.kind;
    throw new UsageError('ENGINE_DIALECT', `${missing} has no entry in src/engines/dialect/ends.ts yet`);
  }
  return {
    id: transfer.id,
    type: TYPES[transfer.mode],
    src: { type: source.type, params: { ...source.params, ...transfer.sourceParams } },
    dst: { type: destination.type, params: { ...destination.params, ...transfer.destinationParams } },
    ...(transfer.mode === 'incremental'
      ? {
          regular_snapshot: {
            enabled: true,
            incremental: transfer.cursors.map(({ table, column, initial }) => ({
              namespace: table.schema ?? transfer.source.namespace,
              name: table.name,
              cursor_field: column,
              initial_state: initial,
            })),
          },
        }
      : {}),
  };
}

/** Writes the file, readable by its owner only: it holds passwords. @returns its path. */
export function writeConfig(transfer: Transfer): string {
  const file = join(transfer.directory, 'transfer.yaml');
  // Renamed into place: another process of the same transfer may be reading it.
  writeFileSync(`${file}.part`, stringify(transferConfig(transfer), { lineWidth: 0 }), { mode: 0o600 });
  renameSync(`${file}.part`, file);
  return file;
}
