/**
 * Values in rows of the binary log, as the text that text.ts speaks of. Layouts: MySQL source, libs/mysql/binlog and
 * my_time.cc, decimal.cc; MySQL internals manual, "Row based replication".
 */
import type { Attribute } from './catalog.ts';
import { jsonText } from './binary-json.ts';
import { decodeText } from './charset.ts';
import { isBytes, textOfDouble } from './text.ts';

/** Numbers of types in a table map event (MySQL source, field_types.h). */
export const FIELD = {
  tiny: 1, short: 2, long: 3, float: 4, double: 5, timestamp: 7, longLong: 8, int24: 9, date: 10, time: 11, dateTime: 12,
  year: 13, newDate: 14, varchar: 15, bit: 16, timestamp2: 17, dateTime2: 18, time2: 19, vector: 242, json: 245,
  decimal: 246, enum: 247, set: 248, tinyBlob: 249, mediumBlob: 250, longBlob: 251, blob: 252, varString: 253,
  string: 254, geometry: 255,
} as const; // prettier-ignore

export interface FieldType {
  readonly type: number;
  /** The type's metadata in a table map event, low byte first. */
  readonly meta: number;
}

/** Reads values one after the other. */
export class RowReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  take(length: number): Buffer {
    const end = this.at + length;
    if (end > this.#bytes.length) throw new RangeError('a row of the binary log is cut short');
    const taken = this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  uint(bytes: number): number {
    return bytes === 0 ? 0 : this.take(bytes).readUIntLE(0, bytes);
  }
}

/** One value that is not NULL. @throws RangeError for a type that nobody here knows. */
export function readField(reader: RowReader, { type, meta }: FieldType, attribute: Attribute): string {
  switch (type) {
    case FIELD.tiny:
      return integer(reader.take(1), attribute);
    case FIELD.short:
      return integer(reader.take(2), attribute);
    case FIELD.int24:
      return integer(reader.take(3), attribute);
    case FIELD.long:
      return integer(reader.take(4), attribute);
    case FIELD.longLong: {
      const bytes = reader.take(8);
      return (attribute.unsigned ? bytes.readBigUInt64LE(0) : bytes.readBigInt64LE(0)).toString();
    }
    case FIELD.float:
      return textOfDouble(reader.take(4).readFloatLE(0));
    case FIELD.double:
      return textOfDouble(reader.take(8).readDoubleLE(0));
    case FIELD.decimal: {
      const [precision, scale] = [meta & 0xff, meta >> 8];
      return decimalText(reader.take(decimalBytes(precision, scale)), precision, scale);
    }
    case FIELD.year: {
      const year = reader.uint(1);
      return year === 0 ? '0000' : String(1900 + year);
    }
    case FIELD.date:
    case FIELD.newDate: {
      const packed = reader.uint(3);
      return `${pad(packed >> 9, 4)}-${pad((packed >> 5) & 15, 2)}-${pad(packed & 31, 2)}`;
    }
    case FIELD.time2:
      return time2(reader, meta);
    case FIELD.dateTime2: {
      const packed = BigInt(reader.take(5).readUIntBE(0, 5)) - 0x8000000000n;
      return dateTimeText(packed, fraction(reader, meta), meta);
    }
    case FIELD.timestamp2: {
      const seconds = reader.take(4).readUInt32BE(0);
      return timestampText(seconds, fraction(reader, meta), meta);
    }
    case FIELD.bit: {
      const bits = (meta >> 8) * 8 + (meta & 0xff);
      return BigInt(`0x${reader.take(Math.ceil(bits / 8)).toString('hex')}`).toString();
    }
    case FIELD.varchar:
    case FIELD.varString:
      return characters(reader.take(reader.uint(meta > 255 ? 2 : 1)), attribute);
    case FIELD.blob:
    case FIELD.geometry:
    case FIELD.vector:
      return characters(reader.take(reader.uint(meta)), attribute);
    case FIELD.json:
      return jsonText(reader.take(reader.uint(meta)));
    case FIELD.string:
      return stringField(reader, meta, attribute);
    default:
      throw new RangeError(`values of type ${type} of the binary log cannot be read`);
  }
}

function integer(bytes: Buffer, { unsigned }: Attribute): string {
  return String(unsigned ? bytes.readUIntLE(0, bytes.length) : bytes.readIntLE(0, bytes.length));
}

function characters(bytes: Buffer, attribute: Attribute): string {
  if (isBytes(attribute)) return `\\x${bytes.toString('hex')}`;
  return decodeText(bytes, attribute.charset ?? 'utf8mb4');
}

/** CHAR, BINARY, ENUM and SET; the two high bits of a length of more than 255 hide in the type (log_event.cc). */
function stringField(reader: RowReader, meta: number, attribute: Attribute): string {
  const [low, high] = [meta & 0xff, meta >> 8];
  if (low === FIELD.enum) return attribute.labels[reader.uint(high) - 1] ?? '';
  if (low === FIELD.set) {
    const bits = BigInt(`0x${Buffer.from(reader.take(high)).reverse().toString('hex')}`);
    return attribute.labels.filter((_, at) => ((bits >> BigInt(at)) & 1n) === 1n).join(',');
  }
  const longest = high | (((low & 0x30) ^ 0x30) << 4);
  const bytes = reader.take(reader.uint(longest > 255 ? 2 : 1));
  if (!isBytes(attribute)) return characters(bytes, attribute);
  // The log leaves out zeros at the end of BINARY.
  return `\\x${bytes.toString('hex').padEnd(attribute.length * 2, '0')}`;
}

/** Bytes of so many decimal digits that do not fill a group of nine. */
const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];
const GROUP = 9;

