/**
 * A cursor over bytes that arrive in pieces: reads advance it, and running out of bytes is an exception that leaves the
 * caller free to go back to where a value began and to try again with more. Must not know any format's meaning.
 */

/** Thrown by reads at the end of what has arrived; one object, since it is thrown once per piece. */
class NotEnoughBytes extends Error {
  override readonly name = 'NotEnoughBytes';
}
const NOT_ENOUGH = new NotEnoughBytes('the value goes on in the next piece');

export function isNotEnough(thrown: unknown): boolean {
  return thrown === NOT_ENOUGH;
}

const NOTHING = Buffer.alloc(0);

export class Wire {
  /** What has arrived and is not given up; offsets that `skip` returns are into it, valid until the next `append`. */
  bytes: Buffer = NOTHING;
  /** Offset of the next unread byte. */
  at = 0;
  /** Offset that a read wanted to reach when it ran out. */
  #wanted = 0;

  /** Bytes that have arrived and are unread. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Passes over `size` bytes. @returns the offset of the first. */
  skip(size: number): number {
    const start = this.at;
    const end = start + size;
    if (end > this.bytes.length) {
      this.#wanted = end;
      throw NOT_ENOUGH;
    }
    this.at = end;
    return start;
  }

  /** An unsigned LEB128 number, as lengths and counts are written. */
  varint(): number {
    const first = this.bytes[this.skip(1)] ?? 0;
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (;;) {
      const byte = this.bytes[this.skip(1)] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  byte(): number {
    return this.bytes[this.skip(1)] ?? 0;
  }

  /** Length-prefixed text. */
  string(): string {
    const length = this.varint();
    const start = this.skip(length);
    return this.bytes.toString('utf8', start, start + length);
  }

  /**
   * Goes back to `start` and says how many bytes must arrive before another try is worth it. Twice what is there for a
   * value of many small parts, so that the work of all tries stays linear in its size.
   */
  rewind(start: number): number {
    const held = this.bytes.length - start;
    this.at = start;
    return Math.max(this.#wanted - this.bytes.length, held > 1 << 16 ? held : 1);
  }

  /** Gives up what has been read and adds pieces. */
  append(pieces: readonly Buffer[]): void {
    const rest = this.bytes.subarray(this.at);
    this.bytes = rest.length === 0 && pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat([rest, ...pieces]);
    this.at = 0;
    this.#wanted = 0;
  }
}
