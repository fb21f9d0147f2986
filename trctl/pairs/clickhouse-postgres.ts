/**
 * ClickHouse to Postgres: what each type becomes. Lossless or refused; collections are JSON in text, since jsonb loses the
 * sign of zero and what is no number. Sources: ClickHouse manual, data types; Postgres 18 manual, chapter 8.
 */
import { inner } from '../clickhouse/catalog.ts';
import type { Column } from '../model/table.ts';
import { decimalOf, utcFields } from './clickhouse-values-out.ts';
import type { MappedType } from './mapped-tables.ts';
import type { TypeLine } from './type-line.ts';

const plain = (declared: string, base = declared): MappedType => ({ declared, base });
const TEXT: MappedType = { declared: 'text', base: 'text', characters: true };
const MOMENT: MappedType = {
  declared: 'timestamp with time zone',
  base: 'timestamptz',
  encode: (text) => `${utcFields(text)}+00`,
};

const TYPES: Readonly<Record<string, MappedType>> = {
  Bool: plain('boolean', 'bool'),
  Int8: plain('smallint', 'int2'),
  Int16: plain('smallint', 'int2'),
  Int32: plain('integer', 'int4'),
  Int64: plain('bigint', 'int8'),
  Int128: plain('numeric(39,0)', 'numeric'),
  Int256: plain('numeric(77,0)', 'numeric'),
  UInt8: plain('smallint', 'int2'),
  UInt16: plain('integer', 'int4'),
  UInt32: plain('bigint', 'int8'),
  UInt64: plain('numeric(20,0)', 'numeric'),
  UInt128: plain('numeric(39,0)', 'numeric'),
  UInt256: plain('numeric(78,0)', 'numeric'),
  BFloat16: plain('real', 'float4'),
  Float32: plain('real', 'float4'),
  Float64: plain('double precision', 'float8'),
  UUID: plain('uuid'),
  Date: plain('date'),
  Date32: plain('date'),
  FixedString: { declared: 'bytea', base: 'bytea', encode: byteaOf },
  DateTime: MOMENT,
  DateTime64: MOMENT,
};

export function mapType({ type }: Column): MappedType {
  const bare = inner(type.declared);
  const decimal = decimalOf(bare);
  if (decimal !== undefined) return plain(`numeric(${decimal.precision},${decimal.scale})`, 'numeric');
  return TYPES[type.base] ?? TEXT;
}

const ESCAPED: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '0': '\0' };

/** Escaped bytes, one a character, as `\x` and hex digits: escaped again, since it begins with a backslash. */
function byteaOf(text: string): string {
  const bytes = text.replaceAll(/\\([^])/g, (_, mark: string) => ESCAPED[mark] ?? mark);
  return `\\\\x${Buffer.from(bytes, 'latin1').toString('hex')}`;
}

export const TYPE_LINES: readonly TypeLine[] = [
  { from: 'Bool', to: 'boolean' },
  { from: 'Int8, UInt8, Int16', to: 'smallint' },
  { from: 'UInt16, Int32', to: 'integer' },
  { from: 'UInt32, Int64', to: 'bigint' },
  { from: 'UInt64, Int128, UInt128, Int256, UInt256', to: 'numeric(p,0)' },
  { from: 'Float32, BFloat16', to: 'real' },
  { from: 'Float64', to: 'double precision' },
  { from: 'Decimal(p, s)', to: 'numeric(p,s)' },
  { from: 'Date, Date32', to: 'date' },
  { from: 'DateTime, DateTime64', to: 'timestamp with time zone', note: 'values of more than six digits are refused' },
  { from: 'UUID', to: 'uuid' },
  { from: 'FixedString', to: 'bytea' },
  { from: 'String, Enum, IPv4, IPv6', to: 'text', note: 'what is no UTF-8, or holds NUL, is refused' },
  { from: 'Array, Map, Tuple, Nested', to: 'text', note: 'as JSON' },
  { from: 'AggregateFunction, Variant, Dynamic', to: 'refused' },
  { from: 'everything else', to: 'text', note: 'as ClickHouse prints it' },
];
