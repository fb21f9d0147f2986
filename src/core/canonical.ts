/**
 * Canonical bytes: the one form in which two databases' values are compared. The rules are docs/canonical-values.md.
 *
 * A cell is a tag byte and a payload that says where it ends, so cells can be concatenated into rows and rows into
 * batches, and equal values are equal bytes. Readers write cells straight from the wire through CanonicalWriter; the
 * diff hashes and compares the bytes and never asks what they mean until it has to show them.
 */

/** What both sides of a column pair are read as. Agreed from the two logical types before the first row is read. */
export type Comparison =
  | { readonly as: 'bool' }
  /** Exact value: integers, decimals, and floats taken as the exact number they hold. */
  | { readonly as: 'number' }
  /**
   * Binary floating point by bits of a double, with one NaN; -0 is not 0. `bits: 32` where one side is text printed
   * from single precision, which means the nearest single and not the nearest double.
   */
  | { readonly as: 'float'; readonly bits?: 32 }
  | { readonly as: 'text' }
  | { readonly as: 'bytes' }
  | { readonly as: 'uuid' }
  | { readonly as: 'date' }
  | { readonly as: 'time' }
  | { readonly as: 'timestamp' }
  | { readonly as: 'instant' }
  | { readonly as: 'interval' }
  | { readonly as: 'json' }
  | { readonly as: 'array'; readonly of: Comparison }
  | { readonly as: 'map'; readonly key: Comparison; readonly value: Comparison }
  | { readonly as: 'tuple'; readonly of: readonly Comparison[] };

/** First byte of a cell. Gaps leave room; a tag's number never changes once written down. */
export const TAG = {
  null: 0x00,
  false: 0x01,
  true: 0x02,
  /** i64 LE. Every integral number that fits is written so, whatever type it came from. */
  int: 0x10,
  /** sign u8 (0 negative, 1 positive), exponent i32 LE, count u32 LE, ASCII digits; value 0.d1d2… × 10^exponent. */
  big: 0x11,
  numberNaN: 0x12,
  numberPlusInfinity: 0x13,
  numberMinusInfinity: 0x14,
  /** f64 LE. */
  float: 0x18,
  /** u32 LE length, UTF-8 (or, from a database that allows it, whatever bytes were there). */
  text: 0x20,
  /** u32 LE length, bytes. */
  bytes: 0x21,
  /** 16 bytes, big endian as written. */
  uuid: 0x22,
  /** i32 LE days since 1970-01-01, proleptic Gregorian. */
  date: 0x30,
  datePlusInfinity: 0x31,
  dateMinusInfinity: 0x32,
  /** i64 LE nanoseconds since midnight. May exceed a day where the database's type does. */
  time: 0x38,
  /** i64 LE seconds since 1970-01-01 00:00:00 of the fields, u32 LE nanoseconds. */
  timestamp: 0x40,
  timestampPlusInfinity: 0x41,
  timestampMinusInfinity: 0x42,
  /** i64 LE seconds since the epoch, u32 LE nanoseconds. */
  instant: 0x44,
  instantPlusInfinity: 0x45,
  instantMinusInfinity: 0x46,
  /** i32 LE months, i32 LE days, i64 LE seconds, u32 LE nanoseconds: by fields, a month is not thirty days. */
  interval: 0x50,
  intervalPlusInfinity: 0x51,
  intervalMinusInfinity: 0x52,
  /** u32 LE length, canonical JSON text (canonical-json.ts). */
  json: 0x60,
  /** u32 LE count, then that many cells. */
  array: 0x70,
  /** u32 LE count, then key and value cells, ordered by the keys' bytes. */
  map: 0x71,
  /** u32 LE count, then that many cells. */
  tuple: 0x72,
  /** u32 LE length, bytes: text that is not a value of the agreed type. Equal only to the same text. */
  foreign: 0x7f,
} as const;

/**
 * Rows on their way from a reader to the diff. Owned by the diff once yielded; the reader must not touch it again.
 * Cells lie in the order of the read request's columns: key columns first.
 */
