/**
 * What rows are matched by: the key columns; without a key the whole row, or, where some columns have tolerances, all
 * the other columns. Hashes rows accordingly. Knows nothing of what the cells mean.
 */
import type { RowBatch } from '../core/canonical.ts';
import { RowHasher } from './hash.ts';
import { sameBytes, type Row } from './row.ts';
import type { DiffRequest } from './side.ts';
import type { Tolerances } from './tolerance.ts';

export class RowKeys {
  /** Key low, key high, row low, row high of the row hashed last. */
  readonly words: Uint32Array;
  readonly #hasher: RowHasher;
  readonly #columns: number;
  readonly #keyColumns: number;
  /** Columns that match rows of a table without a key, where that is not all of them. */
  readonly #exact: readonly number[] | undefined;
  #scratch = Buffer.alloc(1 << 12);

  private constructor(hasher: RowHasher, request: DiffRequest, tolerances: Tolerances) {
    this.#hasher = hasher;
    this.words = hasher.words;
    this.#columns = request.columns.length;
    this.#keyColumns = request.keyColumns;
    const exact = request.columns.map((_, column) => column).filter((column) => !tolerances.has(column));
    this.#exact = request.keyColumns === 0 && exact.length < request.columns.length ? exact : undefined;
  }

  static async of(request: DiffRequest, tolerances: Tolerances): Promise<RowKeys> {
    return new RowKeys(await RowHasher.load(), request, tolerances);
  }

  /** Whether rows without a key may still be the same under tolerances. */
  get pairsByTolerance(): boolean {
    return this.#exact !== undefined;
  }

  /** Leaves the row's two hashes in `words`. @param start where the row starts. @returns where it ends. */
  hash(batch: RowBatch, row: number, start: number): number {
    const first = row * this.#columns;
    const end = batch.cellEnds[first + this.#columns - 1] ?? 0;
    if (this.#exact !== undefined) {
      this.#hasher.hashApart(batch.bytes, start, end, this.#exactCells(batch, first, this.#exact));
    } else {
      const keyEnd = this.#keyColumns === 0 ? start : (batch.cellEnds[first + this.#keyColumns - 1] ?? 0);
      this.#hasher.hash(batch.bytes, start, keyEnd, end);
    }
    return end;
  }

  /** 64 bits of one cell, other than of the same cell in another column. */
  hashCell(cell: Uint8Array, column: number): bigint {
    return this.#hasher.cell(cell, column);
  }

  /** Whether two rows whose key hashes are equal are one and the same by their keys' bytes. */
  sameKey(a: Row, b: Row): boolean {
    if (this.#exact !== undefined) return this.#exact.every((column) => a.sameCell(b, column));
    return sameBytes(a.prefix(this.#keyColumns), b.prefix(this.#keyColumns));
  }

  #exactCells(batch: RowBatch, first: number, columns: readonly number[]): Uint8Array {
    let length = 0;
    for (const column of columns) {
      const at = first + column;
      const start = at === 0 ? 0 : (batch.cellEnds[at - 1] ?? 0);
      const end = batch.cellEnds[at] ?? 0;
      if (length + end - start > this.#scratch.length) {
        const wider = Buffer.alloc((length + end - start) * 2);
        this.#scratch.copy(wider, 0, 0, length);
        this.#scratch = wider;
      }
      this.#scratch.set(batch.bytes.subarray(start, end), length);
      length += end - start;
    }
    return this.#scratch.subarray(0, length);
  }
}
