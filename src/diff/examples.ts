/**
 * The rows that stand for all others in a report: a few of each kind and of each column that differs, the first ones by
 * key, so that the same tables give the same examples in whatever order their rows came. Bounded.
 */
import { compareRows, type Row } from './row.ts';

export type Kind = 'missing' | 'extra' | 'different';

/** A row of the report. Missing rows have a left only, extra ones a right only. */
export interface Example {
  readonly kind: Kind;
  readonly left?: Row;
  readonly right?: Row;
  readonly copies: number;
  /** Indexes of the columns that differ. */
  readonly differing: readonly number[];
}

export class Examples {
  readonly #wanted: number;
  readonly #columns: number;
  readonly #buckets = new Map<string, Example[]>();

  /** @param columns of a row, the key's first: all order the rows, since a key may have several. */
  constructor(wanted: number, columns: number) {
    this.#wanted = wanted;
    this.#columns = columns;
  }

  /** Keeps copies of the rows if they belong to the first ones of their kind or of one of their columns. */
  add(example: Example): void {
    if (this.#wanted === 0) return;
    let kept: Example | undefined;
    for (const name of example.kind === 'different' ? example.differing.map(String) : [example.kind]) {
      const bucket = this.#buckets.get(name) ?? [];
      this.#buckets.set(name, bucket);
      if (bucket.length === this.#wanted && !this.#before(example, bucket.at(-1))) continue;
      kept ??= detached(example);
      let at = bucket.length;
      while (at > 0 && this.#before(kept, bucket[at - 1])) at -= 1;
      bucket.splice(at, 0, kept);
      if (bucket.length > this.#wanted) bucket.pop();
    }
  }

  /** As many as wanted, taken from all kinds and columns in turn, in the order of kind and key. */
  chosen(): Example[] {
    const buckets = [...this.#buckets.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bucket]) => bucket);
    const chosen = new Set<Example>();
    for (let turn = 0; turn < this.#wanted; turn += 1) {
      for (const bucket of buckets) {
        const example = bucket[turn];
        if (example !== undefined && chosen.size < this.#wanted) chosen.add(example);
      }
    }
    const order: Record<Kind, number> = { different: 0, missing: 1, extra: 2 };
    return [...chosen].sort((a, b) => order[a.kind] - order[b.kind] || this.#compare(a, b));
  }

  #before(a: Example, b: Example | undefined): boolean {
    return b !== undefined && this.#compare(a, b) < 0;
  }

  #compare(a: Example, b: Example): number {
    const [x, y] = [a.left ?? a.right, b.left ?? b.right];
    const first = x === undefined || y === undefined ? 0 : compareRows(x, y, this.#columns);
    if (first !== 0 || a.right === undefined || b.right === undefined) return first;
    return compareRows(a.right, b.right, this.#columns);
  }
}

function detached(example: Example): Example {
  return {
    ...example,
    ...(example.left === undefined ? {} : { left: example.left.detach() }),
    ...(example.right === undefined ? {} : { right: example.right.detach() }),
  };
}
