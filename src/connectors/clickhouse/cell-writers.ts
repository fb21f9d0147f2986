/**
 * From a portable value (core/table.ts) to RowBinary, for the column type that the table has: losslessly or not at all.
 * The inverse of cell-readers.ts, by the same pages of the manual. Must not know tables or streams.
 */
import { CanonicalWriter, TAG, type Comparison } from '../../core/canonical.ts';
import { writeText } from '../../core/canonical-text.ts';
import type { Value } from '../../core/table.ts';
import { decimalBytes } from './number-readers.ts';
import type { RowBinaryWriter } from './row-binary-writer.ts';
import { printTypeName, type ClickHouseType } from './type-name.ts';

/** A value that the column's type does not hold: message without the column's name, which the caller adds. */
export class ValueDoesNotFit extends Error {
  override readonly name = 'ValueDoesNotFit';
}

/** Writes one value. @throws ValueDoesNotFit. */
export type CellWriter = (value: Value, out: RowBinaryWriter) => void;

function cannot(value: Value, type: ClickHouseType, why: string): never {
  const shown = value instanceof Uint8Array ? `${value.length} bytes` : `${typeof value} ${shorten(String(value))}`;
  throw new ValueDoesNotFit(`${shown} does not go into ${printTypeName(type)}: ${why}`);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

const INTEGER = /^(U?)Int(8|16|32|64|128|256)$/;

export function cellWriter(type: ClickHouseType): CellWriter {
  switch (type.kind) {
    case 'nullable': {
      const inner = cellWriter(type.of);
      return (value, out) => {
        out.byte(value === null ? 1 : 0);
        if (value !== null) inner(value, out);
      };
    }
    case 'lowCardinality':
    case 'simpleAggregate':
      return cellWriter(type.of);
    case 'plain':
      return plainWriter(type);
    case 'fixedString':
      return fixedString(type);
    case 'decimal':
      return decimal(type);
    case 'dateTime':
      return dateTime(type);
    case 'time':
      return time(type);
    case 'enum': {
      const numbers = new Map(type.values);
      return (value, out) => {
        const number = typeof value === 'string' ? numbers.get(value) : undefined;
        if (number === undefined) return cannot(value, type, 'it is none of the names');
        out.integer(BigInt(number), type.bits / 8);
      };
    }
    case 'array':
      return arrayOf(type, cellWriter(type.of));
    case 'nested':
      return arrayOf(type, cellWriter({ kind: 'tuple', elements: type.elements }));
    case 'map': {
      const pair = type.key;
      return arrayOf(type, cellWriter({ kind: 'tuple', elements: [{ type: pair }, { type: type.value }] }));
    }
    case 'tuple': {
      const writers = type.elements.map((element) => cellWriter(element.type));
      return (value, out) => {
        if (!isList(value) || value.length !== writers.length) return cannot(value, type, 'it has other elements');
        writers.forEach((write, index) => write(value[index] ?? null, out));
      };
    }
    case 'opaque':
      return type.name === 'JSON' ? text(type) : (value) => cannot(value, type, 'write it by a native statement');
  }
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function arrayOf(type: ClickHouseType, write: CellWriter): CellWriter {
  return (value, out) => {
    if (!isList(value)) return cannot(value, type, 'it is no array');
    out.varint(value.length);
    for (const element of value) write(element, out);
  };
}

function plainWriter(type: ClickHouseType & { kind: 'plain' }): CellWriter {
  const integer = INTEGER.exec(type.name);
  if (integer !== null) return integerWriter(type, integer[1] === '', Number(integer[2]));
  switch (type.name) {
    case 'Bool':
      return (value, out) => {
        if (typeof value !== 'boolean') return cannot(value, type, 'it is no boolean');
        out.byte(value ? 1 : 0);
      };
    case 'Float32':
      return (value, out) => {
        if (typeof value !== 'number') return cannot(value, type, 'it is no number');
        if (!Object.is(Math.fround(value), value)) return cannot(value, type, 'it would be rounded');
        out.float(value, 4);
      };
    case 'Float64':
      return (value, out) => {
        if (typeof value !== 'number') return cannot(value, type, 'it is no number');
        out.float(value, 8);
      };
    case 'String':
    case 'JSON':
      return text(type);
    case 'UUID':
      return uuid(type);
    case 'Date':
      return date(type, 2, 0, 65_535);
    case 'Date32':
      return date(type, 4, FIRST_DAY, LAST_DAY);
    default:
      return (value) => cannot(value, type, 'write it by a native statement');
  }
}

function integerWriter(type: ClickHouseType, signed: boolean, bits: number): CellWriter {
  const [least, most] = signed
    ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
    : [0n, 2n ** BigInt(bits) - 1n];
  return (value, out) => {
    if (typeof value !== 'bigint') return cannot(value, type, 'it is no integer');
    if (value < least || value > most) return cannot(value, type, 'it is out of range');
    out.integer(value, bits / 8);
  };
}

function text(type: ClickHouseType): CellWriter {
  return (value, out) => {
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) return cannot(value, type, 'it is no text');
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    out.varint(bytes.length);
    out.raw(bytes);
  };
}

function fixedString(type: ClickHouseType & { kind: 'fixedString' }): CellWriter {
  return (value, out) => {
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) return cannot(value, type, 'it is no text');
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    // Text is padded as the server does it; bytes would not come back as they were.
    if (bytes.length > type.bytes || (bytes.length < type.bytes && typeof value !== 'string')) {
      return cannot(value, type, `it has ${bytes.length} bytes`);
    }
    out.raw(bytes);
    out.raw(Buffer.alloc(type.bytes - bytes.length));
  };
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;

function decimal(type: ClickHouseType & { kind: 'decimal' }): CellWriter {
  const size = decimalBytes(type.precision);
  const limit = 10n ** BigInt(type.precision);
  return (value, out) => {
    const parts = typeof value === 'string' ? DECIMAL.exec(value) : null;
    if (parts === null || /^[+-]?\.?$/.test(String(value))) return cannot(value, type, 'it is no string of digits');
    const fraction = (parts[3] ?? '').replace(/0+$/, '');
    if (fraction.length > type.scale) return cannot(value, type, 'it would be rounded');
    const digits = BigInt((parts[2] ?? '') + fraction.padEnd(type.scale, '0') || '0');
    if (digits >= limit) return cannot(value, type, 'it is out of range');
    out.integer(parts[1] === '-' ? -digits : digits, size);
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function uuid(type: ClickHouseType): CellWriter {
  return (value, out) => {
    if (typeof value !== 'string' || !UUID.test(value)) return cannot(value, type, 'it is no uuid');
    const bytes = Buffer.from(value.replaceAll('-', ''), 'hex');
    out.raw(bytes.subarray(0, 8).reverse());
    out.raw(bytes.subarray(8).reverse());
  };
}

/** 1900-01-01 and 2299-12-31, the first and last day of Date32 and DateTime64, in days since 1970. */
const FIRST_DAY = -25_567;
const LAST_DAY = 120_529;
const SECONDS_A_DAY = 86_400;

const scratch = new CanonicalWriter(256);

/** The canonical cell of a text: its tag is the wanted one, or the text is no such value. */
function parsed(
  value: Value,
  as: Comparison['as'] & ('date' | 'time' | 'timestamp' | 'instant'),
  tag: number,
): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  writeText(scratch, value, { as });
  const cell = Buffer.from(scratch.cut(0));
  return cell[0] === tag ? cell : undefined;
}

function date(type: ClickHouseType, size: number, first: number, last: number): CellWriter {
  return (value, out) => {
    const days = parsed(value, 'date', TAG.date)?.readInt32LE(1);
    if (days === undefined) return cannot(value, type, 'it is no date');
    if (days < first || days > last) return cannot(value, type, 'it is out of range');
    out.integer(BigInt(days), size);
  };
}

function dateTime(type: ClickHouseType & { kind: 'dateTime' }): CellWriter {
  const ticks = 10n ** BigInt(type.digits ?? 0);
  const perTick = 10n ** BigInt(9 - (type.digits ?? 0));
  const limit = 2n ** 63n;
  return (value, out) => {
    const zoned = typeof value === 'string' && value.endsWith('Z');
    if (!zoned && type.zone !== 'UTC') return cannot(value, type, 'fields without a zone go only into a column in UTC');
    const cell = zoned ? parsed(value, 'instant', TAG.instant) : parsed(value, 'timestamp', TAG.timestamp);
    if (cell === undefined) return cannot(value, type, 'it is no moment');
    const seconds = cell.readBigInt64LE(1);
    const nanoseconds = BigInt(cell.readUInt32LE(9));
    if (nanoseconds % perTick !== 0n) return cannot(value, type, 'it would be rounded');
    const count = seconds * ticks + nanoseconds / perTick;
    if (type.digits === undefined) {
      if (seconds < 0n || seconds >= 2n ** 32n) return cannot(value, type, 'it is out of range');
      out.integer(count, 4);
      return;
    }
    const day = Math.floor(Number(seconds) / SECONDS_A_DAY);
    if (day < FIRST_DAY || day > LAST_DAY || count >= limit) return cannot(value, type, 'it is out of range');
    out.integer(count, 8);
  };
}

function time(type: ClickHouseType & { kind: 'time' }): CellWriter {
  const perTick = 10n ** BigInt(9 - (type.digits ?? 0));
  return (value, out) => {
    const nanoseconds = parsed(value, 'time', TAG.time)?.readBigInt64LE(1);
    if (nanoseconds === undefined) return cannot(value, type, 'it is no time of day');
    if (nanoseconds % perTick !== 0n) return cannot(value, type, 'it would be rounded');
    out.integer(nanoseconds / perTick, type.digits === undefined ? 4 : 8);
  };
}
