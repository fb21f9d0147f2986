// Bytes read front to back from chunks as they come: what the wire's numbers and strings are made of. Memory is bounded
// by what is asked for at once and one chunk. Must not know packets.
import { ClickHouseException } from '../exception.ts';

/** Takes bytes that were read; resolves when it can take more. */
export type Sink = (bytes: Uint8Array) => Promise<void> | void;

const NOTHING = Buffer.alloc(0);

export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer: Buffer = NOTHING;
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes that have come and were not read yet. */
  get buffered(): number {
    return this.#buffer.length - this.#at;
  }

  /** True if there is nothing left; waits until that is known. */
  async ended(): Promise<boolean> {
    return this.buffered === 0 && !(await this.#fill());
  }

  /** Reads on to the end, and forgets it. */
  async drain(): Promise<void> {
    do this.#at = this.#buffer.length;
    while (await this.#fill());
  }

  /** Gets a further chunk; false at the end. */
  async #fill(): Promise<boolean> {
    for (;;) {
      const step = await this.#chunks.next();
      if (step.done === true) return false;
      const { value } = step;
      if (value.length === 0) continue;
      const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      this.#buffer = this.buffered === 0 ? chunk : Buffer.concat([this.#buffer.subarray(this.#at), chunk]);
      this.#at = 0;
      return true;
    }
  }

  /** The next `count` bytes. @throws ClickHouseException if there are fewer. */
  async take(count: number): Promise<Buffer> {
    if (this.buffered < count) await this.#gather(count);
    const taken = this.#buffer.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  /** Makes `count` bytes contiguous, however many chunks they come in. */
  async #gather(count: number): Promise<void> {
    const parts = [this.#buffer.subarray(this.#at)];
    let length = this.buffered;
    while (length < count) {
      this.#buffer = NOTHING;
      this.#at = 0;
      if (!(await this.#fill())) throw cutShort(`${count} bytes were to come, ${length} came`);
      parts.push(this.#buffer);
      length += this.#buffer.length;
    }
    this.#buffer = Buffer.concat(parts);
    this.#at = 0;
  }

  async byte(): Promise<number> {
    if (this.buffered === 0 && !(await this.#fill())) throw cutShort('a byte was to come');
    const byte = this.#buffer[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  /** A number of seven bits a byte, lowest first. @throws ClickHouseException if it is 2^53 or more. */
  async varint(): Promise<number> {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = await this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 56) throw tooLarge('A number', 'more than 53 bits');
      if (byte < 0x80) return value;
    }
  }

  async uint64(): Promise<number> {
    const value = (await this.take(8)).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw tooLarge('A number', 'more than 53 bits');
    return Number(value);
  }

  /** The bytes of a string. @throws ClickHouseException if it is longer than `limit` bytes. */
  async bytes(limit: number): Promise<Buffer> {
    const length = await this.varint();
    if (length > limit) throw tooLarge('A string', `${length} bytes, ${limit} allowed`);
    return this.take(length);
  }

  async string(limit: number): Promise<string> {
    return (await this.bytes(limit)).toString('utf8');
  }

  /** Passes the next `count` bytes on. */
  async copy(count: number, to: Sink): Promise<void> {
    for (let left = count; left > 0;) {
      if (this.buffered === 0 && !(await this.#fill())) throw cutShort(`${left} bytes of a column were to come`);
      const part = this.#buffer.subarray(this.#at, this.#at + Math.min(left, this.buffered));
      this.#at += part.length;
      left -= part.length;
      await to(part);
    }
  }

  /** Passes the next `count` strings on, each behind its length. */
  async copyStrings(count: number, to: Sink): Promise<void> {
    for (let left = count; left > 0;) {
      // As many as lie whole in the buffer.
      const from = this.#at;
      const buffer = this.#buffer;
      let at = from;
      while (left > 0) {
        let length = 0;
        let next = at;
        let byte = 0x80;
        for (let scale = 1; byte >= 0x80 && next < buffer.length && scale < 2 ** 50; scale *= 128) {
          byte = buffer[next] ?? 0;
          next += 1;
          length += (byte & 0x7f) * scale;
        }
        if (byte >= 0x80 || next + length > buffer.length) break;
        at = next + length;
        left -= 1;
      }
      this.#at = at;
      if (at > from) await to(buffer.subarray(from, at));
      if (left === 0) return;
      // And the one that does not.
      const length = await this.varint();
      await to(varint(length));
      await this.copy(length, to);
      left -= 1;
    }
  }
}

/** `value` in seven bits a byte. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 128) | 0x80);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
  return Buffer.from(bytes);
}

/** The connection, or the file, ended where more was to come. */
function cutShort(what: string): ClickHouseException {
  return new ClickHouseException(33, 'CANNOT_READ_ALL_DATA', `Cannot read all data: ${what}`);
}

function tooLarge(what: string, how: string): ClickHouseException {
  return new ClickHouseException(131, 'TOO_LARGE_STRING_SIZE', `${what} is too large: ${how}`);
}
