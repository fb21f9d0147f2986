/**
 * Replication: reads the change log and writes it to the destination until it is told to stop.
 * 1. activate first if nothing is known of the transfer and its type begins with a snapshot
 * 2. go on from where the destination, else the log, stands
 * 3. gather changes up to the destination's batch; write; commit at the end of a source transaction; then confirm to the source
 * A lost connection is taken up again from there for as long as `RETRY_MS`.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TransferState } from '../coordinator/coordinator.ts';
import { ConfigError, ConnectionLost, EnvironmentError } from '../errors.ts';
import { parsePosition, printPosition } from '../model/change.ts';
import type { Change, ChangeBatch, Position } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { ChangeLog, Destination } from '../provider.ts';
import { activate } from './activate.ts';
import { Ends, activatedTables, emptyState, fingerprint, logOf } from './transfer.ts';
import type { TransferContext } from './transfer.ts';

/** Milliseconds without any progress after which a lost connection is given up. */
const RETRY_MS = 60_000;
/** Between two attempts, doubled each time. */
const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5_000;

export async function replicate(context: TransferContext): Promise<void> {
  const { config, coordinator, log, signal } = context;
  if (config.type === 'SNAPSHOT_ONLY') {
    throw new ConfigError(
      `transfer '${config.id}' is SNAPSHOT_ONLY and has nothing to replicate; run activate, or change its type`,
    );
  }
  const before = await coordinator.load(config.id);
  if (config.type === 'SNAPSHOT_AND_INCREMENT' && before?.stage !== 'log') {
    log.info(
      before === null
        ? 'nothing is known of this transfer: activating it first'
        : 'its activation was interrupted: going on',
    );
    const { parallelism } = context;
    // Without `jobs`: the change log has one reader, and so has the snapshot before it.
    await activate({ config, coordinator, log, signal, ...(parallelism === undefined ? {} : { parallelism }) });
  }
  const progress: { at: number | null; pause: number } = { at: null, pause: FIRST_PAUSE_MS };
  const progressed = (): void => {
    progress.at = Date.now();
    progress.pause = FIRST_PAUSE_MS;
  };
  const stopping = (): boolean => signal.aborted;
  while (!stopping()) {
    try {
      await stream(context, progressed);
    } catch (cause) {
      if (stopping()) return;
      const hopeless = progress.at === null || Date.now() - progress.at > RETRY_MS;
      if (!(cause instanceof ConnectionLost) || hopeless) throw cause;
      log.warn(`${cause.message}; trying again`, { in_ms: progress.pause });
      await delay(progress.pause, undefined, { signal }).catch(() => undefined); // only the signal ends it early
      progress.pause = Math.min(progress.pause * 2, MOST_PAUSE_MS);
    }
  }
}

async function stream(context: TransferContext, progressed: () => void): Promise<void> {
  const { config, coordinator, log, signal } = context;
  await using ends = await Ends.open(config);
  const { source, destination } = ends;
  const all = await source.tables();
  const print = fingerprint(config);
  let state = await coordinator.load(config.id);
  if (state !== null && state.fingerprint !== print) {
    throw new EnvironmentError(
      `transfer '${config.id}' was activated for another place than the config now names; run activate again`,
    );
  }
  const tables = state === null ? all : activatedTables(all, state, log);
  await source.checkLog(tables);
  await destination.check(tables);
  const position = await source.logPosition(logOf(state));
  if (position === null && state !== null) {
    throw new EnvironmentError(
      `the change log of transfer '${config.id}' is gone, and with it the changes since; run activate again`,
    );
  }
  const begin = position ?? (await source.openLog(tables));
  await destination.prepare(tables, 'Disabled');
  if (position === null) await destination.resetPosition(0n);
  if (state === null) {
    state = { ...emptyState(randomUUID(), print, tables), stage: 'log', log: printPosition(begin) };
    await coordinator.save(config.id, state);
  }
  const after = (await destination.position()) ?? 0n;
  await using changes = await source.changes(
    tables,
    after,
    floorsOf(
      state,
      tables.filter((table) => table.key.length === 0).map((table) => tableLabel(table.id)),
    ),
  );
  progressed();
  log.info('replicating', { from: printPosition(position ?? after), tables: tables.length });
  const place = new Place(context, state);
  try {
    await follow(changes, destination, signal, log, (position) => {
      progressed();
      return place.reached(position);
    });
  } finally {
    await place.save();
  }
}

