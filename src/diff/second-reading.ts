/**
 * The second reading: collects the rows of unbalanced keys from both sides and hands each key's rows on as soon as they
 * are complete. Bounded: where too many rows wait for their partners, the upper half of the hash range is put off to a
 * further reading. (A spill to files would go here; the interface would stay.)
 */
import type { RowBatch } from '../core/canonical.ts';
import { E2eError } from '../core/errors.ts';
import { enter, type Ledger } from './ledger.ts';
import { count, HANDS, readBoth, type Hand, type Reading, type Totals } from './reading.ts';
import type { RowKeys } from './row-keys.ts';
import { Row } from './row.ts';
import type { DiffRequest } from './side.ts';

/** Rows of one kind that a side has more of than the other. */
export interface Surplus {
  readonly row: Row;
  readonly copies: number;
}

/** What happens to what is found. Rows are windows on a batch: detach what is kept. */
export interface Finder {
  /** Whether every row shall be shown to it. Asked before each pass; `sawAll` follows a pass in which they were. */
  readonly wantsAll: boolean;
  seen(hand: Hand, row: Row): void;
  sawAll(): void;
  /** All surplus rows of one key hash, equal ones cancelled out. */
  found(left: readonly Surplus[], right: readonly Surplus[]): void;
  /** So many of a side's surplus rows are of a key that the other side has too: further copies. */
  copies(hand: Hand, rows: number): void;
  /** Waits until what was found has been written. */
  settled(): Promise<void>;
}

const DONE = 1;
const SEEN_LEFT = 2;
const SEEN_RIGHT = 4;

/**
 * @param from first high word of the key hashes to be looked at. @param upTo the one after the last.
 * @throws E2eError `DIFF_TABLE_CHANGED` when the sides are not what the first reading saw.
 */
export async function readAgain(
  request: DiffRequest,
  keys: RowKeys,
  ledger: Ledger,
  range: { readonly from: number; readonly upTo: number },
  budget: number,
  first: Reading,
  finder: Finder,
): Promise<void> {
  const state = new Uint8Array(ledger.slots);
  for (let from = range.from; from < range.upTo;) {
    const pass = new Pass(request, keys, ledger, state, { from, upTo: range.upTo }, budget, finder);
    const again = await readBoth(request, 2, (hand, batch, totals) => pass.take(hand, batch, totals));
    mustBeSame(request, first, again);
    if (pass.showsAll) finder.sawAll();
    pass.finish();
    from = pass.upTo;
  }
}

/** @throws E2eError naming the side whose rows are not those of the other reading. */
export function mustBeSame(request: DiffRequest, first: Reading, again: Reading): void {
  for (const hand of HANDS) {
    const [a, b] = [first[hand], again[hand]];
    if (a.rows === b.rows && a.sum[0] === b.sum[0] && a.sum[1] === b.sum[1]) continue;
    throw changed(
      request,
      hand,
      a.rows === b.rows
        ? `${count(a.rows)} rows both times, not the same`
        : `${count(a.rows)} rows, then ${count(b.rows)}`,
    );
  }
}

function changed(request: DiffRequest, hand: Hand, how: string): E2eError {
  return new E2eError(
    'DIFF_TABLE_CHANGED',
    `${request.table}: the ${hand} side (${request[hand].label}) changed while it was compared: ${how}; ` +
      'compare again when nothing writes to it',
  );
}

class Pass {
  readonly #request: DiffRequest;
  readonly #keys: RowKeys;
  readonly #ledger: Ledger;
  readonly #state: Uint8Array;
  readonly #from: number;
  readonly #budget: number;
  readonly #finder: Finder;
  readonly #groups = new Map<number, Group>();
  readonly showsAll: boolean;
  #upTo: number;
  #weight = 0;

  constructor(
    request: DiffRequest,
    keys: RowKeys,
    ledger: Ledger,
    state: Uint8Array,
    range: { readonly from: number; readonly upTo: number },
    budget: number,
    finder: Finder,
  ) {
    this.#request = request;
    this.#keys = keys;
    this.#ledger = ledger;
    this.#state = state;
    this.#from = range.from;
    this.#upTo = range.upTo;
    this.#budget = budget;
    this.#finder = finder;
    this.showsAll = finder.wantsAll;
  }

  /** High word at which the pass ended: less than asked where rows were put off. */
  get upTo(): number {
    return this.#upTo;
  }

