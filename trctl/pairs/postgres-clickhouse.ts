/**
 * Postgres to ClickHouse: what each type becomes. Lossless or refused; what ClickHouse has no type for is a String that
 * holds Postgres's own text (the settings that fix the text: postgres/sql.ts). Sources: Postgres 18 manual, chapter 8;
 * ClickHouse manual, data types (Date32 and DateTime64: 1900-01-01 to 2299-12-31; Decimal: 76 digits).
 */
import type { MappedColumn } from '../clickhouse/mapping.ts';
import { ValueRefused } from '../model/refused.ts';
import type { Column } from '../model/table.ts';

/** ClickHouse type, and how a value's text is brought into the form ClickHouse reads; no function: as it is. */
interface Mapping {
  readonly type: string;
  readonly encode?: (text: string) => string;
  readonly binary?: true;
}

const TYPES: Readonly<Record<string, Mapping>> = {
  bool: { type: 'Bool' },
  int2: { type: 'Int16' },
  int4: { type: 'Int32' },
  int8: { type: 'Int64' },
  oid: { type: 'UInt32' },
  float4: { type: 'Float32' },
  float8: { type: 'Float64' },
  uuid: { type: 'UUID' },
  bytea: { type: 'String', encode: bytes, binary: true },
  date: { type: 'Date32', encode: date },
  timestamp: { type: "DateTime64(6, 'UTC')", encode: timestamp },
  timestamptz: { type: "DateTime64(6, 'UTC')", encode: timestamp },
};

/** Most digits of a Decimal. */
const DECIMAL_DIGITS = 76;

/** @param key whether the column is part of the sorting key, which cannot be Nullable. */
export function mapColumn(column: Column, key: boolean): MappedColumn {
  const { type, ...encoding } = mappingOf(column);
  return {
    name: column.name,
    type: column.nullable && !key ? `Nullable(${type})` : type,
    ...encoding,
  };
}

function mappingOf({ type }: Column): Mapping {
  const { base, precision, scale } = type;
  if (base === 'numeric') {
    if (precision === undefined || scale === undefined) return { type: 'String' };
    if (precision > DECIMAL_DIGITS || scale < 0 || scale > precision) return { type: 'String' };
    return { type: `Decimal(${precision}, ${scale})`, encode: decimal };
  }
  return TYPES[base] ?? { type: 'String' };
}

function decimal(text: string): string {
  if (text === 'NaN')
    throw new ValueRefused(text, 'Decimal has no NaN', 'declare the column numeric without precision');
  return text;
}

const DATE = /^(?:19|2[0-2])\d\d-\d\d-\d\d$/;
const TIMESTAMP = /^((?:19|2[0-2])\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:\+00)?$/;
const RANGE = 'ClickHouse holds dates from 1900-01-01 to 2299-12-31';
const DATE_REMEDY = 'correct the value, or make the column text';

function date(text: string): string {
  if (!DATE.test(text)) throw new ValueRefused(text, RANGE, DATE_REMEDY);
  return text;
}

function timestamp(text: string): string {
  const [, inUtc] = TIMESTAMP.exec(text) ?? [];
  if (inUtc === undefined) throw new ValueRefused(text, RANGE, DATE_REMEDY);
  return inUtc;
}

/** `\x` and hex digits become the bytes, escaped; in a string of one character a byte. */
function bytes(text: string): string {
  const hex = text.startsWith('\\\\x') ? text.slice(3) : text.slice(2);
  return Buffer.from(hex, 'hex')
    .toString('latin1')
    .replace(/[\\\t\n\r]/g, (byte) => BYTE_ESCAPES[byte] ?? byte);
}

const BYTE_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
