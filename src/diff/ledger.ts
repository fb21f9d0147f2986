/**
 * The account of a comparison: for each key hash, the sum of its rows' hashes on the left minus those on the right,
 * and how many rows more the left has. Both are zero exactly when the two sides have the same rows of that key, in
 * whatever order and number (but for a chance stated in docs/canonical-values.md). A balanced entry is dropped at once,
 * so two sides read in about the same order need next to no memory.
 *
 * Open addressing with linear probing in one typed array, 20 bytes a slot, at most 70 % full; removal shifts back.
 */

/** Words of a slot: key low, key high, sum low, sum high, rows more on the left (signed). */
const WORDS = 5;
const FULL = 0.7;
const BYTES_A_SLOT = WORDS * 4;

export class Ledger {
  #words: Uint32Array;
  #slots: number;
  #size = 0;

  /** @param slots a power of two. */
  constructor(slots = 1 << 12) {
    this.#slots = slots;
    this.#words = new Uint32Array(slots * WORDS);
  }

  /** Unbalanced keys. */
  get size(): number {
    return this.#size;
  }

  /** Slots, taken or not; a slot's number is stable until the next change. */
  get slots(): number {
    return this.#slots;
  }

  /** Most entries with which the array, and its half as large predecessor while it grows, stay within `bytes`. */
  static entriesWithin(bytes: number): number {
    const slots = 2 ** Math.floor(Math.log2(bytes / (BYTES_A_SLOT * 1.5)));
    return Math.floor(slots * FULL);
  }

  /** Enters a row. @param sign 1 for a row of the left side, -1 for one of the right. */
  add(keyLow: number, keyHigh: number, rowLow: number, rowHigh: number, sign: 1 | -1): void {
    const low = keyLow === 0 && keyHigh === 0 ? 1 : keyLow;
    const slot = this.#locate(low, keyHigh);
    const words = this.#words;
    const at = slot * WORDS;
    if (this.#empty(slot)) {
      words[at] = low;
      words[at + 1] = keyHigh;
      this.#size += 1;
    }
    enter(words, at + 2, rowLow, rowHigh, sign);
    words[at + 4] = (words[at + 4] ?? 0) + sign;
    if (words[at + 4] === 0 && words[at + 2] === 0 && words[at + 3] === 0) this.#remove(slot);
    else if (this.#size > this.#slots * FULL) this.#grow();
  }

  /** @returns the slot of an unbalanced key, or -1. */
  find(keyLow: number, keyHigh: number): number {
    const low = keyLow === 0 && keyHigh === 0 ? 1 : keyLow;
    const slot = this.#locate(low, keyHigh);
    return this.#empty(slot) ? -1 : slot;
  }

  isTaken(slot: number): boolean {
    return !this.#empty(slot);
  }

  keyHigh(slot: number): number {
    return this.#words[slot * WORDS + 1] ?? 0;
  }

  sumLow(slot: number): number {
    return this.#words[slot * WORDS + 2] ?? 0;
  }

  sumHigh(slot: number): number {
    return this.#words[slot * WORDS + 3] ?? 0;
  }

  /** Rows that the left has more of this key; negative where the right has more. */
  balance(slot: number): number {
    return (this.#words[slot * WORDS + 4] ?? 0) | 0;
  }

  /** Drops every key whose high word is `limit` or more. */
  dropFrom(limit: number): void {
    const old = this.#words;
    const slots = this.#slots;
    this.#words = new Uint32Array(slots * WORDS);
    this.#size = 0;
    for (let slot = 0; slot < slots; slot += 1) {
      const at = slot * WORDS;
      if ((old[at] ?? 0) === 0 && (old[at + 1] ?? 0) === 0) continue;
      if ((old[at + 1] ?? 0) < limit) this.#place(old, at);
    }
  }

  #empty(slot: number): boolean {
    const at = slot * WORDS;
    return this.#words[at] === 0 && this.#words[at + 1] === 0;
  }

  /** The key's slot, or the free one where it would go. */
  #locate(low: number, high: number): number {
    const words = this.#words;
    const mask = this.#slots - 1;
    let slot = low & mask;
    for (;;) {
      const at = slot * WORDS;
      const seen = words[at];
      if (seen === low && words[at + 1] === high) return slot;
      if (seen === 0 && words[at + 1] === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #place(from: Uint32Array, at: number): void {
    const slot = this.#locate(from[at] ?? 0, from[at + 1] ?? 0);
    for (let word = 0; word < WORDS; word += 1) this.#words[slot * WORDS + word] = from[at + word] ?? 0;
    this.#size += 1;
  }

  #grow(): void {
    const old = this.#words;
    const slots = this.#slots;
    this.#slots = slots * 2;
    this.#words = new Uint32Array(this.#slots * WORDS);
    this.#size = 0;
    for (let slot = 0; slot < slots; slot += 1) {
      const at = slot * WORDS;
      if ((old[at] ?? 0) !== 0 || (old[at + 1] ?? 0) !== 0) this.#place(old, at);
    }
  }

  /** Closes the gap, so that no probe that went past the slot ends too early. */
  #remove(slot: number): void {
    const words = this.#words;
    const mask = this.#slots - 1;
    let gap = slot;
    let next = slot;
    for (;;) {
      next = (next + 1) & mask;
      if (this.#empty(next)) break;
      const home = (words[next * WORDS] ?? 0) & mask;
      // It may move back to the gap only if that is not before its home.
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      words.copyWithin(gap * WORDS, next * WORDS, next * WORDS + WORDS);
      gap = next;
    }
    words.fill(0, gap * WORDS, gap * WORDS + WORDS);
    this.#size -= 1;
  }
}

/** Adds or subtracts a 64-bit number to the one at `at`, low word first, modulo 2^64. */
export function enter(words: Uint32Array, at: number, low: number, high: number, sign: 1 | -1): void {
  const sumLow = (words[at] ?? 0) + sign * low;
  const carry = sumLow > 0xffff_ffff ? 1 : sumLow < 0 ? -1 : 0;
  words[at] = sumLow;
  words[at + 1] = (words[at + 1] ?? 0) + sign * high + carry;
}
