/** Bytes of RowBinary on their way to the server: a growing buffer. Must not know types. */

/** Bytes on their way to the server. */
export class RowBinaryWriter {
  #bytes = Buffer.allocUnsafe(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Hands over what has been written and starts anew. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafe(Math.max(1 << 16, Math.min(this.#bytes.length, 1 << 21)));
    this.#length = 0;
    return taken;
  }

  byte(value: number): void {
    this.#room(1)[this.#length - 1] = value;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes, this.#length - bytes.length);
  }

  /** Two's complement, little endian. */
  integer(value: bigint, size: number): void {
    const bytes = this.#room(size);
    let rest = BigInt.asUintN(size * 8, value);
    for (let at = this.#length - size; at < this.#length; at += 1) {
      bytes[at] = Number(rest & 0xffn);
      rest >>= 8n;
    }
  }

  float(value: number, size: 4 | 8): void {
    const bytes = this.#room(size);
    if (size === 4) bytes.writeFloatLE(value, this.#length - 4);
    else bytes.writeDoubleLE(value, this.#length - 8);
  }

  /** Makes room for `size` bytes and counts them as written; they start `size` bytes before `length`. */
  #room(size: number): Buffer {
    const needed = this.#length + size;
    if (needed > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(wider, 0, 0, this.#length);
      this.#bytes = wider;
    }
    this.#length = needed;
    return this.#bytes;
  }
}
