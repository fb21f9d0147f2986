/** A row of canonical cells as a window on its batch, and the order in which people expect rows. Knows no columns' names. */
import type { RowBatch } from '../core/canonical.ts';
import { readCell, showValue, type CellValue } from '../core/canonical-show.ts';

/** Cells of one row. Until `detach` it is a window on a batch and lives no longer than that. */
export class Row {
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #first: number;
  readonly #columns: number;

  constructor(bytes: Uint8Array, ends: Uint32Array, first: number, columns: number) {
    this.#bytes = bytes;
    this.#ends = ends;
    this.#first = first;
    this.#columns = columns;
  }

  static of(batch: RowBatch, row: number, columns: number): Row {
    return new Row(batch.bytes, batch.cellEnds, row * columns, columns);
  }

  get start(): number {
    return this.#first === 0 ? 0 : (this.#ends[this.#first - 1] ?? 0);
  }

  get end(): number {
    return this.#ends[this.#first + this.#columns - 1] ?? 0;
  }

  endOf(column: number): number {
    return this.#ends[this.#first + column] ?? 0;
  }

  cell(column: number): Uint8Array {
    const end = this.#ends[this.#first + column] ?? 0;
    const at = this.#first + column;
    return this.#bytes.subarray(at === 0 ? 0 : (this.#ends[at - 1] ?? 0), end);
  }

  value(column: number): CellValue {
    return readCell(this.cell(column));
  }

  /** The cells from the first up to `columns`, as one run of bytes. */
  prefix(columns: number): Uint8Array {
    const end = columns === 0 ? this.start : (this.#ends[this.#first + columns - 1] ?? 0);
    return this.#bytes.subarray(this.start, end);
  }

  cells(columns: number): Uint8Array[] {
    return Array.from({ length: columns }, (_, column) => this.cell(column));
  }

  /** A copy that outlives the batch. */
  detach(): Row {
    const { start } = this;
    const ends = new Uint32Array(this.#columns);
    for (let i = 0; i < ends.length; i += 1) ends[i] = (this.#ends[this.#first + i] ?? 0) - start;
    return new Row(new Uint8Array(this.#bytes.subarray(start, this.end)), ends, 0, this.#columns);
  }

  sameCell(other: Row, column: number): boolean {
    return sameBytes(this.cell(column), other.cell(column));
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  if (a.length > 64) return Buffer.compare(a, b) === 0;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Orders rows by their first `columns` cells: numbers and times by value, text by code units, NULL first. */
export function compareRows(a: Row, b: Row, columns: number): number {
  for (let column = 0; column < columns; column += 1) {
    const order = compareValues(a.value(column), b.value(column));
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(a: CellValue, b: CellValue): number {
  if (a.kind === 'text' && b.kind === 'text') return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
  const [x, y] = [rank(a), rank(b)];
  if (x !== undefined && y !== undefined && x !== y) return x < y ? -1 : 1;
  if ((x === undefined) !== (y === undefined)) return x === undefined ? -1 : 1;
  const [s, t] = [showValue(a), showValue(b)];
  return s < t ? -1 : s > t ? 1 : 0;
}

/** A number in the order of the values; near ones may share it. */
function rank(value: CellValue): number | undefined {
  switch (value.kind) {
    case 'number':
      return value.digits === '' ? 0 : Number(`${value.negative ? '-' : ''}0.${value.digits}e${value.exponent}`);
    case 'float':
      return value.value;
    case 'date':
      return value.days;
    case 'time':
      return Number(value.nanoseconds);
    case 'timestamp':
    case 'instant':
      return value.seconds + value.nanoseconds / 1e9;
    default:
      return undefined;
  }
}
