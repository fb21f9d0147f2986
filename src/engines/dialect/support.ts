/**
 * Which squares the engine works on by intent, and with which words it refuses the others: by source and mode, since
 * every database can be a destination. Data, to be read against the engine's documentation.
 */
import type { DatabaseKind, Mode, Square } from '../../core/words.ts';
import type { Support } from '../engine.ts';

const SOURCE_MODES: Readonly<Record<DatabaseKind, readonly Mode[]>> = {
  postgres: ['snapshot', 'replication', 'snapshot-replication', 'incremental'],
  mysql: ['snapshot', 'replication', 'snapshot-replication'],
  clickhouse: ['snapshot', 'incremental'],
  ydb: ['snapshot', 'replication', 'snapshot-replication', 'incremental'],
  ytsaurus: ['snapshot'],
};

/** Any engine may word its refusal as it likes as long as it says that this is not supported. */
const REFUSAL = /not supported|unsupported|cannot be replicated|no replication|not implemented|does not support/i;

export function supportOf(square: Square): Support {
  return SOURCE_MODES[square.source].includes(square.mode)
    ? { supported: true }
    : { supported: false, refusal: REFUSAL };
}
