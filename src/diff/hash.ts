/**
 * A row as two numbers: 64 bits of its key and 64 bits of the whole row, by XXH64 (xxhash-wasm). Knows nothing of what
 * the bytes mean.
 */
import xxhash from 'xxhash-wasm';

const ROW_SEED = 0x9e37_79b9_7f4a_7c15n;

/** Hashes one row at a time into `words`, which each call overwrites: no object and no BigInt survives a row. */
export class RowHasher {
  /** Key low, key high, row low, row high. */
  readonly words: Uint32Array;
  readonly #hashes = new BigUint64Array(2);
  readonly #h64: (bytes: Uint8Array, seed?: bigint) => bigint;

  private constructor(h64: (bytes: Uint8Array, seed?: bigint) => bigint) {
    this.#h64 = h64;
    this.words = new Uint32Array(this.#hashes.buffer);
  }

  static async load(): Promise<RowHasher> {
    const library = await xxhash();
    return new RowHasher((bytes, seed) => library.h64Raw(bytes, seed));
  }

  /** The row's bytes and, at their start, those of its key; with no key the row is its own. */
  hash(bytes: Uint8Array, start: number, keyEnd: number, end: number): void {
    const row = this.#h64(bytes.subarray(start, end), ROW_SEED);
    this.#hashes[1] = row;
    this.#hashes[0] = keyEnd === start ? row : this.#h64(bytes.subarray(start, keyEnd));
  }

  /** The same where the key is not the row's beginning. */
  hashApart(bytes: Uint8Array, start: number, end: number, key: Uint8Array): void {
    this.#hashes[1] = this.#h64(bytes.subarray(start, end), ROW_SEED);
    this.#hashes[0] = this.#h64(key);
  }

  /** Of one cell, other than of the same cell in another column. */
  cell(bytes: Uint8Array, column: number): bigint {
    return this.#h64(bytes, ROW_SEED + BigInt(column + 1));
  }
}
