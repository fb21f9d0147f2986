/**
 * The stream of `COPY … (FORMAT binary)` → canonical rows, from chunks that end anywhere. Source: PostgreSQL manual,
 * COPY, "Binary Format": a header, per row a count of fields and each field's length and bytes, and a trailer.
 */
import type { CanonicalWriter } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import type { Decode } from './decode.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** Signature, flags, length of the header's extension. */
const HEADER_BYTES = SIGNATURE.length + 8;
const TRAILER = -1;
const NULL_LENGTH = -1;

export class CopyDecoder {
  readonly #decoders: readonly Decode[];
  readonly #writer: CanonicalWriter;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #state: 'header' | 'rows' | 'ended' = 'header';

  /** @param decoders one a column, in the order of the select list. */
  constructor(decoders: readonly Decode[], writer: CanonicalWriter) {
    this.#decoders = decoders;
    this.#writer = writer;
  }

  /** Writes every row that is complete by now; keeps the rest for the next chunk. */
  push(chunk: Buffer): void {
    this.#append(chunk);
    if (this.#state === 'header' && !this.#readHeader()) return;
    while (this.#state === 'rows' && this.#rowIsComplete()) this.#readRow();
  }

  /** @throws E2eError when the stream ended before the server said that it was all. */
  finish(): void {
    if (this.#state !== 'ended') {
      throw new E2eError('PG_READ', 'the server stopped sending rows before the end of the table');
    }
  }

  /** Joins what is left of the last chunk and the new one; a value of many chunks is copied a few times, not once a chunk. */
  #append(chunk: Buffer): void {
    const left = this.#end - this.#at;
    if (left === 0) {
      this.#buffer = chunk;
      this.#at = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#end + chunk.length > this.#buffer.length) {
      const wider = Buffer.allocUnsafe(Math.max(left + chunk.length, left * 2));
      this.#buffer.copy(wider, 0, this.#at, this.#end);
      this.#buffer = wider;
      this.#at = 0;
      this.#end = left;
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  #readHeader(): boolean {
    if (this.#end - this.#at < HEADER_BYTES) return false;
    if (!SIGNATURE.equals(this.#buffer.subarray(this.#at, this.#at + SIGNATURE.length))) {
      throw new E2eError('PG_READ', 'the server answered COPY with something that is not its binary format');
    }
    const extension = this.#buffer.readInt32BE(this.#at + SIGNATURE.length + 4);
    if (this.#end - this.#at < HEADER_BYTES + extension) return false;
    this.#at += HEADER_BYTES + extension;
    this.#state = 'rows';
    return true;
  }

  #rowIsComplete(): boolean {
    const buffer = this.#buffer;
    const end = this.#end;
    let next = this.#at + 2;
    if (next > end) return false;
    const fields = buffer.readInt16BE(this.#at);
    for (let field = 0; field < fields; field += 1) {
      if (next + 4 > end) return false;
      const length = buffer.readInt32BE(next);
      next += length === NULL_LENGTH ? 4 : 4 + length;
    }
    return next <= end;
  }

  #readRow(): void {
    const buffer = this.#buffer;
    const fields = buffer.readInt16BE(this.#at);
    if (fields === TRAILER) {
      this.#state = 'ended';
      return;
    }
    if (fields !== this.#decoders.length) {
      throw new E2eError('PG_READ', `the server sent ${fields} columns where ${this.#decoders.length} were asked for`);
    }
    let next = this.#at + 2;
    for (const decode of this.#decoders) {
      const length = buffer.readInt32BE(next);
      next += 4;
      if (length === NULL_LENGTH) this.#writer.null();
      else {
        decode(this.#writer, buffer, next, length);
        next += length;
      }
      this.#writer.endCell();
    }
    this.#at = next;
  }
}
