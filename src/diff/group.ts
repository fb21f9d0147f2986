/** Rows of one key while they come: equal rows of both sides cancel out, the others are the key's surplus. */
import { enter, type Ledger } from './ledger.ts';
import type { StoredRow } from './row-store.ts';
import type { Row } from './row.ts';

/** Rows of one kind that a side has more of than the other. */
export interface Surplus {
  readonly row: Row;
  readonly copies: number;
}

const MAP_FROM = 8;
/** Bytes of the objects around a group and around each of its rows, as measured. */
const GROUP_WEIGHT = 300;
const ENTRY_WEIGHT = 500;

interface Entry {
  row: Row;
  readonly low: number;
  readonly high: number;
  balance: number;
  /** A copy, and no longer a window. */
  owned: boolean;
}

export class Group {
  readonly #columns: number;
  readonly #sum = new Uint32Array(2);
  #balance = 0;
  #few: Entry[] = [];
  #many: Map<bigint, Entry> | undefined;
  #weight = GROUP_WEIGHT;

  constructor(columns: number) {
    this.#columns = columns;
  }

  get weight(): number {
    return this.#weight;
  }

  add({ row, low, high, sign }: StoredRow): void {
    enter(this.#sum, 0, low, high, sign);
    this.#balance += sign;
    const known = this.#find(low, high);
    if (known === undefined) {
      this.#insert({ row, low, high, balance: sign, owned: false });
      this.#weight += this.#weightOf(row);
      return;
    }
    known.balance += sign;
    if (known.balance !== 0) return;
    if (this.#many !== undefined) this.#many.delete(hashOf(known));
    else this.#few = this.#few.filter((entry) => entry !== known);
    this.#weight -= this.#weightOf(known.row);
  }

  matches(ledger: Ledger, slot: number): boolean {
    return (
      this.#balance === ledger.balance(slot) &&
      this.#sum[0] === ledger.sumLow(slot) &&
      this.#sum[1] === ledger.sumHigh(slot)
    );
  }

  /** Copies the rows that are still windows. */
  own(): void {
    for (const entry of this.#entries()) {
      if (entry.owned) continue;
      entry.row = entry.row.detach();
      entry.owned = true;
    }
  }

  surplus(): { readonly left: readonly Surplus[]; readonly right: readonly Surplus[] } {
    const entries = [...this.#entries()];
    const pick = (sign: 1 | -1): Surplus[] =>
      entries.filter(({ balance }) => balance * sign > 0).map(({ row, balance }) => ({ row, copies: balance * sign }));
    return { left: pick(1), right: pick(-1) };
  }

  #insert(entry: Entry): void {
    if (this.#many !== undefined) {
      this.#many.set(hashOf(entry), entry);
      return;
    }
    this.#few.push(entry);
    if (this.#few.length <= MAP_FROM) return;
    this.#many = new Map(this.#few.map((one) => [hashOf(one), one]));
    this.#few = [];
  }

  #entries(): Iterable<Entry> {
    return this.#many === undefined ? this.#few : this.#many.values();
  }

  #weightOf(row: Row): number {
    return ENTRY_WEIGHT + (row.end - row.start) + this.#columns * 4;
  }

  #find(low: number, high: number): Entry | undefined {
    if (this.#many !== undefined) return this.#many.get(hashOf({ low, high }));
    return this.#few.find((entry) => entry.low === low && entry.high === high);
  }
}

function hashOf({ low, high }: { readonly low: number; readonly high: number }): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
