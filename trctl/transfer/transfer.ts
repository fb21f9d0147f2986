/** What activate, replication and check work with: the two ends, the state, and what follows from the config. */
import { createHash } from 'node:crypto';
import type { TransferConfig } from '../config/load.ts';
import type { Coordinator, TransferState } from '../coordinator/coordinator.ts';
import type { Logger } from '../log.ts';
import { parsePosition } from '../model/change.ts';
import type { Position } from '../model/change.ts';
import type { Table } from '../model/table.ts';
import { tableLabel } from '../model/table.ts';
import type { Cleanup, Destination, Source } from '../provider.ts';
import { openEndpoints } from '../registry.ts';
import type { Jobs } from '../share/notes.ts';

export interface TransferContext {
  readonly config: TransferConfig;
  readonly coordinator: Coordinator;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Parts copied at once; absent: as the source says. */
  readonly parallelism?: number;
  /** The processes that share an activation; absent: it is this one's alone. */
  readonly jobs?: Jobs;
}

/** The ends, opened; closes both. */
export class Ends implements AsyncDisposable {
  readonly source: Source;
  readonly destination: Destination;
  readonly cleanup: Cleanup;

  private constructor(source: Source, destination: Destination, cleanup: Cleanup) {
    this.source = source;
    this.destination = destination;
    this.cleanup = cleanup;
  }

  /** @throws ConfigError */
  static async open(config: TransferConfig): Promise<Ends> {
    const { source, destination, cleanup } = await openEndpoints(config);
    const incremental = config.incremental.length > 0;
    if (incremental && cleanup !== undefined && cleanup !== 'Disabled') {
      throw config.dst.error(
        'Cleanup',
        `Cleanup: ${cleanup} would remove what earlier runs of regular_snapshot.incremental brought; set Cleanup: Disabled`,
      );
    }
    return new Ends(source, destination, cleanup ?? (incremental ? 'Disabled' : 'Drop'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.source[Symbol.asyncDispose](), this.destination[Symbol.asyncDispose]()]);
  }
}

/** Names what an activation was made for. State of another source or destination is of no use. */
export function fingerprint(config: TransferConfig): string {
  const place = (params: Readonly<Record<string, unknown>>): unknown[] =>
    Object.entries(params)
      .filter(([key]) => /^(hosts?|shardslist|port|httpport|database|name|slotid)$/i.test(key))
      .map(([key, value]) => [key.toLowerCase(), value])
      .sort();
  const what = [config.type, [config.src.type, place(config.src.params)], [config.dst.type, place(config.dst.params)]];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 16);
}

/** State at the beginning of an activation of these tables. */
export function emptyState(epoch: string, print: string, tables: readonly Table[]): TransferState {
  return {
    version: 1,
    epoch,
    stage: 'snapshot',
    fingerprint: print,
    log: null,
    tables: Object.fromEntries(tables.map((table) => [tableLabel(table.id), { position: null, parts: [] }])),
    cursors: {},
  };
}

/** The tables that the activation took: one that has appeared since is not followed until the next. */
export function activatedTables(tables: readonly Table[], state: TransferState, log: Logger): Table[] {
  const taken = tables.filter((table) => tableLabel(table.id) in state.tables);
  for (const table of tables) {
    if (!taken.includes(table)) {
      log.warn(
        `table ${tableLabel(table.id)} is new since the activation and is not followed; run activate to take it`,
      );
    }
  }
  return taken;
}

/** Where the state says that the change log goes on. */
export function logOf(state: TransferState | null): Position | null {
  const log = state?.log ?? null;
  return log === null ? null : parsePosition(log);
}
