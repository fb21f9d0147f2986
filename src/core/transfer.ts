/** A transfer as an engine is told of it: no engine's dialect, no database's client. */
import type { EngineView } from './server.ts';
import type { TransferStore } from './store.ts';
import type { DatabaseKind, Mode, TableName } from './words.ts';

export type Cleanup = 'Drop' | 'Truncate' | 'Disabled';

export interface TransferEnd {
  readonly kind: DatabaseKind;
  readonly address: EngineView;
  /** Database or directory. */
  readonly namespace: string;
  /** Server version, where an engine's configuration depends on it. */
  readonly version: string;
}

export interface Transfer {
  /** Unique in the run, letters, digits and `_`, at most 40 characters: engines make slot names of it. */
  readonly id: string;
  readonly mode: Mode;
  readonly source: TransferEnd;
  readonly destination: TransferEnd;
  readonly tables: readonly TableName[];
  /** Mode incremental: the column whose growth is followed, and where to start. */
  readonly cursors: readonly { readonly table: TableName; readonly column: string; readonly initial: string }[];
  readonly cleanup: Cleanup;
  /** Parameters laid over the engine's own for the ends, by the engine's own keys. */
  readonly sourceParams: Readonly<Record<string, unknown>>;
  readonly destinationParams: Readonly<Record<string, unknown>>;
  /** A folder of this scenario's own for the engine's configuration, state and log. */
  readonly directory: string;
  /** The network of both servers, where they and the engine are in containers; the ends' addresses are on it. */
  readonly network?: string;
  /** How many workers beside the main one share an activation; absent: one process does it. */
  readonly workers?: number;
  /** A bucket of this transfer's own, where its processes agree. */
  readonly store?: TransferStore;
  /** TZ of the engine's process. */
  readonly timeZone: string;
}
