/**
 * Missing and extra rows that are alike but for a column or two: in a table without a key, what a changed cell leaves
 * behind; in one with a key, rows that came under another key. Pairs them so that patterns can be looked for. Keeps
 * copies of rows, bounded; beyond that it claims nothing.
 */
import type { RowKeys } from './row-keys.ts';
import { compareRows, type Row } from './row.ts';

const MOST_ROWS = 20_000;
const MOST_BYTES = 8 << 20;
const MOST_CELLS = 1_000_000;
/** In wider tables only single columns are tried. */
const WIDEST_FOR_TWO = 16;

export interface NearPair {
  readonly left: Row;
  readonly right: Row;
  readonly copies: number;
  /** The columns, one or two, in which they differ. */
  readonly differing: readonly number[];
}

interface Kept {
  readonly row: Row;
  copies: number;
  /** Hash of each cell, and their sum. */
  hashes: readonly bigint[];
  sum: bigint;
}

export class NearRows {
  readonly #columns: number;
  readonly #keys: RowKeys;
  readonly #missing: Kept[] = [];
  readonly #extra: Kept[] = [];
  #bytes = 0;
  #complete = true;

  constructor(columns: number, keys: RowKeys) {
    this.#columns = columns;
    this.#keys = keys;
  }

  add(kind: 'missing' | 'extra', row: Row, copies: number): void {
    if (!this.#complete) return;
    const kept = kind === 'missing' ? this.#missing : this.#extra;
    this.#bytes += row.end - row.start;
    if (kept.length < MOST_ROWS && this.#bytes <= MOST_BYTES && kept.length * this.#columns < MOST_CELLS) {
      kept.push({ row: row.detach(), copies, hashes: [], sum: 0n });
      return;
    }
    this.#complete = false;
    this.#missing.length = 0;
    this.#extra.length = 0;
  }

  /**
   * Pairs, most telling columns first: those that pair most rows. Each row is in one pair at most.
   *
   * @param columns in which paired rows may differ.
   */
  pairs(columns: readonly number[]): readonly NearPair[] {
    if (this.#missing.length === 0 || this.#extra.length === 0) return [];
    for (const kept of [this.#missing, this.#extra]) {
      kept.sort((a, b) => compareRows(a.row, b.row, this.#columns));
      for (const one of kept) this.#hash(one);
    }
    const pairs: NearPair[] = [];
    for (let sets = this.#sets(columns); sets.length > 0;) {
      const counted = sets
        .map((set) => ({ set, pairs: this.#match(set).reduce((sum, { copies }) => sum + copies, 0) }))
        .filter((one) => one.pairs > 0)
        // One column explains better than two.
        .sort((a, b) => b.pairs - a.pairs || a.set.length - b.set.length);
      const best = counted[0];
      if (best === undefined) break;
      for (const { left, right, copies } of this.#match(best.set)) {
        left.copies -= copies;
        right.copies -= copies;
        const differing = best.set.filter((column) => !left.row.sameCell(right.row, column));
        pairs.push({ left: left.row, right: right.row, copies, differing });
      }
      sets = counted.slice(1).map(({ set }) => set);
    }
    return pairs;
  }

  #sets(columns: readonly number[]): (readonly number[])[] {
    const ones = columns.map((column) => [column]);
    if (columns.length > WIDEST_FOR_TWO) return ones;
    return [...ones, ...columns.flatMap((one, at) => columns.slice(at + 1).map((other) => [one, other]))];
  }

  /** Rows that are the same in all other columns, in order. */
  #match(set: readonly number[]): { left: Kept; right: Kept; copies: number }[] {
    // A table of one column or two has no others.
    if (set.length >= this.#columns) return [];
    const waiting = new Map<bigint, Kept[]>();
    for (const right of this.#extra) {
      if (right.copies === 0) continue;
      const rest = without(right, set);
      const same = waiting.get(rest);
      if (same === undefined) waiting.set(rest, [right]);
      else same.push(right);
    }
    const found: { left: Kept; right: Kept; copies: number }[] = [];
    for (const left of this.#missing) {
      const right = left.copies === 0 ? undefined : waiting.get(without(left, set))?.shift();
      if (right !== undefined) found.push({ left, right, copies: Math.min(left.copies, right.copies) });
    }
    return found;
  }

  #hash(kept: Kept): void {
    kept.hashes = Array.from({ length: this.#columns }, (_, column) =>
      this.#keys.hashCell(kept.row.cell(column), column),
    );
    kept.sum = kept.hashes.reduce((sum, hash) => sum + hash, 0n);
  }
}

function without({ sum, hashes }: Kept, set: readonly number[]): bigint {
  return set.reduce((rest, column) => rest - (hashes[column] ?? 0n), sum);
}