export interface RowBatch {
  /** Number of rows, at least 1. */
  readonly rows: number;
  /** Cells of all rows, one after the other. */
  readonly bytes: Uint8Array;
  /** End offset of every cell in `bytes`: rows × columns entries; a cell starts where the one before it ended. */
  readonly cellEnds: Uint32Array;
  /**
   * Gives the memory back to the writer, which then writes over it: called by whoever consumed the batch and kept
   * nothing of it. Without it the garbage collector lets hundreds of megabytes of batches pile up before it looks.
   */
  readonly release?: () => void;
}

/** A row as its database shows it, for people. */
export interface ShownRow {
  /** Index into the keys asked for. */
  readonly key: number;
  /** In the request's column order; NULL as null. */
  readonly cells: readonly (string | null)[];
}

const MIN_I64 = -(2n ** 63n);
const MAX_I64 = 2n ** 63n - 1n;
const NS_A_SECOND = 1_000_000_000n;
const ZERO = 48;
/** Larger memory (a 16 MB value) is left to the garbage collector. */
const KEPT_BYTES = 1 << 22;
const MOST_SPARE = 3;

/** What a batch lies in. */
interface Memory {
  readonly bytes: Buffer;
  readonly cellEnds: Uint32Array;
}

/** Appends canonical cells to a growing buffer. Cheap to reuse: `take` hands the batch over and starts anew. */
export class CanonicalWriter {
  #bytes: Buffer;
  #length = 0;
  #cellEnds: Uint32Array;
  #cells = 0;
  readonly #spare: Memory[] = [];

  constructor(capacity = 1 << 16) {
    this.#bytes = Buffer.allocUnsafe(capacity);
    this.#cellEnds = new Uint32Array(1024);
  }

  /** Bytes written since the last take. */
  get length(): number {
    return this.#length;
  }

  /** Cells ended since the last take. */
  get cells(): number {
    return this.#cells;
  }

