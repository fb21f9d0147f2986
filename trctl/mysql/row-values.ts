/**
 * Values in rows of the binary log, as the text that text.ts speaks of. Layouts: MySQL source, libs/mysql/binlog and
 * my_time.cc, decimal.cc; MySQL internals manual, "Row based replication".
 */
import type { Attribute } from './catalog.ts';
import { jsonText } from './binary-json.ts';
import { dateTimeText, decimalBytes, decimalText, fractionText, pad, timeText } from './packed-text.ts';
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
      return year === 0 ? '0' : String(1900 + year);
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

/** Digits after the second lie in pairs of decimals, big endian. @returns microseconds. */
function fraction(reader: RowReader, digits: number): number {
  const bytes = Math.ceil(digits / 2);
  if (bytes === 0) return 0;
  return reader.take(bytes).readUIntBE(0, bytes) * 100 ** (3 - bytes);
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
