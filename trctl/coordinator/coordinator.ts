/**
 * Where a transfer's progress is kept so that it survives the process. The door; memory.ts and file.ts stand behind it.
 * Knows nothing of databases.
 */
import { z } from 'zod';

const part = z.object({
  name: z.string(),
  where: z.string(),
  done: z.boolean(),
});

const tableProgress = z.object({
  /** Position of the snapshot that the parts are (or were last) read at; null before the first. */
  position: z.string().nullable(),
  parts: z.array(part),
});

/** What is known of one transfer. Positions are printed as the source prints them. */
export const transferState = z.object({
  version: z.literal(1),
  /** Id of the activation. */
  epoch: z.string(),
  /** `snapshot`: under way or interrupted; `log`: replication goes on from the log. */
  stage: z.enum(['snapshot', 'log']),
  /** What the activation was made for: another set of tables or another destination starts anew. */
  fingerprint: z.string(),
  /** Where the change log goes on, for sources that do not know it themselves; null before there is one. */
  log: z.string().nullable().default(null),
  /** By `schema.table`. */
  tables: z.record(z.string(), tableProgress),
  /** Cursors of incremental snapshots, by `schema.table.field`. */
  cursors: z.record(z.string(), z.string()),
});
export type TransferState = z.output<typeof transferState>;
export type TableProgress = z.output<typeof tableProgress>;

export interface Coordinator {
  /** Whether state outlives the process. */
  readonly durable: boolean;
  /** Null when nothing is known of the transfer. @throws EnvironmentError when what is there cannot be read. */
  load(transferId: string): Promise<TransferState | null>;
  /** Resolves when the state would survive a kill -9. */
  save(transferId: string, state: TransferState): Promise<void>;
}