  /** Marks the end of a table cell; elements inside an array are not ended. */
  endCell(): void {
    if (this.#cells === this.#cellEnds.length) {
      const wider = new Uint32Array(this.#cellEnds.length * 2);
      wider.set(this.#cellEnds);
      this.#cellEnds = wider;
    }
    this.#cellEnds[this.#cells++] = this.#length;
  }

  /** Hands the rows over and starts anew. @param columns cells a row. @returns undefined when nothing was written. */
  take(columns: number): RowBatch | undefined {
    if (this.#cells === 0) return undefined;
    const memory: Memory = { bytes: this.#bytes, cellEnds: this.#cellEnds };
    const batch: RowBatch = {
      rows: this.#cells / columns,
      bytes: memory.bytes.subarray(0, this.#length),
      cellEnds: memory.cellEnds.subarray(0, this.#cells),
      release: this.#releaser(memory),
    };
    const next = this.#spare.pop() ?? {
      bytes: Buffer.allocUnsafe(Math.max(1 << 16, Math.min(this.#bytes.length, KEPT_BYTES))),
      cellEnds: new Uint32Array(Math.min(this.#cellEnds.length, KEPT_BYTES / 4)),
    };
    this.#bytes = next.bytes;
    this.#cellEnds = next.cellEnds;
    this.#length = 0;
    this.#cells = 0;
    return batch;
  }

  #releaser(memory: Memory): () => void {
    let held = memory.bytes.length <= KEPT_BYTES && memory.cellEnds.byteLength <= KEPT_BYTES;
    return () => {
      if (held && this.#spare.length < MOST_SPARE) this.#spare.push(memory);
      held = false;
    };
  }

  null(): void {
    this.#tag(TAG.null);
  }

  bool(value: boolean): void {
    this.#tag(value ? TAG.true : TAG.false);
  }

  /** An integer that is safe as a JS number. */
  int(value: number): void {
    const at = this.#room(9);
    this.#bytes[at] = TAG.int;
    // Two 32-bit halves are several times faster than a BigInt and exact for every safe integer.
    const high = Math.floor(value / 4294967296);
    this.#bytes.writeUInt32LE(value - high * 4294967296, at + 1);
    this.#bytes.writeInt32LE(high, at + 5);
  }

  /** An integer given as the two halves of its 64-bit two's complement. */
  int64(low: number, high: number): void {
    const at = this.#room(9);
    this.#bytes[at] = TAG.int;
    this.#bytes.writeInt32LE(low | 0, at + 1);
    this.#bytes.writeInt32LE(high | 0, at + 5);
  }

  bigint(value: bigint): void {
    if (value >= MIN_I64 && value <= MAX_I64) {
      const at = this.#room(9);
      this.#bytes[at] = TAG.int;
      this.#bytes.writeBigInt64LE(value, at + 1);
      return;
    }
    const digits = (value < 0n ? -value : value).toString();
    this.number(value < 0n, digits, digits.length);
  }

  /**
   * The number 0.d1d2… × 10^exponent. Leading and trailing zeros are allowed and do not matter; no digits is zero.
   *
   * @param digits ASCII decimal digits only.
   */
  number(negative: boolean, digits: string, exponent: number): void {
    let first = 0;
    while (first < digits.length && digits.charCodeAt(first) === ZERO) first += 1;
    let last = digits.length;
    while (last > first && digits.charCodeAt(last - 1) === ZERO) last -= 1;
    if (first === last) {
      this.int(0);
      return;
    }
    const significant = digits.slice(first, last);
    const point = exponent - first;
    if (point >= significant.length && point <= 19) {
      const whole = significant + '0'.repeat(point - significant.length);
      if (whole.length <= 15) {
        this.int(negative ? -Number(whole) : Number(whole));
        return;
      }
      const value = negative ? -BigInt(whole) : BigInt(whole);
      if (value >= MIN_I64 && value <= MAX_I64) {
        this.bigint(value);
        return;
      }
    }
    const at = this.#room(10 + significant.length);
    this.#bytes[at] = TAG.big;
    this.#bytes[at + 1] = negative ? 0 : 1;
    this.#bytes.writeInt32LE(point, at + 2);
    this.#bytes.writeUInt32LE(significant.length, at + 6);
    this.#bytes.write(significant, at + 10, 'latin1');
  }

  numberNaN(): void {
    this.#tag(TAG.numberNaN);
  }

  numberInfinity(negative: boolean): void {
    this.#tag(negative ? TAG.numberMinusInfinity : TAG.numberPlusInfinity);
  }

  float(value: number): void {
    const at = this.#room(9);
    this.#bytes[at] = TAG.float;
    this.#bytes.writeDoubleLE(Number.isNaN(value) ? Number.NaN : value, at + 1);
  }

  text(value: string): void {
    this.#encoded(TAG.text, value);
  }

  /** Text as it lies in a wire buffer. */
  textBytes(source: Uint8Array, start: number, end: number): void {
    this.#copied(TAG.text, source, start, end);
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    this.#copied(TAG.bytes, source, start, end);
  }

  /** @param source 16 bytes at `start`, in the order in which a uuid is written. */
  uuid(source: Uint8Array, start = 0): void {
    const at = this.#room(17);
    this.#bytes[at] = TAG.uuid;
    this.#bytes.set(source.subarray(start, start + 16), at + 1);
  }

  date(daysSinceEpoch: number): void {
    const at = this.#room(5);
    this.#bytes[at] = TAG.date;
    this.#bytes.writeInt32LE(daysSinceEpoch, at + 1);
  }

  time(nanoseconds: bigint): void {
    const at = this.#room(9);
    this.#bytes[at] = TAG.time;
    this.#bytes.writeBigInt64LE(nanoseconds, at + 1);
  }

  /** @param seconds since 1970 of the fields; a safe integer. @param nanoseconds 0 to 999,999,999, counted upwards. */
  timestamp(seconds: number, nanoseconds: number): void {
    this.#moment(TAG.timestamp, seconds, nanoseconds);
  }

  /** @param seconds since the epoch; a safe integer. @param nanoseconds 0 to 999,999,999, counted upwards. */
  instant(seconds: number, nanoseconds: number): void {
    this.#moment(TAG.instant, seconds, nanoseconds);
  }

  /** ±infinity of a date, timestamp, instant or interval. */
  infinity(of: 'date' | 'timestamp' | 'instant' | 'interval', negative: boolean): void {
    this.#tag(negative ? TAG[`${of}MinusInfinity`] : TAG[`${of}PlusInfinity`]);
  }

  interval(months: number, days: number, nanoseconds: bigint): void {
    const at = this.#room(21);
    this.#bytes[at] = TAG.interval;
    this.#bytes.writeInt32LE(months, at + 1);
    this.#bytes.writeInt32LE(days, at + 5);
    // Seconds apart: Postgres counts microseconds in 64 bits, whose nanoseconds do not fit into 64.
    const rest = ((nanoseconds % NS_A_SECOND) + NS_A_SECOND) % NS_A_SECOND;
    this.#bytes.writeBigInt64LE((nanoseconds - rest) / NS_A_SECOND, at + 9);
    this.#bytes.writeUInt32LE(Number(rest), at + 17);
  }

  /** @param canonical the output of canonical-json.ts. */
  json(canonical: string): void {
    this.#encoded(TAG.json, canonical);
  }

  /** The head of an array; `count` cells follow, none of them ended by endCell. */
  array(count: number): void {
    this.#counted(TAG.array, count);
  }

  tuple(count: number): void {
    this.#counted(TAG.tuple, count);
  }

  /** A map from cells written elsewhere: entries are ordered here, so that order never matters. */
  map(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): void {
    const sorted = [...entries].sort(([a], [b]) => Buffer.compare(a, b));
    this.#counted(TAG.map, sorted.length);
    for (const [key, value] of sorted) {
      this.raw(key);
      this.raw(value);
    }
  }

  /** Text that is no value of the agreed type. */
  foreign(value: string): void {
    this.#encoded(TAG.foreign, value);
  }

  /** A cell that is already canonical. */
  raw(cell: Uint8Array): void {
    const at = this.#room(cell.length);
    this.#bytes.set(cell, at);
  }

  /** Bytes written since `start`, copied, and taken back: for building map entries. */
  cut(start: number): Uint8Array {
    const cell = new Uint8Array(this.#bytes.subarray(start, this.#length));
    this.#length = start;
    return cell;
  }

  #tag(tag: number): void {
    const at = this.#room(1);
    this.#bytes[at] = tag;
  }

  #counted(tag: number, count: number): void {
    const at = this.#room(5);
    this.#bytes[at] = tag;
    this.#bytes.writeUInt32LE(count, at + 1);
  }

  #moment(tag: number, seconds: number, nanoseconds: number): void {
    const at = this.#room(13);
    this.#bytes[at] = tag;
    const high = Math.floor(seconds / 4294967296);
    this.#bytes.writeUInt32LE(seconds - high * 4294967296, at + 1);
    this.#bytes.writeInt32LE(high, at + 5);
    this.#bytes.writeUInt32LE(nanoseconds, at + 9);
  }

  #encoded(tag: number, value: string): void {
    const at = this.#room(5 + value.length * 3);
    const written = this.#bytes.write(value, at + 5, 'utf8');
    this.#bytes[at] = tag;
    this.#bytes.writeUInt32LE(written, at + 1);
    this.#length = at + 5 + written;
  }

  #copied(tag: number, source: Uint8Array, start: number, end: number): void {
    const at = this.#room(5 + end - start);
    this.#bytes[at] = tag;
    this.#bytes.writeUInt32LE(end - start, at + 1);
    this.#bytes.set(source.subarray(start, end), at + 5);
  }

  /** Reserves `size` bytes and returns where they start. */
  #room(size: number): number {
    const at = this.#length;
    const needed = at + size;
    if (needed > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(wider, 0, 0, at);
      this.#bytes = wider;
    }
    this.#length = needed;
    return at;
  }
}
