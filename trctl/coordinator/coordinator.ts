/**
 * Where a transfer's progress is kept so that it survives the process, and where the processes of one transfer agree who
 * does what. The door; memory.ts, file.ts and s3.ts stand behind it. Knows nothing of databases.
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
  /** Whether processes of their own can share it. */
  readonly shared: boolean;
  /** Null when nothing is known of the transfer. @throws EnvironmentError when what is there cannot be read. */
  load(transferId: string): Promise<TransferState | null>;
  /** Resolves when the state would survive a kill -9. */
  save(transferId: string, state: TransferState): Promise<void>;
  /** Where the processes of a transfer leave notes for each other. */
  board(transferId: string): Board;
}

/** Changes with every write of a note; means nothing else. */
export type Tag = string;

export interface Note {
  readonly text: string;
  readonly tag: Tag;
}

/**
 * Notes with names (`main`, `runs/7/part-0003`), written only on conditions, so that of several processes one wins. A
 * writer that is told null may have won all the same, when the answer to its write was lost: who must know reads again
 * and looks for its own words, which therefore must be no one else's.
 */
export interface Board {
  read(name: string): Promise<Note | null>;
  /** Writes a note that is not there. Null: there is one. */
  create(name: string, text: string): Promise<Tag | null>;
  /** Writes over the note that has this tag. Null: it has been written over or removed since. */
  replace(name: string, text: string, tag: Tag): Promise<Tag | null>;
  /** All notes whose names begin so, in the order of their names. */
  list(prefix: string): Promise<readonly { readonly name: string; readonly tag: Tag }[]>;
  /** Removes all notes whose names begin so. */
  remove(prefix: string): Promise<void>;
}
