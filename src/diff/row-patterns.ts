/**
 * What missing rows, or extra ones, share: the range of keys they fall in, a stride, a value that they all have, being
 * further copies. Looks at all rows of a side once, which the second reading shows it; integer keys are kept, bounded.
 */
import { TAG } from '../core/canonical.ts';
import { readCell, showValue } from '../core/canonical-show.ts';
import { cutMiddle } from './cut.ts';
import { describeKeys, KeyNumbers } from './key-ranges.ts';
import { count, type Hand } from './reading.ts';
import { sameBytes, type Row } from './row.ts';
import type { ComparedColumn } from './side.ts';

/** Rows by which it is known whether a column has more than one value. */
const SAMPLE = 2_000;
/** Fewer rows have many things in common by chance. */
const FEWEST = 3;

interface Lot {
  rows: number;
  copies: number;
  readonly all: KeyNumbers;
  readonly lonely: KeyNumbers;
  /** For each column the value that all lonely rows have; null once two differ. */
  shared: (Uint8Array | null)[];
  sampled: number;
  readonly first: Uint8Array[];
  readonly varies: boolean[];
}

export class RowPatterns {
  readonly #columns: readonly ComparedColumn[];
  readonly #keyColumns: number;
  readonly #lots: Readonly<Record<Hand, Lot>>;
  #complete = false;

  constructor(columns: readonly ComparedColumn[], keyColumns: number) {
    this.#columns = columns;
    this.#keyColumns = keyColumns;
    this.#lots = { left: emptyLot(), right: emptyLot() };
  }

  get wantsAll(): boolean {
    return !this.#complete;
  }

  sawAll(): void {
    this.#complete = true;
  }

  seen(hand: Hand, row: Row): void {
    const lot = this.#lots[hand];
    if (this.#keyColumns === 1) lot.all.add(keyNumber(row));
    if (lot.sampled >= SAMPLE) return;
    lot.sampled += 1;
    for (let column = 0; column < this.#columns.length; column += 1) {
      const cell = row.cell(column);
      const first = lot.first[column];
      if (first === undefined) lot.first[column] = new Uint8Array(cell);
      else if (lot.varies[column] !== true && !sameBytes(first, cell)) lot.varies[column] = true;
    }
  }

  alone(kind: 'missing' | 'extra', row: Row, copies: number): void {
    const lot = this.#lots[kind === 'missing' ? 'left' : 'right'];
    lot.rows += copies;
    if (this.#keyColumns === 1) for (let copy = 0; copy < copies; copy += 1) lot.lonely.add(keyNumber(row));
    if (lot.shared.length === 0) {
      lot.shared = row.cells(this.#columns.length).map((cell) => new Uint8Array(cell));
      return;
    }
    for (const [column, shared] of lot.shared.entries()) {
      if (shared !== null && !sameBytes(shared, row.cell(column))) lot.shared[column] = null;
    }
  }

  /** So many surplus rows of the side are of a key that the other side has too. */
  copies(hand: Hand, rows: number): void {
    this.#lots[hand].copies += rows;
  }

  describe(): string[] {
    return [...this.#lot('missing', this.#lots.left), ...this.#lot('extra', this.#lots.right)];
  }

  #lot(kind: 'missing' | 'extra', lot: Lot): string[] {
    if (lot.rows === 0) return [];
    const said = [this.#furtherCopies(kind, lot), this.#range(kind, lot), ...this.#sharedValues(kind, lot)];
    return said.filter((one) => one !== undefined);
  }

  #furtherCopies(kind: 'missing' | 'extra', lot: Lot): string | undefined {
    if (lot.copies === 0) return undefined;
    const one = this.#keyColumns === 0 ? 'row' : 'key';
    const what = lot.copies === 1 ? `a ${one}` : `${one}s`;
    const other = kind === 'extra' ? 'left' : 'right';
    const is = lot.copies === 1 ? 'is a further copy (duplicate)' : 'are further copies (duplicates)';
    const which = lot.copies === lot.rows ? `all ${count(lot.rows)}` : `${count(lot.copies)} of ${count(lot.rows)}`;
    return `${kind} rows: ${lot.rows === 1 ? 'it' : which} ${is} of ${what} that the ${other} side has too`;
  }

  #range(kind: 'missing' | 'extra', lot: Lot): string | undefined {
    const key = this.#columns[0]?.name ?? '';
    const said = this.#keyColumns === 1 ? describeKeys(key, lot.all, lot.lonely) : undefined;
    return said === undefined ? undefined : `${kind} rows: ${said}`;
  }

  /** A value that all these rows have, in columns where rows in general do not. */
  #sharedValues(kind: 'missing' | 'extra', lot: Lot): string[] {
    if (lot.rows < FEWEST || lot.copies > 0) return [];
    return lot.shared.flatMap((shared, column) => {
      if (shared === null || lot.varies[column] !== true) return [];
      const value = cutMiddle(showValue(readCell(shared)), 60);
      return [`${kind} rows: all ${count(lot.rows)} have ${this.#columns[column]?.name ?? ''} = ${value}`];
    });
  }
}

function emptyLot(): Lot {
  return {
    rows: 0,
    copies: 0,
    all: new KeyNumbers(),
    lonely: new KeyNumbers(),
    shared: [],
    sampled: 0,
    first: [],
    varies: [],
  };
}

/** An integer key as a number; NaN for every other key. */
function keyNumber(row: Row): number {
  const cell = row.cell(0);
  if (cell[0] !== TAG.int || cell.length !== 9) return Number.NaN;
  const word = (at: number): number =>
    (cell[at] ?? 0) | ((cell[at + 1] ?? 0) << 8) | ((cell[at + 2] ?? 0) << 16) | ((cell[at + 3] ?? 0) << 24);
  const value = word(5) * 4_294_967_296 + (word(1) >>> 0);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
