/**
 * Rows that wait for their partners, one behind the other in a few large pieces of memory. An object and a typed array
 * for each would cost several times their bytes and hide them from the garbage collector. Rows that are let go leave
 * holes; `tidy` moves the others together, in place.
 *
 * A record, in 32-bit words: size in words, owner, row hash low, row hash high, sign, where the cells start, the end of
 * each cell; then the cells' bytes. An address is piece × PIECE_WORDS + word; a row wider than a piece has its own.
 */
import { Row } from './row.ts';

const PIECE_WORDS = 1 << 18;
const HEAD = 6;

interface Piece {
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly words: Uint32Array;
  /** Words taken. */
  used: number;
}

export interface StoredRow {
  readonly row: Row;
  readonly low: number;
  readonly high: number;
  /** 1 for the left side, -1 for the right. */
  readonly sign: 1 | -1;
}

export class RowStore {
  readonly #columns: number;
  #pieces: Piece[] = [];
  /** Piece that is being filled. */
  #current = -1;
  #used = 0;
  #dead = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** Bytes of rows not let go. */
  get live(): number {
    return (this.#used - this.#dead) * 4;
  }

  /** Bytes of rows let go that still take room. */
  get dead(): number {
    return this.#dead * 4;
  }

  /** Copies a row. @param owner told again by `tidy`. @returns its address. */
  keep(row: Row, low: number, high: number, sign: 1 | -1, owner: number): number {
    const { start, end } = row;
    const size = HEAD + this.#columns + Math.ceil((end - start) / 4);
    const piece = this.#room(size);
    const at = piece.used;
    const { words, bytes } = piece;
    const shift = (at + HEAD + this.#columns) * 4;
    words[at] = size;
    words[at + 1] = owner;
    words[at + 2] = low;
    words[at + 3] = high;
    words[at + 4] = sign;
    words[at + 5] = shift;
    for (let column = 0; column < this.#columns; column += 1) {
      words[at + HEAD + column] = row.endOf(column) - start + shift;
    }
    bytes.set(row.prefix(this.#columns), shift);
    piece.used += size;
    this.#used += size;
    return this.#current * PIECE_WORDS + at;
  }

  /** A window on the record; lives until the next `keep` or `tidy`. */
  at(address: number): StoredRow {
    const { piece, word } = this.#find(address);
    const { words, bytes } = piece;
    return {
      row: new Row(bytes, words, word + HEAD, this.#columns),
      low: words[word + 2] ?? 0,
      high: words[word + 3] ?? 0,
      sign: (words[word + 4] ?? 0) === 1 ? 1 : -1,
    };
  }

  /** The record is no longer needed. */
  letGo(address: number): void {
    const { piece, word } = this.#find(address);
    this.#dead += piece.words[word] ?? 0;
  }

  /**
   * Moves the living records together.
   *
   * @param isLive asked for each record by owner and address. @param moved told the new address of each living one.
   */
  tidy(isLive: (owner: number, address: number) => boolean, moved: (owner: number, address: number) => void): void {
    let to = 0;
    let free = 0;
    this.#used = 0;
    this.#dead = 0;
    for (const [index, piece] of this.#pieces.entries()) {
      const { words, used } = piece;
      piece.used = 0;
      for (let word = 0; word < used;) {
        const size = words[word] ?? 0;
        const owner = words[word + 1] ?? 0;
        if (isLive(owner, index * PIECE_WORDS + word)) {
          // Records keep their order and only ever move towards the beginning: none is written over before its turn.
          if (size > PIECE_WORDS) [to, free] = [index, 0];
          else if (free > 0 && free + size > PIECE_WORDS) [to, free] = [to + 1, 0];
          const target = this.#pieces[to] ?? piece;
          move(piece, word, target, free, size, this.#columns);
          moved(owner, to * PIECE_WORDS + free);
          free += size;
          target.used = free;
          this.#used += size;
        }
        word += size;
      }
    }
    this.#current = Math.min(to, this.#pieces.length - 1);
  }

  #find(address: number): { piece: Piece; word: number } {
    const index = Math.floor(address / PIECE_WORDS);
    const piece = this.#pieces[index];
    if (piece === undefined) throw new RangeError(`no row is stored at ${address}`);
    return { piece, word: address - index * PIECE_WORDS };
  }

  #room(size: number): Piece {
    const current = this.#pieces[this.#current];
    if (current !== undefined && current.used + size <= PIECE_WORDS) return current;
    this.#current += 1;
    const next = this.#pieces[this.#current];
    if (next !== undefined && size <= PIECE_WORDS) return next;
    const buffer = new ArrayBuffer(Math.max(size, PIECE_WORDS) * 4);
    const piece = { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), used: 0 };
    // An empty piece that is left over from a tidying, and too small, makes way.
    this.#pieces[this.#current] = piece;
    return piece;
  }
}

function move(from: Piece, word: number, to: Piece, free: number, size: number, columns: number): void {
  if (from === to && word === free) return;
  if (from === to) from.words.copyWithin(free, word, word + size);
  else to.words.set(from.words.subarray(word, word + size), free);
  const shift = (free - word) * 4;
  for (let at = free + HEAD - 1; at < free + HEAD + columns; at += 1) to.words[at] = (to.words[at] ?? 0) + shift;
}
