/**
 * The second reading: collects the rows of unbalanced keys from both sides and hands each key's rows on as soon as they
 * are complete. Bounded: where too many rows wait for their partners, the upper half of the hash range is put off to a
 * further reading. (A spill to files would go here; the interface would stay.)
 */
import type { RowBatch } from '../core/canonical.ts';
import { E2eError } from '../core/errors.ts';
import { Group, type Surplus } from './group.ts';
import { enter, type Ledger } from './ledger.ts';
import { count, HANDS, readBoth, type Hand, type Reading, type Totals } from './reading.ts';
import type { RowKeys } from './row-keys.ts';
import { Row } from './row.ts';
import { RowStore, type StoredRow } from './row-store.ts';
import type { DiffRequest } from './side.ts';

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
/** Below this it does not matter how much of the store is dead, in bytes. */
const FEWEST_TO_MOVE = 8 << 20;

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
  readonly showsAll: boolean;
  readonly #request: DiffRequest;
  readonly #keys: RowKeys;
  readonly #ledger: Ledger;
  readonly #state: Uint8Array;
  readonly #from: number;
  readonly #budget: number;
  readonly #finder: Finder;
  /** Rows that wait alone: by slot the address in the store, plus one. */
  readonly #waiting: Uint32Array;
  readonly #store: RowStore;
  /** Keys of which more than one row has come, by slot. */
  readonly #groups = new Map<number, Group>();
  #groupWeight = 0;
  #upTo: number;

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
    this.#waiting = new Uint32Array(ledger.slots);
    this.#store = new RowStore(request.columns.length);
    this.showsAll = finder.wantsAll;
  }

  /** High word at which the pass ended: less than asked where rows were put off. */
  get upTo(): number {
    return this.#upTo;
  }

  async take(hand: Hand, batch: RowBatch, totals: Totals): Promise<void> {
    const columns = this.#request.columns.length;
    const { words } = this.#keys;
    const sign = hand === 'left' ? 1 : -1;
    let start = 0;
    for (let index = 0; index < batch.rows; index += 1) {
      start = this.#keys.hash(batch, index, start);
      const keyHigh = words[1] ?? 0;
      const rowLow = words[2] ?? 0;
      const rowHigh = words[3] ?? 0;
      enter(totals.sum, 0, rowLow, rowHigh, 1);
      if (this.showsAll) this.#finder.seen(hand, Row.of(batch, index, columns));
      if (keyHigh < this.#from || keyHigh >= this.#upTo) continue;
      const slot = this.#ledger.find(words[0] ?? 0, keyHigh);
      if (slot < 0) continue;
      this.#mark(hand, slot);
      if (((this.#state[slot] ?? 0) & DONE) !== 0) continue;
      this.#enter(slot, { row: Row.of(batch, index, columns), low: rowLow, high: rowHigh, sign });
    }
    while (this.#store.live + this.#groupWeight > this.#budget) {
      if (!this.#putOff()) break;
    }
    if (this.#store.dead > FEWEST_TO_MOVE && this.#store.dead > this.#store.live / 2) this.#tidy();
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

  #enter(slot: number, incoming: StoredRow): void {
    const { row, low, high, sign } = incoming;
    const address = (this.#waiting[slot] ?? 0) - 1;
    const known = this.#groups.get(slot);
    if (known === undefined && address < 0 && !isWhole(this.#ledger, slot, low, high, sign)) {
      this.#waiting[slot] = this.#store.keep(row, low, high, sign, slot) + 1;
      return;
    }
    const group = known ?? new Group(this.#request.columns.length);
    this.#groupWeight -= known?.weight ?? 0;
    if (known === undefined && address >= 0) group.add(this.#store.at(address));
    group.add(incoming);
    if (group.matches(this.#ledger, slot)) {
      this.#groups.delete(slot);
      this.#state[slot] = (this.#state[slot] ?? 0) | DONE;
      const { left, right } = group.surplus();
      this.#finder.found(left, right);
    } else {
      group.own();
      this.#groups.set(slot, group);
      this.#groupWeight += group.weight;
    }
    if (address < 0) return;
    this.#store.letGo(address);
    this.#waiting[slot] = 0;
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

  #tidy(): void {
    this.#store.tidy(
      (slot, address) => this.#waiting[slot] === address + 1,
      (slot, address) => (this.#waiting[slot] = address + 1),
    );
  }

  /** Ends the pass where half of the waiting keys are left out. @returns false when there is but one to wait for. */
  #putOff(): boolean {
    const highs = this.#waitingHighs();
    const limit = Math.max(highs[highs.length >> 1] ?? 0, (highs[0] ?? 0) + 1);
    if (limit > (highs.at(-1) ?? 0)) return false;
    this.#upTo = limit;
    for (let slot = 0; slot < this.#waiting.length; slot += 1) {
      const address = (this.#waiting[slot] ?? 0) - 1;
      if (address < 0 || this.#ledger.keyHigh(slot) < this.#upTo) continue;
      this.#store.letGo(address);
      this.#waiting[slot] = 0;
    }
    for (const [slot, group] of this.#groups) {
      if (this.#ledger.keyHigh(slot) < this.#upTo) continue;
      this.#groupWeight -= group.weight;
      this.#groups.delete(slot);
    }
    return true;
  }

  /** High words of the keys that wait, in order. */
  #waitingHighs(): Uint32Array {
    const highs = [...this.#groups.keys()].map((slot) => this.#ledger.keyHigh(slot));
    for (let slot = 0; slot < this.#waiting.length; slot += 1) {
      if (this.#waiting[slot] !== 0) highs.push(this.#ledger.keyHigh(slot));
    }
    return Uint32Array.from(highs).sort();
  }
}

/** Whether one row is all that a key is out of balance by. */
function isWhole(ledger: Ledger, slot: number, low: number, high: number, sign: 1 | -1): boolean {
  if (ledger.balance(slot) !== sign) return false;
  const sum = new Uint32Array(2);
  enter(sum, 0, low, high, sign);
  return sum[0] === ledger.sumLow(slot) && sum[1] === ledger.sumHigh(slot);
}
