/** Columns whose values ended up in each other's place: right's `a` is left's `b`. Looks at whole rows. */
import type { Claim } from './patterns.ts';
import type { Row } from './row.ts';

/** In wider tables only columns that were met in the first rows are followed. */
const TRIAL = 64;
const WIDEST = 200;
/** NULL, booleans and the like are found in many columns by chance. */
const TELLING_BYTES = 6;

interface Partner {
  /** Rows in which both columns hold each other's values. */
  swapped: number;
  /** Rows in which this column holds the other's value, and the value is a telling one. */
  copied: number;
}

export class Swaps {
  readonly #columns: number;
  readonly #partners = new Map<number, { seen: number; readonly by: Map<number, Partner> }>();

  constructor(columns: number) {
    this.#columns = columns;
  }

  add(left: Row, right: Row, column: number, copies: number): void {
    const known = this.#partners.get(column) ?? { seen: 0, by: new Map<number, Partner>() };
    this.#partners.set(column, known);
    known.seen += 1;
    const first = known.seen <= TRIAL && this.#columns <= WIDEST;
    const others = first ? Array.from({ length: this.#columns }, (_, other) => other) : known.by.keys();
    for (const other of others) {
      if (other === column || !sameAcross(right, column, left, other)) continue;
      const partner = known.by.get(other) ?? { swapped: 0, copied: 0 };
      if (sameAcross(left, column, right, other)) partner.swapped += copies;
      if (telling(right.cell(column))) partner.copied += copies;
      if (partner.swapped + partner.copied > 0) known.by.set(other, partner);
    }
  }

  claims(column: number, name: (column: number) => string): { swapped: Claim[]; copied: Claim[] } {
    const partners = [...(this.#partners.get(column)?.by ?? [])];
    return {
      swapped: partners.map(([other, { swapped }]) => ({ say: `swapped with ${name(other)}`, cells: swapped })),
      copied: partners.map(([other, { copied }]) => ({
        say: `what ${name(other)} holds on the left`,
        cells: copied,
      })),
    };
  }
}

function sameAcross(a: Row, columnOfA: number, b: Row, columnOfB: number): boolean {
  const [x, y] = [a.cell(columnOfA), b.cell(columnOfB)];
  return x.length === y.length && Buffer.compare(x, y) === 0;
}

function telling(cell: Uint8Array): boolean {
  return cell.length >= TELLING_BYTES;
}
