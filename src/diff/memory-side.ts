/**
 * A side whose rows are in memory, given as text: for tests, and to show what a Side owes the comparison. A real side
 * reads a database.
 */
import { CanonicalWriter, type RowBatch, type ShownRow } from '../core/canonical.ts';
import { writeText } from '../core/canonical-text.ts';
import { E2eError } from '../core/errors.ts';
import type { ComparedColumn, Side } from './side.ts';

/** Cells in column order, as text that `writeText` reads; NULL as null. */
export type TextRow = readonly (string | null)[];

export class MemorySide implements Side {
  readonly label: string;
  readonly #columns: readonly ComparedColumn[];
  readonly #keyColumns: number;
  readonly #rows: () => Iterable<TextRow>;
  readonly #rowsPerBatch: number;
  /** Readings that were started. */
  readings = 0;

  /** @param rows asked for at each reading. */
  constructor(
    label: string,
    columns: readonly ComparedColumn[],
    keyColumns: number,
    rows: () => Iterable<TextRow>,
    rowsPerBatch = 1000,
  ) {
    this.label = label;
    this.#columns = columns;
    this.#keyColumns = keyColumns;
    this.#rows = rows;
    this.#rowsPerBatch = rowsPerBatch;
  }

  async *read(signal: AbortSignal): AsyncIterable<RowBatch> {
    this.readings += 1;
    const writer = new CanonicalWriter();
    let pending = 0;
    for (const row of this.#rows()) {
      this.#write(writer, row);
      pending += 1;
      if (pending < this.#rowsPerBatch) continue;
      pending = 0;
      const batch = writer.take(this.#columns.length);
      // As a real reader does, let others run between batches.
      await Promise.resolve();
      signal.throwIfAborted();
      if (batch !== undefined) yield batch;
    }
    const last = writer.take(this.#columns.length);
    if (last !== undefined) yield last;
  }

  show(keys: readonly (readonly Uint8Array[])[]): Promise<readonly ShownRow[]> {
    const wanted = new Map(keys.map((cells, index) => [Buffer.concat(cells).toString('hex'), index]));
    const shown: ShownRow[] = [];
    for (const cells of this.#rows()) {
      const writer = new CanonicalWriter();
      for (const [column, { as }] of this.#columns.slice(0, this.#keyColumns).entries()) {
        const text = cells[column] ?? null;
        if (text === null) writer.null();
        else writeText(writer, text, as);
      }
      const key = wanted.get(Buffer.from(writer.cut(0)).toString('hex'));
      if (key !== undefined) shown.push({ key, cells });
    }
    return Promise.resolve(shown);
  }

  statementFor(key: Readonly<Record<string, string>>): string {
    return JSON.stringify(key);
  }

  #write(writer: CanonicalWriter, row: TextRow): void {
    if (row.length !== this.#columns.length) {
      throw new E2eError('MEMORY_ROW', `a row of ${row.length} cells where there are ${this.#columns.length} columns`);
    }
    for (const [column, { as }] of this.#columns.entries()) {
      const text = row[column] ?? null;
      if (text === null) writer.null();
      else writeText(writer, text, as);
      writer.endCell();
    }
  }
}
