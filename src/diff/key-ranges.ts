/** Where integer keys lie among all keys of their side: a block, an end, every n-th. Knows no rows. */
import { count } from './reading.ts';

/** Beyond so many keys (8 bytes each) nothing is kept, and nothing is claimed. */
const MOST_KEYS = 4_000_000;
const MOST_BLOCKS = 5;
const FEWEST_FOR_STRIDE = 4;

/** Integers in a growing typed array; unusable once one of them is no integer, or there are too many. */
export class KeyNumbers {
  #numbers = new Float64Array(0);
  #length = 0;
  #usable = true;

  add(key: number): void {
    if (!this.#usable) return;
    if (Number.isNaN(key) || this.#length === MOST_KEYS) {
      this.#usable = false;
      this.#numbers = new Float64Array(0);
      return;
    }
    if (this.#length === this.#numbers.length) {
      const wider = new Float64Array(Math.max(1024, this.#length * 2));
      wider.set(this.#numbers);
      this.#numbers = wider;
    }
    this.#numbers[this.#length++] = key;
  }

  /** In order; undefined when not all were kept. */
  sorted(): Float64Array | undefined {
    return this.#usable ? this.#numbers.slice(0, this.#length).sort() : undefined;
  }
}

/** @returns `all id ≥ 70,001`; undefined when nothing can be said. */
export function describeKeys(name: string, allKeys: KeyNumbers, someKeys: KeyNumbers): string | undefined {
  const [all, some] = [allKeys.sorted(), someKeys.sorted()];
  if (all === undefined || some === undefined || some.length === 0 || all.length === 0) return undefined;
  if (some.length === all.length) return `all ${count(all.length)}, that is every row of that side`;
  const ranks = ranksOf(all, some);
  if (ranks === undefined || some.length < 2) return undefined;
  const blocks = blocksOf(ranks);
  const key = (rank: number): string => count(all[rank] ?? 0);
  const [first, second] = blocks;
  if (first !== undefined && second === undefined) {
    if (first.to === all.length - 1) return `all ${name} ≥ ${key(first.from)}`;
    if (first.from === 0) return `all ${name} ≤ ${key(first.to)}`;
    return `one block, ${name} ${key(first.from)} to ${key(first.to)}`;
  }
  const stride = strideOf(ranks, all.length);
  if (stride !== undefined) {
    return `every ${ordinal(stride)} row by ${name} (${key(ranks[0] ?? 0)}, ${key(ranks[1] ?? 0)}, ${key(ranks[2] ?? 0)} …)`;
  }
  if (blocks.length <= MOST_BLOCKS && some.length >= blocks.length * FEWEST_FOR_STRIDE) {
    const named = blocks.map(({ from, to }) => (from === to ? key(from) : `${key(from)} to ${key(to)}`));
    return `${blocks.length} blocks, ${name} ${named.join(', ')}`;
  }
  return `scattered between ${name} ${count(some[0] ?? 0)} and ${count(some.at(-1) ?? 0)}`;
}

/** Places of `some` among `all`, both in order; undefined when keys repeat, since then places say nothing. */
function ranksOf(all: Float64Array, some: Float64Array): number[] | undefined {
  const ranks: number[] = [];
  let rank = 0;
  for (const key of some) {
    while (rank < all.length && (all[rank] ?? 0) < key) rank += 1;
    if (all[rank] !== key || all[rank + 1] === key) return undefined;
    ranks.push(rank);
  }
  return ranks;
}

function blocksOf(ranks: readonly number[]): { from: number; to: number }[] {
  const blocks: { from: number; to: number }[] = [];
  for (const rank of ranks) {
    const last = blocks.at(-1);
    if (last?.to === rank - 1) last.to = rank;
    else blocks.push({ from: rank, to: rank });
  }
  return blocks;
}

/** One step between all of them, from one end of the table to the other. */
function strideOf(ranks: readonly number[], all: number): number | undefined {
  const [first = 0, second = 0] = ranks;
  const step = second - first;
  if (ranks.length < FEWEST_FOR_STRIDE || step < 2 || first >= step || (ranks.at(-1) ?? 0) < all - step)
    return undefined;
  return ranks.every((rank, index) => rank === first + index * step) ? step : undefined;
}

function ordinal(number: number): string {
  const tens = number % 100;
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${count(number)}${ending}`;
}
