/**
 * MySQL's binary JSON as the text that the server prints. Format: MySQL source, sql-common/json_binary.h; opaque values
 * are dates, times and decimals (json_dom.cc).
 */
import { dateTimeText, decimalText, timeText } from './packed-text.ts';
import { textOfDouble } from './text.ts';

/** @throws RangeError when the bytes are not a whole value. */
export function jsonText(bytes: Buffer): string {
  if (bytes.length === 0) return 'null'; // what an empty value of an old table is
  return value(bytes, bytes[0] ?? 0, 1);
}

const TYPE = {
  ...{
    smallObject: 0,
    largeObject: 1,
    smallArray: 2,
    largeArray: 3,
    literal: 4,
    int16: 5,
    uint16: 6,
    int32: 7,
    uint32: 8,
  },
  ...{ int64: 9, uint64: 10, double: 11, string: 12, opaque: 15 },
} as const;
const LITERALS: readonly string[] = ['null', 'true', 'false'];

function value(bytes: Buffer, type: number, at: number): string {
  switch (type) {
    case TYPE.smallObject:
    case TYPE.largeObject:
      return container(bytes, at, type === TYPE.largeObject, true);
    case TYPE.smallArray:
    case TYPE.largeArray:
      return container(bytes, at, type === TYPE.largeArray, false);
    case TYPE.literal:
      return LITERALS[bytes[at] ?? 0] ?? 'null';
    case TYPE.int16:
      return String(bytes.readInt16LE(at));
    case TYPE.uint16:
      return String(bytes.readUInt16LE(at));
    case TYPE.int32:
      return String(bytes.readInt32LE(at));
    case TYPE.uint32:
      return String(bytes.readUInt32LE(at));
    case TYPE.int64:
      return bytes.readBigInt64LE(at).toString();
    case TYPE.uint64:
      return bytes.readBigUInt64LE(at).toString();
    case TYPE.double:
      return doubleText(bytes.readDoubleLE(at));
    case TYPE.string: {
      const [length, start] = variable(bytes, at);
      return quoted(bytes.toString('utf8', start, start + length));
    }
    case TYPE.opaque: {
      const [length, start] = variable(bytes, at + 1);
      return opaque(bytes[at] ?? 0, bytes.subarray(start, start + length));
    }
    default:
      throw new RangeError(`JSON of an unknown kind ${type}`);
  }
}

/** The server prints a whole double with a fraction, so that it stays a double when it is read again. */
function doubleText(number: number): string {
  const text = textOfDouble(number);
  return /^-?\d+$/.test(text) ? `${text}.0` : text.replace('e+', 'e');
}

function container(bytes: Buffer, at: number, large: boolean, isObject: boolean): string {
  const size = large ? 4 : 2;
  const read = (where: number): number => (large ? bytes.readUInt32LE(where) : bytes.readUInt16LE(where));
  const count = read(at);
  const keys = at + size * 2;
  const values = keys + (isObject ? count * (size + 2) : 0);
  const items: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const entry = values + i * (size + 1);
    const type = bytes[entry] ?? 0;
    const inline =
      type === TYPE.literal || type === TYPE.int16 || type === TYPE.uint16 ||
      (large && (type === TYPE.int32 || type === TYPE.uint32)); // prettier-ignore
    const text = value(bytes, type, inline ? entry + 1 : at + read(entry + 1));
    if (!isObject) {
      items.push(text);
      continue;
    }
    const key = keys + i * (size + 2);
    const start = at + read(key);
    items.push(`${quoted(bytes.toString('utf8', start, start + bytes.readUInt16LE(key + size)))}: ${text}`);
  }
  return isObject ? `{${items.join(', ')}}` : `[${items.join(', ')}]`;
}

/** A length of 7 bits a byte, low ones first. */
function variable(bytes: Buffer, at: number): [length: number, start: number] {
  let length = 0;
  for (let i = 0; i < 5; i += 1) {
    const byte = bytes[at + i] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) return [length, at + i + 1];
  }
  throw new RangeError('JSON with a length of more than five bytes');
}

/** As the server quotes: control characters by number, the rest as it is. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

const FIELD = { decimal: 246, date: 10, time: 11, dateTime: 12, timestamp: 7 } as const;

function opaque(type: number, bytes: Buffer): string {
  switch (type) {
    case FIELD.decimal:
      return decimalText(bytes.subarray(2), bytes[0] ?? 0, bytes[1] ?? 0);
    case FIELD.time:
      return `"${packedTime(bytes.readBigInt64LE(0))}"`;
    case FIELD.date:
      return `"${packedMoment(bytes.readBigInt64LE(0)).slice(0, 10)}"`;
    case FIELD.dateTime:
    case FIELD.timestamp:
      return `"${packedMoment(bytes.readBigInt64LE(0))}"`;
    default:
      return `"base64:type${type}:${bytes.toString('base64')}"`;
  }
}

/** Fields in an integer, microseconds in its low 24 bits (my_time.cc: TIME_from_longlong_datetime_packed). */
function packedMoment(packed: bigint): string {
  const value = packed < 0n ? -packed : packed;
  return dateTimeText(value >> 24n, Number(value & 0xffffffn), 6);
}

function packedTime(packed: bigint): string {
  const negative = packed < 0n;
  const value = negative ? -packed : packed;
  return timeText(negative, Number(value >> 24n), Number(value & 0xffffffn), 6);
}