export function decimalBytes(precision: number, scale: number): number {
  const whole = precision - scale;
  const bytes = (digits: number): number => Math.floor(digits / GROUP) * 4 + (DIGIT_BYTES[digits % GROUP] ?? 0);
  return bytes(whole) + bytes(scale);
}

/** Groups of nine digits, big endian; the sign bit inverted, all bits of a negative number inverted (decimal.cc). */
export function decimalText(packed: Buffer, precision: number, scale: number): string {
  const bytes = Buffer.from(packed);
  const negative = ((bytes[0] ?? 0) & 0x80) === 0;
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  if (negative) for (let at = 0; at < bytes.length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  const whole = precision - scale;
  let at = 0;
  const group = (digits: number): string => {
    const size = DIGIT_BYTES[digits] ?? 0;
    const value = size === 0 ? 0 : bytes.readUIntBE(at, size);
    at += size;
    return digits === 0 ? '' : pad(value, digits);
  };
  let left = group(whole % GROUP);
  for (let groups = Math.floor(whole / GROUP); groups > 0; groups -= 1) left += group(GROUP);
  let right = '';
  for (let groups = Math.floor(scale / GROUP); groups > 0; groups -= 1) right += group(GROUP);
  right += group(scale % GROUP);
  const digits = left.replace(/^0+(?=\d)/, '');
  return `${negative ? '-' : ''}${digits === '' ? '0' : digits}${right === '' ? '' : `.${right}`}`;
}

/** Digits after the second lie in pairs of decimals, big endian. @returns microseconds. */
function fraction(reader: RowReader, digits: number): number {
  const bytes = Math.ceil(digits / 2);
  if (bytes === 0) return 0;
  return reader.take(bytes).readUIntBE(0, bytes) * 100 ** (3 - bytes);
}

function fractionText(microseconds: number, digits: number): string {
  return digits === 0 ? '' : `.${pad(microseconds, 6).slice(0, digits)}`;
}

/** Fields in bits: year × 13 + month (17), day (5), hour (5), minute (6), second (6). */
export function dateTimeText(packed: bigint, microseconds: number, digits: number): string {
  const date = Number(packed >> 17n);
  const time = Number(packed & 0x1ffffn);
  const month = date >> 5;
  const day = `${pad(Math.floor(month / 13), 4)}-${pad(month % 13, 2)}-${pad(date & 31, 2)}`;
  return `${day} ${clock(time >> 12, (time >> 6) & 63, time & 63)}${fractionText(microseconds, digits)}`;
}

/** @param packed hour (10 bits), minute (6), second (6). */
export function timeText(negative: boolean, packed: number, microseconds: number, digits: number): string {
  const text = clock((packed >> 12) & 0x3ff, (packed >> 6) & 63, packed & 63);
  return `${negative ? '-' : ''}${text}${fractionText(microseconds, digits)}`;
}

/** The whole is one number, so a negative one borrows from its seconds for its fraction (my_time.cc). */
function time2(reader: RowReader, digits: number): string {
  const bytes = Math.ceil(digits / 2);
  const whole = BigInt(reader.take(3).readUIntBE(0, 3)) - 0x800000n;
  const below = bytes === 0 ? 0n : BigInt(reader.take(bytes).readUIntBE(0, bytes));
  const packed = (whole << BigInt(8 * bytes)) + below;
  const negative = packed < 0n;
  const value = negative ? -packed : packed;
  const microseconds = Number(value & ((1n << BigInt(8 * bytes)) - 1n)) * 100 ** (3 - bytes);
  return timeText(negative, Number(value >> BigInt(8 * bytes)), bytes === 0 ? 0 : microseconds, digits);
}

/** In UTC; 0 is the zero date. */
function timestampText(seconds: number, microseconds: number, digits: number): string {
  if (seconds === 0) return `0000-00-00 00:00:00${fractionText(microseconds, digits)}`;
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)}${fractionText(microseconds, digits)}`;
}

function clock(hours: number, minutes: number, seconds: number): string {
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
