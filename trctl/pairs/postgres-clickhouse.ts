/**
 * Postgres to ClickHouse: what each type becomes. Lossless or refused; what ClickHouse has no type for is a String that
 * holds Postgres's own text (the settings that fix the text: postgres/sql.ts). Sources: Postgres 18 manual, chapter 8;
 * ClickHouse manual, data types (Date32 and DateTime64: 1900-01-01 to 2299-12-31; Decimal: 76 digits).
 */
import type { MappedColumn } from '../clickhouse/mapping.ts';
import { ValueRefused } from '../model/refused.ts';
import type { Column } from '../model/table.ts';
import { bytes, date, timestamp } from './clickhouse-values.ts';
import type { TypeLine } from './type-line.ts';

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

export const TYPE_LINES: readonly TypeLine[] = [
  { from: 'boolean', to: 'Bool' },
  { from: 'smallint, integer, bigint', to: 'Int16, Int32, Int64' },
  { from: 'oid', to: 'UInt32' },
  { from: 'real', to: 'Float32' },
  { from: 'double precision', to: 'Float64' },
  { from: 'numeric(p,s), p ≤ 76, 0 ≤ s ≤ p', to: 'Decimal(p, s)', note: 'NaN is refused' },
  { from: 'numeric', to: 'String', note: 'any number of digits' },
  { from: 'uuid', to: 'UUID' },
  { from: 'bytea', to: 'String', note: 'its bytes' },
  { from: 'date', to: 'Date32', note: '1900-01-01 to 2299-12-31; others are refused' },
  { from: 'timestamp, timestamp with time zone', to: "DateTime64(6, 'UTC')", note: 'as date' },
  { from: 'everything else', to: 'String', note: 'as Postgres prints it' },
];
