/**
 * The door to an engine: the program under test, and how it is driven. Read this first.
 *
 * Life of a transfer under an engine, in order:
 * 1. `support` says whether the square works by intent; if not, with which words it must refuse.
 * 2. `activate` starts the activation (snapshot, or one incremental pass) and returns its process.
 * 3. `replicate` starts the replication and returns its process, which runs until it is stopped or killed.
 * 4. `clean` removes what this way of driving leaves outside the transfer's folder and the databases.
 *
 * Must not know scenarios, verdicts, or how rows are compared; and no connector.
 */
import type { NamedEnds } from './dialect/names.ts';
import type { Transfer } from '../core/transfer.ts';
import type { DatabaseKind, EngineName, Square, TableName } from '../core/words.ts';

export interface Engine {
  readonly name: EngineName;
  /** Says which address of a server it can use: that for programs of this machine, or the one on the servers' network. */
  readonly runsIn: 'process' | 'container';
  /** What this engine says it can do. */
  support(square: Square): Support;
  /** What a source table is called at the destination. */
  tableAt(square: Square, table: TableName, ends: NamedEnds): TableName;
  /** Whether replication needs an activation before it in this mode. */
  activates(square: Square): boolean;
  /** @throws UsageError when the engine's program cannot be found or started. */
  activate(transfer: Transfer, signal: AbortSignal): Promise<EngineProcess>;
  replicate(transfer: Transfer, signal: AbortSignal): Promise<EngineProcess>;
}

/** Which of the processes that share an activation: 0 is the main one, 1 to `workers` are the others. */
export interface Share {
  readonly index: number;
  readonly workers: number;
}

/** Optional power: an activation by several processes, which agree in the transfer's store. */
export interface Sharing {
  activateShare(transfer: Transfer, share: Share, signal: AbortSignal): Promise<EngineProcess>;
}

export function canShare(engine: Engine): engine is Engine & Sharing {
  return 'activateShare' in engine && engine.activateShare !== undefined;
}

/** `refusal`: what the engine's error output must match. */
export type Support = { readonly supported: true } | { readonly supported: false; readonly refusal: RegExp };

/** How a process ended. */
export interface Exit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly durationMs: number;
  /** True when SIGTERM was not enough within the grace. */
  readonly forced: boolean;
}

/** A running engine. Disposing kills it and everything it started. */
export interface EngineProcess extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when it has ended, however; never rejects. */
  readonly exited: Promise<Exit>;
  /** Set once ended. */
  readonly exit: Exit | undefined;
  /** SIGKILL to it and all it started, as a fault would. */
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
  /** SIGTERM, then after `graceMs` SIGKILL. */
  stop(graceMs: number): Promise<Exit>;
  /** What it printed: bounded head and tail, with how much lies between. */
  log(): string;
  /** The last lines that look like an error, for messages. */
  lastError(): string | undefined;
}

/** What a way of driving needs to know of each database: how an end is written in the engine's configuration. */
export type EndParams = (
  end: Transfer['source'],
  transfer: Transfer,
) => {
  readonly type: string;
  readonly params: Record<string, unknown>;
};

export type EndDialect = Readonly<
  Partial<Record<DatabaseKind, { readonly source: EndParams; readonly destination: EndParams }>>
>;