/** Milliseconds between two writes of the place in the log. What lies behind it comes again after a kill, and does no harm. */
const PLACE_MS = 500;

/** Writes down how far the log is read, for sources that do not know it themselves. */
class Place {
  readonly #context: TransferContext;
  readonly #state: TransferState;
  #saved = Date.now();
  #dirty = false;

  constructor(context: TransferContext, state: TransferState) {
    this.#context = context;
    this.#state = state;
  }

  async reached(position: Position): Promise<void> {
    this.#state.log = printPosition(position);
    this.#dirty = true;
    if (Date.now() - this.#saved >= PLACE_MS) await this.save();
  }

  async save(): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#saved = Date.now();
    await this.#context.coordinator.save(this.#context.config.id, this.#state);
  }
}

/** A table without a key takes no change that its snapshot holds already: it would count twice. */
function floorsOf(state: TransferState, keyless: readonly string[]): Map<string, Position> {
  return new Map(
    keyless.flatMap((label) => {
      const position = state.tables[label]?.position ?? null;
      return position === null ? [] : [[label, parsePosition(position)] as const];
    }),
  );
}

/** Milliseconds that a write under way may still take when the program is told to stop. */
const GRACE_MS = 1_500;

async function follow(
  log: ChangeLog,
  destination: Destination,
  signal: AbortSignal,
  logger: TransferContext['log'],
  reached: (position: Position) => Promise<void>,
): Promise<void> {
  const { rows, bytes, milliseconds } = destination.batch;
  const batches = log.batches(signal)[Symbol.asyncIterator]();
  let pending: Change[] = [];
  let size = 0;
  let upTo: Position | undefined;
  let lastCommit = 0;
  let next: Promise<IteratorResult<ChangeBatch>> | undefined;
  const write = async (): Promise<void> => {
    const changes = pending;
    const end = upTo;
    pending = [];
    size = 0;
    if (changes.length > 0) await destination.apply(changes);
    if (end !== undefined) {
      if (changes.length > 0 || uncommitted) await destination.commit(end);
      uncommitted = false;
      await log.confirm(end);
      lastCommit = Date.now();
      await reached(end);
      if (changes.length > 0) logger.debug('written', { changes: changes.length, position: printPosition(end) });
    } else {
      uncommitted = true;
    }
    upTo = undefined;
  };
  let uncommitted = false;
  while (!signal.aborted) {
    next ??= batches.next();
    const wait = upTo === undefined ? undefined : Math.max(0, lastCommit + milliseconds - Date.now());
    const result = await settled(next, wait);
    if (result === 'late') {
      await within(write(), signal);
      continue;
    }
    next = undefined;
    if (result.done === true) break;
    pending.push(...result.value.changes);
    size += sizeOf(result.value.changes);
    upTo = result.value.upTo;
    if (pending.length >= rows || size >= bytes) await within(write(), signal);
  }
  if (upTo !== undefined) await within(write(), signal);
}

/** The promise's value, or 'late' after some milliseconds; undefined waits for ever. */
async function settled<T>(promise: Promise<T>, wait: number | undefined): Promise<T | 'late'> {
  if (wait === undefined) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), wait);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets a write finish, but not for longer than the grace once the program is told to stop: it will be done again. */
async function within(write: Promise<void>, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stop: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    stop = (): void => {
      timer = setTimeout(resolve, GRACE_MS);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([write, given]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Characters of the values, about. */
function sizeOf(changes: readonly Change[]): number {
  let size = 0;
  for (const change of changes) {
    if (change.kind === 'put' || change.kind === 'remove') for (const value of change.row) size += value?.length ?? 0;
  }
  return size;
}
