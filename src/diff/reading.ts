/**
 * Reads both sides at once and in step, checks what they yield, and takes a checksum of each, so that a second reading
 * can be held against the first. A side that fails or stalls ends in an error, never in a shorter table.
 */
import type { RowBatch } from '../core/canonical.ts';
import { Deadline, within } from '../core/deadline.ts';
import { E2eError, messageOf } from '../core/errors.ts';
import type { DiffRequest, Side } from './side.ts';

export type Hand = 'left' | 'right';
export const HANDS = ['left', 'right'] as const;

/** What a reading of one side came to: its rows and the sum of their hashes. */
export interface Totals {
  rows: number;
  /** Low and high word. */
  readonly sum: Uint32Array;
}

export interface Reading {
  readonly left: Totals;
  readonly right: Totals;
}

/** Is given every batch of both sides and keeps nothing of it but copies; may make the reading wait. */
export type Consume = (hand: Hand, batch: RowBatch, totals: Totals) => Promise<void> | void;

const CLOSING_MS = 3_000;
const PROGRESS_EVERY_MS = 100;

/**
 * @param consume called with one batch at a time; the side with fewer rows so far is read next, so that two tables in
 * about the same order meet row by row.
 * @throws E2eError naming the side that failed; the signal's reason when aborted.
 */
export async function readBoth(request: DiffRequest, reading: 1 | 2, consume: Consume): Promise<Reading> {
  const stop = new AbortController();
  const signal = AbortSignal.any([request.signal, stop.signal]);
  const sources = { left: open(request, 'left', signal), right: open(request, 'right', signal) };
  const totals: Reading = { left: emptyTotals(), right: emptyTotals() };
  let told = performance.now();
  try {
    for (;;) {
      const hand = nextHand(sources, totals);
      if (hand === undefined) break;
      const batch = await sources[hand].next();
      if (batch === undefined) continue;
      totals[hand].rows += batch.rows;
      await consume(hand, batch, totals[hand]);
      batch.release?.();
      if (performance.now() - told > PROGRESS_EVERY_MS) {
        told = performance.now();
        request.onProgress?.({ leftRows: totals.left.rows, rightRows: totals.right.rows, reading });
      }
    }
    request.onProgress?.({ leftRows: totals.left.rows, rightRows: totals.right.rows, reading });
    return totals;
  } finally {
    stop.abort();
    // What failed is already being told; closing must not hide it, nor hang.
    const closed = Promise.allSettled([sources.left.close(), sources.right.close()]);
    await within('both readers to close', Deadline.after(CLOSING_MS), closed).catch(() => undefined);
  }
}

export function emptyTotals(): Totals {
  return { rows: 0, sum: new Uint32Array(2) };
}

interface Source {
  readonly done: boolean;
  next(): Promise<RowBatch | undefined>;
  close(): Promise<void>;
}

function nextHand(sources: Readonly<Record<Hand, Source>>, totals: Reading): Hand | undefined {
  if (sources.left.done) return sources.right.done ? undefined : 'right';
  if (sources.right.done) return 'left';
  return totals.left.rows <= totals.right.rows ? 'left' : 'right';
}

/** One batch is always on its way, so that both servers work while we hash. */
function open(request: DiffRequest, hand: Hand, signal: AbortSignal): Source {
  const side: Side = request[hand];
  const columns = request.columns.length;
  const iterator = side.read(signal)[Symbol.asyncIterator]();
  let rows = 0;
  let done = false;
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void => {
      reject(
        signal.reason instanceof Error ? signal.reason : new E2eError('DIFF_ABORTED', 'the comparison was stopped'),
      );
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
  aborted.catch(() => undefined);
  const fetch = (): Promise<IteratorResult<RowBatch, unknown>> => {
    const pending = iterator.next();
    // It may fail while the other side is being waited for; `next` below is where that is told.
    pending.catch(() => undefined);
    return pending;
  };
  let pending = fetch();
  return {
    get done() {
      return done;
    },
    async next() {
      let result: IteratorResult<RowBatch, unknown>;
      try {
        result = await Promise.race([pending, aborted]);
      } catch (error) {
        if (request.signal.aborted) throw error;
        throw new E2eError(
          'DIFF_SIDE_FAILED',
          `${request.table}: reading the ${hand} side (${side.label}) failed after ${count(rows)} rows: ${messageOf(error)}`,
          { cause: error },
        );
      }
      if (result.done === true) {
        done = true;
        return undefined;
      }
      check(request, hand, result.value, columns);
      rows += result.value.rows;
      pending = fetch();
      return plain(result.value);
    },
    async close() {
      await iterator.return?.();
    },
  };
}

/** Windows on a Buffer are slow to make; the rows are many. */
function plain(batch: RowBatch): RowBatch {
  const { buffer, byteOffset, byteLength } = batch.bytes;
  return { ...batch, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

function check(request: DiffRequest, hand: Hand, batch: RowBatch, columns: number): void {
  const cells = batch.rows * columns;
  const last = batch.cellEnds[cells - 1];
  if (batch.rows > 0 && batch.cellEnds.length === cells && last !== undefined && last <= batch.bytes.length) return;
  throw new E2eError(
    'DIFF_BAD_BATCH',
    `${request.table}: the ${hand} side (${request[hand].label}) yielded a batch of ${batch.rows} rows with ` +
      `${batch.cellEnds.length} cells where ${columns} columns are compared; this is a fault of its reader`,
  );
}

/** `1,234` */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}
