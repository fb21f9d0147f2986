/**
 * Values and types as people write them in YAML, read into the house's own: `decimal(10,2)` into a logical type,
 * `12.50` into a value of it. Knows no file and no database.
 */
import type { Column, LogicalType, Value } from './table.ts';

const INTEGER = /^(u?)int(8|16|32|64|128|256)$/;
const WITH_NUMBERS = /^(decimal|text|bytes|time|timestamp|instant)\((\d+)(?:\s*,\s*(\d+))?\)$/;
const PLAIN = new Set(['bool', 'decimal', 'text', 'bytes', 'uuid', 'date', 'interval', 'json'] as const);
type Plain = typeof PLAIN extends Set<infer Name> ? Name : never;

/** Every spelling that `parseType` takes, for messages; `n` and `s` stand for numbers. */
export const TYPE_SPELLINGS: readonly string[] = [
  ...['bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float32', 'float64'],
  ...['decimal', 'decimal(n,s)', 'text', 'text(n)', 'bytes', 'bytes(n)', 'uuid', 'date', 'time(n)'],
  ...['timestamp(n)', 'instant(n)', 'interval', 'json', 'array(…)'],
];

/** The inverse of `printType`. @returns undefined for text that names no type. */
export function parseType(text: string): LogicalType | undefined {
  const integer = INTEGER.exec(text);
  if (integer !== null) {
    return { kind: 'integer', bits: Number(integer[2]) as 8 | 16 | 32 | 64 | 128 | 256, signed: integer[1] === '' };
  }
  if (text === 'float32' || text === 'float64') return { kind: 'float', bits: text === 'float32' ? 32 : 64 };
  if (PLAIN.has(text as Plain)) return { kind: text as Plain };
  if (text.startsWith('array(') && text.endsWith(')')) {
    const of = parseType(text.slice('array('.length, -1).trim());
    return of === undefined ? undefined : { kind: 'array', of };
  }
  const [, kind, first = '', second] = WITH_NUMBERS.exec(text) ?? [];
  if (kind === undefined) return undefined;
  const n = Number(first);
  switch (kind as 'decimal' | 'text' | 'bytes' | 'time' | 'timestamp' | 'instant') {
    case 'decimal':
      return n >= 1 && Number(second ?? 0) <= n
        ? { kind: 'decimal', precision: n, scale: Number(second ?? 0) }
        : undefined;
    case 'text':
    case 'bytes':
      return second === undefined ? { kind: kind as 'text' | 'bytes', maxLength: n } : undefined;
    default:
      return second === undefined && n <= 9 ? { kind: kind as 'time' | 'timestamp' | 'instant', digits: n } : undefined;
  }
}

/** Least and greatest value of an integer type. */
export function integerRange(type: { readonly bits: number; readonly signed: boolean }): readonly [bigint, bigint] {
  const bits = BigInt(type.bits);
  return type.signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
}

/** Text forms of a value, by kind of type; what is not here is read by a rule of its own. */
const TEXT_FORMS: Readonly<Partial<Record<LogicalType['kind'], RegExp>>> = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  date: /^\d{4}-\d\d-\d\d$/,
  time: /^\d\d:\d\d:\d\d(\.\d{1,9})?$/,
  timestamp: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?$/,
  instant: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?Z$/,
  interval: /^P/,
};

/** How a value of a type is written, for messages. */
const WRITTEN: Readonly<Record<LogicalType['kind'], string>> = {
  bool: 'true or false',
  integer: 'a whole number in range (quote it beyond 2^53)',
  decimal: 'a decimal number; quote it to keep its digits',
  float: 'a number',
  text: 'text',
  bytes: "hexadecimal text such as '00ff'",
  uuid: 'a uuid in lower case',
  date: '2024-02-29',
  time: "'23:59:59.999999'",
  timestamp: "'2024-02-29 23:59:59.999999'",
  instant: "'2024-02-29 23:59:59.999999Z'",
  interval: 'ISO 8601 such as P1DT2H',
  json: 'JSON as text',
  array: 'a list of values',
  map: 'nothing: maps cannot be written here',
  tuple: 'nothing: tuples cannot be written here',
};

/**
 * A value as it stands in YAML, read as a value of the column.
 *
 * @param literal what the YAML parser made: null, boolean, number, string or a list of these.
 * @returns the value, or what would have been right.
 */
export function readValue(column: Pick<Column, 'type' | 'nullable'>, literal: unknown): Read {
  if (literal === null) {
    return column.nullable ? { ok: true, value: null } : { ok: false, expected: 'a value: the column is not nullable' };
  }
  const value = readPlain(column.type, literal);
  return value === undefined ? { ok: false, expected: WRITTEN[column.type.kind] } : { ok: true, value };
}

export type Read = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly expected: string };

function readPlain(type: LogicalType, literal: unknown): Value | undefined {
  switch (type.kind) {
    case 'bool':
      return typeof literal === 'boolean' ? literal : undefined;
    case 'integer':
      return readInteger(type, literal);
    case 'decimal': {
      const text = typeof literal === 'number' ? String(literal) : literal;
      return typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? text : undefined;
    }
    case 'float':
      return typeof literal === 'number' ? literal : undefined;
    case 'text':
      return typeof literal === 'string' ? literal : undefined;
    case 'json':
      return typeof literal === 'string' && isJson(literal) ? literal : undefined;
    case 'bytes':
      return typeof literal === 'string' && /^([0-9a-f]{2})*$/i.test(literal) ? Buffer.from(literal, 'hex') : undefined;
    case 'array': {
      if (!Array.isArray(literal)) return undefined;
      const items = literal.map((item: unknown) => (item === null ? null : readPlain(type.of, item)));
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    case 'map':
    case 'tuple':
      return undefined;
    default:
      return typeof literal === 'string' && TEXT_FORMS[type.kind]?.test(literal) === true ? literal : undefined;
  }
}

function readInteger(type: { readonly bits: number; readonly signed: boolean }, literal: unknown): bigint | undefined {
  const whole = typeof literal === 'number' ? Number.isSafeInteger(literal) : /^-?\d+$/.test(String(literal));
  if (!whole || (typeof literal !== 'number' && typeof literal !== 'string')) return undefined;
  const value = BigInt(literal);
  const [least, greatest] = integerRange(type);
  return value >= least && value <= greatest ? value : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
