/**
 * Compares two sides row by row, whatever their order, and says in what they differ. Life of a comparison:
 *
 * 1. Both sides are read at once; each row becomes a hash of its key and a hash of the whole row, entered in a ledger.
 *    Rows that both sides have cancel out. When the ledger is empty the tables are equal, and that is all.
 * 2. Otherwise both sides are read again, and the rows of the keys that did not cancel out are compared as values, cell
 *    by cell, with the declared tolerances. A hash alone never makes a verdict `different`.
 * 3. A few rows are fetched as the databases show them, and the report is put together.
 *
 * Where a step needs more memory than it may have it does a part of the hash range and reads again for the rest. A side
 * that fails, or is not the same at each reading, ends in an error: the verdict is unknown, which the caller says.
 */
import type { TableResult } from '../core/result.ts';
import { Findings } from './findings.ts';
import { enter, Ledger } from './ledger.ts';
import { readBoth, type Reading } from './reading.ts';
import { RowKeys } from './row-keys.ts';
import { mustBeSame, readAgain } from './second-reading.ts';
import type { DiffRequest } from './side.ts';
import { Tolerances } from './tolerance.ts';

const HASH_RANGE = 2 ** 32;
const DEFAULT_MEMORY = 128 * 2 ** 20;

/**
 * @throws E2eError `DIFF_SIDE_FAILED`, `DIFF_TABLE_CHANGED`, `DIFF_BAD_BATCH` or `DIFF_LIST` when there is no verdict;
 * UsageError for a tolerance on a key column; the request's abort reason.
 */
export async function compare(request: DiffRequest): Promise<TableResult> {
  const started = performance.now();
  request.signal.throwIfAborted();
  const tolerances = new Tolerances(request.tolerate, request.columns, request.keyColumns);
  const keys = await RowKeys.of(request, tolerances);
  await using findings = new Findings(request, keys, tolerances);
  const memory = request.memory ?? DEFAULT_MEMORY;
  let first: Reading | undefined;
  for (let from = 0; from < HASH_RANGE;) {
    const { ledger, reading, upTo } = await enterAll(request, keys, from, Ledger.entriesWithin(memory));
    if (first === undefined) first = reading;
    else mustBeSame(request, first, reading);
    if (ledger.size > 0) await readAgain(request, keys, ledger, { from, upTo }, memory / 2, first, findings);
    from = upTo;
  }
  return await findings.result({ left: first?.left.rows ?? 0, right: first?.right.rows ?? 0 }, started);
}

/** The first reading, of a range of key hashes by their high words. @returns the ledger and where its range ends. */
async function enterAll(
  request: DiffRequest,
  keys: RowKeys,
  from: number,
  mostEntries: number,
): Promise<{ ledger: Ledger; reading: Reading; upTo: number }> {
  const ledger = new Ledger();
  const { words } = keys;
  let upTo = HASH_RANGE;
  const reading = await readBoth(request, 1, (hand, batch, totals) => {
    const sign = hand === 'left' ? 1 : -1;
    let start = 0;
    for (let row = 0; row < batch.rows; row += 1) {
      start = keys.hash(batch, row, start);
      const keyHigh = words[1] ?? 0;
      const rowLow = words[2] ?? 0;
      const rowHigh = words[3] ?? 0;
      enter(totals.sum, 0, rowLow, rowHigh, 1);
      if (keyHigh >= from && keyHigh < upTo) ledger.add(words[0] ?? 0, keyHigh, rowLow, rowHigh, sign);
    }
    while (ledger.size > mostEntries && upTo - from > 1) {
      upTo = from + Math.ceil((upTo - from) / 2);
      ledger.dropFrom(upTo);
    }
  });
  return { ledger, reading, upTo };
}
