/**
 * Canonical cells back into values: for people (reports), for policies and for the patterns that differences share.
 * Not for the hot path: the diff decodes only the cells of rows that differ.
 */
import { TAG } from './canonical.ts';
import { civilOf } from './canonical-text-time.ts';

/** What a cell says, as plain data. */
export type CellValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** 0.d1d2… × 10^exponent, no leading or trailing zeros; zero has no digits and exponent 0. */
  | { readonly kind: 'number'; readonly negative: boolean; readonly digits: string; readonly exponent: number }
  | { readonly kind: 'not-finite'; readonly of: FiniteKind; readonly which: 'nan' | 'infinity' | '-infinity' }
  | { readonly kind: 'float'; readonly value: number }
  /** `valid`: the bytes are UTF-8; where not, `value` has U+FFFD in their place. */
  | { readonly kind: 'text'; readonly value: string; readonly valid: boolean; readonly bytes: Uint8Array }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'uuid'; readonly value: string }
  | { readonly kind: 'date'; readonly days: number }
  | { readonly kind: 'time'; readonly nanoseconds: bigint }
  /** `seconds` since 1970 of the fields, or since the epoch. */
  | { readonly kind: 'timestamp' | 'instant'; readonly seconds: number; readonly nanoseconds: number }
  | { readonly kind: 'interval'; readonly months: number; readonly days: number; readonly nanoseconds: bigint }
  | { readonly kind: 'json'; readonly value: string }
  | { readonly kind: 'array' | 'tuple'; readonly items: readonly CellValue[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [CellValue, CellValue])[] }
  | { readonly kind: 'foreign'; readonly value: string };

type FiniteKind = 'number' | 'date' | 'timestamp' | 'instant' | 'interval';

/** @param bytes one canonical cell. */
export function readCell(bytes: Uint8Array): CellValue {
  return new Reader(bytes).cell();
}

/** Canonical form for people: text quoted with escapes, so that spaces and control characters show. */
export function showCell(bytes: Uint8Array): string {
  return showValue(readCell(bytes));
}

/** As `showCell`, but text as it is: for keys, and where the database's own form is not at hand. */
export function plainCell(bytes: Uint8Array): string {
  const value = readCell(bytes);
  return value.kind === 'text' && value.valid ? value.value : showValue(value);
}