  async take(hand: Hand, batch: RowBatch, totals: Totals): Promise<void> {
    const columns = this.#request.columns.length;
    const { words } = this.#keys;
    let start = 0;
    for (let index = 0; index < batch.rows; index += 1) {
      start = this.#keys.hash(batch, index, start);
      const keyHigh = words[1] ?? 0;
      const rowLow = words[2] ?? 0;
      const rowHigh = words[3] ?? 0;
      enter(totals.sum, 0, rowLow, rowHigh, 1);
      const row = Row.of(batch, index, columns);
      if (this.showsAll) this.#finder.seen(hand, row);
      if (keyHigh < this.#from || keyHigh >= this.#upTo) continue;
      const slot = this.#ledger.find(words[0] ?? 0, keyHigh);
      if (slot >= 0) this.#enter(hand, slot, row, rowLow, rowHigh);
    }
    while (this.#weight > this.#budget && this.#upTo - this.#from > 1) this.#putOff();
    await this.#finder.settled();
  }

  /** @throws E2eError when a key never came to what the first reading saw of it. */
  finish(): void {
    for (let slot = 0; slot < this.#ledger.slots; slot += 1) {
      if (!this.#ledger.isTaken(slot)) continue;
      const high = this.#ledger.keyHigh(slot);
      if (high < this.#from || high >= this.#upTo || ((this.#state[slot] ?? 0) & DONE) !== 0) continue;
      throw changed(
        this.#request,
        this.#ledger.balance(slot) > 0 ? 'left' : 'right',
        'rows that differed are not there',
      );
    }
  }

  #enter(hand: Hand, slot: number, row: Row, rowLow: number, rowHigh: number): void {
    this.#mark(hand, slot);
    if (((this.#state[slot] ?? 0) & DONE) !== 0) return;
    const group = this.#groups.get(slot) ?? new Group();
    this.#weight -= group.weight;
    const entry = group.add(hand === 'left' ? 1 : -1, row, rowLow, rowHigh);
    if (group.matches(this.#ledger, slot)) {
      this.#groups.delete(slot);
      this.#state[slot] = (this.#state[slot] ?? 0) | DONE;
      const { left, right } = group.surplus();
      this.#finder.found(left, right);
      return;
    }
    entry?.keep();
    this.#groups.set(slot, group);
    this.#weight += group.weight;
  }

  /** A surplus row is a further copy when its key has been seen on both sides; known only after the group is done. */
  #mark(hand: Hand, slot: number): void {
    const before = this.#state[slot] ?? 0;
    const after = before | (hand === 'left' ? SEEN_LEFT : SEEN_RIGHT);
    if (before === after) return;
    this.#state[slot] = after;
    if ((after & (SEEN_LEFT | SEEN_RIGHT)) !== (SEEN_LEFT | SEEN_RIGHT)) return;
    const more = this.#ledger.balance(slot);
    if (more !== 0) this.#finder.copies(more > 0 ? 'left' : 'right', Math.abs(more));
  }

  #putOff(): void {
    this.#upTo = this.#from + Math.ceil((this.#upTo - this.#from) / 2);
    for (const [slot, group] of this.#groups) {
      if (this.#ledger.keyHigh(slot) < this.#upTo) continue;
      this.#weight -= group.weight;
      this.#groups.delete(slot);
    }
  }
}

const MAP_FROM = 8;
const GROUP_WEIGHT = 200;

/** Rows of one key hash that wait for their partners; equal rows of both sides cancel out as they come. */
class Group {
  readonly #sum = new Uint32Array(2);
  #balance = 0;
  #few: Entry[] = [];
  #many: Map<bigint, Entry> | undefined;
  #weight = GROUP_WEIGHT;

  get weight(): number {
    return this.#weight;
  }

  /** @returns the entry if it is new, for the caller to keep when the group has to wait. */
  add(sign: 1 | -1, row: Row, low: number, high: number): Entry | undefined {
    enter(this.#sum, 0, low, high, sign);
    this.#balance += sign;
    const known = this.#find(low, high);
    if (known === undefined) {
      const entry = new Entry(row, low, high, sign);
      this.#weight += row.weight;
      if (this.#many !== undefined) this.#many.set(entry.hash, entry);
      else this.#few.push(entry);
      if (this.#few.length > MAP_FROM) {
        this.#many = new Map(this.#few.map((one) => [one.hash, one]));
        this.#few = [];
      }
      return entry;
    }
    known.balance += sign;
    if (known.balance === 0) {
      if (this.#many !== undefined) this.#many.delete(known.hash);
      else this.#few = this.#few.filter((entry) => entry !== known);
      this.#weight -= known.row.weight;
    }
    return undefined;
  }

  matches(ledger: Ledger, slot: number): boolean {
    return (
      this.#balance === ledger.balance(slot) &&
      this.#sum[0] === ledger.sumLow(slot) &&
      this.#sum[1] === ledger.sumHigh(slot)
    );
  }

  surplus(): { readonly left: readonly Surplus[]; readonly right: readonly Surplus[] } {
    const entries = this.#many === undefined ? this.#few : [...this.#many.values()];
    const pick = (sign: 1 | -1): Surplus[] =>
      entries.filter(({ balance }) => balance * sign > 0).map(({ row, balance }) => ({ row, copies: balance * sign }));
    return { left: pick(1), right: pick(-1) };
  }

  #find(low: number, high: number): Entry | undefined {
    if (this.#many !== undefined) return this.#many.get((BigInt(high) << 32n) | BigInt(low));
    return this.#few.find((entry) => entry.low === low && entry.high === high);
  }
}

class Entry {
  row: Row;
  readonly low: number;
  readonly high: number;
  balance: number;

  constructor(row: Row, low: number, high: number, balance: number) {
    this.row = row;
    this.low = low;
    this.high = high;
    this.balance = balance;
  }

  get hash(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  keep(): void {
    this.row = this.row.detach();
  }
}
