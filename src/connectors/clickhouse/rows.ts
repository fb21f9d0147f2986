/**
 * Decodes an answer in RowBinaryWithNamesAndTypes, piece by piece, into batches of canonical rows. A value that goes on
 * in the next piece is begun anew when that has come; cells already ended stay. Must not know queries.
 */
import { CanonicalWriter, type Comparison, type RowBatch } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import { cellReader } from './cell-readers.ts';
import type { CellReader } from './number-readers.ts';
import { parseTypeName } from './type-name.ts';
import { isNotEnough, Wire } from './wire.ts';

/** Batches are handed over at this size, or sooner at the end. */
const BATCH_BYTES = 1 << 20;

/**
 * @param pieces the answer; it ends only when it is complete.
 * @param as what each column is read as.
 * @param what for messages: the table's name.
 * @throws E2eError when the answer ends within a row, or has columns that were not asked for.
 */
export async function* decodeRows(
  pieces: AsyncIterable<Buffer>,
  as: readonly Comparison[],
  what: string,
): AsyncGenerator<RowBatch, void, undefined> {
  const decoder = new RowDecoder(as, what);
  for await (const piece of pieces) {
    decoder.push(piece);
    for (let batch = decoder.next(); batch !== undefined; batch = decoder.next()) yield batch;
  }
  decoder.end();
  for (let batch = decoder.next(); batch !== undefined; batch = decoder.next()) yield batch;
  const last = decoder.rest();
  if (last !== undefined) yield last;
}

class RowDecoder {
  readonly #as: readonly Comparison[];
  readonly #what: string;
  readonly #wire = new Wire();
  readonly #writer = new CanonicalWriter(BATCH_BYTES + (BATCH_BYTES >> 2));
  #readers: readonly CellReader[] | undefined;
  /** Column of the next cell. */
  #column = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes that must be there before another try. */
  #wanted = 1;

  constructor(as: readonly Comparison[], what: string) {
    this.#as = as;
    this.#what = what;
  }

  push(piece: Buffer): void {
    this.#pending.push(piece);
    this.#pendingBytes += piece.length;
  }

  /** No more pieces will come: what there is must do. */
  end(): void {
    this.#wanted = 0;
  }

  /** @returns a full batch; undefined when more bytes are needed for one. */
  next(): RowBatch | undefined {
    if (this.#pendingBytes > 0) {
      if (this.#pendingBytes < this.#wanted) return undefined;
      this.#takePending();
    }
    return this.#fill() ? this.#writer.take(this.#as.length) : undefined;
  }

  /** @returns the last, smaller batch, once `next` has none any more. */
  rest(): RowBatch | undefined {
    if (this.#readers === undefined || this.#column !== 0 || this.#wire.left > 0) {
      throw new E2eError(
        'CLICKHOUSE_CUT_OFF',
        `the answer with the rows of ${this.#what} ended within ${this.#readers === undefined ? 'its header' : 'a row'}`,
      );
    }
    return this.#writer.take(this.#as.length);
  }

  #takePending(): void {
    this.#wire.append(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** Reads rows until a batch is full (true) or the bytes run out (false). */
  #fill(): boolean {
    const wire = this.#wire;
    const writer = this.#writer;
    let valueAt = wire.at;
    let cellAt = writer.length;
    try {
      const readers = (this.#readers ??= this.#header());
      let column = this.#column;
      try {
        for (;;) {
          for (let read = readers[column]; read !== undefined; read = readers[column]) {
            valueAt = wire.at;
            cellAt = writer.length;
            read(wire, writer);
            writer.endCell();
            column += 1;
          }
          column = 0;
          if (writer.length >= BATCH_BYTES) return true;
        }
      } finally {
        this.#column = column;
      }
    } catch (thrown) {
      if (!isNotEnough(thrown)) throw thrown;
      if (writer.length > cellAt) writer.cut(cellAt);
      this.#wanted = wire.rewind(valueAt);
      return false;
    }
  }

  #header(): CellReader[] {
    const wire = this.#wire;
    const count = wire.varint();
    const names = Array.from({ length: count }, () => wire.string());
    const types = Array.from({ length: count }, () => wire.string());
    if (count !== this.#as.length) {
      throw new E2eError('CLICKHOUSE_ANSWER', `asked for ${this.#as.length} columns of ${this.#what}, got ${count}`);
    }
    return this.#as.map((as, index) => {
      const type = types[index] ?? '';
      const reader = cellReader(parseTypeName(type), as);
      if (reader !== undefined) return reader;
      throw new E2eError(
        'CLICKHOUSE_ANSWER',
        `${this.#what}: ${names[index] ?? 'a column'} came as ${type}, which cannot be read as ${as.as}`,
      );
    });
  }
}