const NOT_FINITE = new Map<number, CellValue>([
  [TAG.numberNaN, { kind: 'not-finite', of: 'number', which: 'nan' }],
  [TAG.numberPlusInfinity, { kind: 'not-finite', of: 'number', which: 'infinity' }],
  [TAG.numberMinusInfinity, { kind: 'not-finite', of: 'number', which: '-infinity' }],
  [TAG.datePlusInfinity, { kind: 'not-finite', of: 'date', which: 'infinity' }],
  [TAG.dateMinusInfinity, { kind: 'not-finite', of: 'date', which: '-infinity' }],
  [TAG.timestampPlusInfinity, { kind: 'not-finite', of: 'timestamp', which: 'infinity' }],
  [TAG.timestampMinusInfinity, { kind: 'not-finite', of: 'timestamp', which: '-infinity' }],
  [TAG.instantPlusInfinity, { kind: 'not-finite', of: 'instant', which: 'infinity' }],
  [TAG.instantMinusInfinity, { kind: 'not-finite', of: 'instant', which: '-infinity' }],
  [TAG.intervalPlusInfinity, { kind: 'not-finite', of: 'interval', which: 'infinity' }],
  [TAG.intervalMinusInfinity, { kind: 'not-finite', of: 'interval', which: '-infinity' }],
]);

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  cell(): CellValue {
    const tag = this.#bytes[this.#at] ?? TAG.null;
    this.#at += 1;
    const notFinite = NOT_FINITE.get(tag);
    if (notFinite !== undefined) return notFinite;
    switch (tag) {
      case TAG.null:
        return { kind: 'null' };
      case TAG.false:
      case TAG.true:
        return { kind: 'bool', value: tag === TAG.true };
      case TAG.int:
        return this.#int();
      case TAG.big:
        return this.#big();
      case TAG.float:
        return { kind: 'float', value: this.#bytes.readDoubleLE(this.#skip(8)) };
      case TAG.text:
        return this.#text();
      case TAG.bytes:
        return { kind: 'bytes', value: this.#counted() };
      case TAG.uuid:
        return { kind: 'uuid', value: uuidText(this.#bytes.subarray(this.#skip(16), this.#at)) };
      case TAG.date:
        return { kind: 'date', days: this.#bytes.readInt32LE(this.#skip(4)) };
      case TAG.time:
        return { kind: 'time', nanoseconds: this.#bytes.readBigInt64LE(this.#skip(8)) };
      case TAG.timestamp:
      case TAG.instant: {
        const at = this.#skip(12);
        return {
          kind: tag === TAG.timestamp ? 'timestamp' : 'instant',
          seconds: Number(this.#bytes.readBigInt64LE(at)),
          nanoseconds: this.#bytes.readUInt32LE(at + 8),
        };
      }
      case TAG.interval:
        return this.#interval();
      case TAG.json:
        return { kind: 'json', value: this.#counted().toString('utf8') };
      case TAG.array:
      case TAG.tuple:
        return { kind: tag === TAG.array ? 'array' : 'tuple', items: this.#cells(this.#count()) };
      case TAG.map:
        return this.#map();
      default:
        return { kind: 'foreign', value: this.#counted().toString('utf8') };
    }
  }

  #int(): CellValue {
    const value = this.#bytes.readBigInt64LE(this.#skip(8));
    const digits = (value < 0n ? -value : value).toString();
    if (value === 0n) return { kind: 'number', negative: false, digits: '', exponent: 0 };
    return { kind: 'number', negative: value < 0n, digits: digits.replace(/0+$/, ''), exponent: digits.length };
  }

  #big(): CellValue {
    const at = this.#skip(9);
    const digits = this.#skip(this.#bytes.readUInt32LE(at + 5));
    return {
      kind: 'number',
      negative: this.#bytes[at] === 0,
      digits: this.#bytes.toString('latin1', digits, this.#at),
      exponent: this.#bytes.readInt32LE(at + 1),
    };
  }

  #text(): CellValue {
    const bytes = this.#counted();
    const value = bytes.toString('utf8');
    return { kind: 'text', value, bytes, valid: !value.includes('\ufffd') || Buffer.from(value, 'utf8').equals(bytes) };
  }

  #interval(): CellValue {
    const at = this.#skip(20);
    return {
      kind: 'interval',
      months: this.#bytes.readInt32LE(at),
      days: this.#bytes.readInt32LE(at + 4),
      nanoseconds: this.#bytes.readBigInt64LE(at + 8) * 1_000_000_000n + BigInt(this.#bytes.readUInt32LE(at + 16)),
    };
  }

  #map(): CellValue {
    const cells = this.#cells(this.#count() * 2);
    const entries: (readonly [CellValue, CellValue])[] = [];
    for (let i = 0; i + 1 < cells.length; i += 2) {
      const [key, value] = [cells[i], cells[i + 1]];
      if (key !== undefined && value !== undefined) entries.push([key, value]);
    }
    return { kind: 'map', entries };
  }

  #cells(count: number): CellValue[] {
    const cells: CellValue[] = [];
    for (let i = 0; i < count; i += 1) cells.push(this.cell());
    return cells;
  }

  #count(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  #counted(): Buffer {
    const length = this.#count();
    return this.#bytes.subarray(this.#skip(length), this.#at);
  }

  /** @returns where the skipped bytes start. */
  #skip(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Canonical form of a decoded value. */
export function showValue(value: CellValue): string {
  switch (value.kind) {
    case 'null':
      return 'NULL';
    case 'bool':
      return String(value.value);
    case 'number':
      return showNumber(value.negative, value.digits, value.exponent);
    case 'not-finite':
      return value.which === 'nan' ? 'NaN' : value.which === 'infinity' ? 'infinity' : '-infinity';
    case 'float':
      return Object.is(value.value, -0) ? '-0.0' : showFloat(value.value);
    case 'text':
      return value.valid ? quoted(value.value) : `${quoted(value.value)} (not UTF-8: \\x${hexOf(value.bytes)})`;
    case 'bytes':
      return `\\x${hexOf(value.value)}`;
    case 'uuid':
    case 'json':
      return value.value;
    case 'date':
      return showDay(value.days);
    case 'time':
      return showClock(value.nanoseconds);
    case 'timestamp':
      return showMoment(value.seconds, value.nanoseconds, ' ', '');
    case 'instant':
      return showMoment(value.seconds, value.nanoseconds, 'T', 'Z');
    case 'interval':
      return showInterval(value.months, value.days, value.nanoseconds);
    case 'array':
      return `[${value.items.map(showValue).join(', ')}]`;
    case 'tuple':
      return `(${value.items.map(showValue).join(', ')})`;
    case 'map':
      return `{${value.entries.map(([key, inner]) => `${showValue(key)}: ${showValue(inner)}`).join(', ')}}`;
    case 'foreign':
      return `not of this type: ${quoted(value.value)}`;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** JSON's quoting, and the invisible beyond it: C1 controls, directional marks, odd spaces. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function showFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'infinity' : '-infinity';
  return String(value);
}

function showNumber(negative: boolean, digits: string, exponent: number): string {
  if (digits === '') return '0';
  const sign = negative ? '-' : '';
  if (exponent > 0 && exponent <= 40) {
    if (digits.length <= exponent) return sign + digits.padEnd(exponent, '0');
    return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
  }
  if (exponent <= 0 && exponent > -20) return `${sign}0.${'0'.repeat(-exponent)}${digits}`;
  return `${sign}${digits.slice(0, 1)}${digits.length > 1 ? '.' : ''}${digits.slice(1)}e${exponent - 1}`;
}

function two(value: number | bigint): string {
  return String(value).padStart(2, '0');
}

function fraction(nanoseconds: number | bigint): string {
  return Number(nanoseconds) === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
}

function showDay(days: number, era = true): string {
  const { year, month, day } = civilOf(days);
  const written = String(year > 0 ? year : 1 - year).padStart(4, '0');
  return `${written}-${two(month)}-${two(day)}${era && year <= 0 ? ' BC' : ''}`;
}

function showMoment(seconds: number, nanoseconds: number, separator: string, zone: string): string {
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  const bc = civilOf(days).year <= 0 ? ' BC' : '';
  return `${showDay(days, false)}${separator}${clock}${fraction(nanoseconds)}${zone}${bc}`;
}

/** `[-]hh:mm:ss.fff`, hours beyond a day where there are. */
function showClock(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const seconds = size / 1_000_000_000n;
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return `${nanoseconds < 0n ? '-' : ''}${clock}${fraction(size % 1_000_000_000n)}`;
}

function showInterval(months: number, days: number, nanoseconds: bigint): string {
  const years = Math.trunc(months / 12);
  const parts = [
    years === 0 ? '' : `${years} y`,
    months % 12 === 0 ? '' : `${months % 12} mon`,
    days === 0 ? '' : `${days} d`,
    nanoseconds === 0n ? '' : showClock(nanoseconds),
  ].filter((part) => part !== '');
  return parts.length === 0 ? '00:00:00' : parts.join(' ');
}
