/**
 * MySQL to ClickHouse: what each type becomes. Lossless or refused; what ClickHouse has no type for is a String in MySQL's
 * own words. Sources: MySQL 8.4 manual, chapter 13; ClickHouse manual, data types.
 */
import type { MappedColumn } from '../clickhouse/mapping.ts';
import type { Column } from '../model/table.ts';
import { bytes, date, timestamp } from './clickhouse-values.ts';
import type { TypeLine } from './type-line.ts';

type Mapping = Omit<MappedColumn, 'name'>;

const INTEGERS: Readonly<Record<string, number>> = { tinyint: 8, smallint: 16, mediumint: 32, int: 32, bigint: 64 };
const BYTES: Mapping = { type: 'String', encode: bytes, binary: true };
const MOMENT: Mapping = { type: "DateTime64(6, 'UTC')", encode: timestamp };

const TYPES: Readonly<Record<string, Mapping>> = {
  float: { type: 'Float32' },
  double: { type: 'Float64' },
  bit: { type: 'UInt64' },
  year: { type: 'UInt16' },
  date: { type: 'Date32', encode: date },
  datetime: MOMENT,
  timestamp: MOMENT,
  binary: BYTES, varbinary: BYTES, tinyblob: BYTES, blob: BYTES, mediumblob: BYTES, longblob: BYTES, vector: BYTES,
  geometry: BYTES, point: BYTES, linestring: BYTES, polygon: BYTES, multipoint: BYTES, multilinestring: BYTES,
  multipolygon: BYTES, geomcollection: BYTES, geometrycollection: BYTES,
  uuid: { type: 'UUID' },
}; // prettier-ignore

/** @param key whether the column is part of the sorting key, which cannot be Nullable. */
export function mapColumn(column: Column, key: boolean): MappedColumn {
  const { type, ...encoding } = mappingOf(column);
  return { name: column.name, type: column.nullable && !key ? `Nullable(${type})` : type, ...encoding };
}

function mappingOf({ type }: Column): Mapping {
  const { base, declared, precision = 10, scale = 0 } = type;
  if (base === 'decimal') return { type: `Decimal(${precision}, ${scale})` };
  const bits = INTEGERS[base];
  if (bits !== undefined) return { type: `${/\bunsigned\b/.test(declared) ? 'U' : ''}Int${bits}` };
  return TYPES[base] ?? { type: 'String' };
}

export const TYPE_LINES: readonly TypeLine[] = [
  {
    from: 'tinyint, smallint, mediumint, int, bigint',
    to: 'Int8, Int16, Int32, Int32, Int64',
    note: 'UInt… where unsigned',
  },
  { from: 'bit(n)', to: 'UInt64', note: 'its value as a number' },
  { from: 'year', to: 'UInt16' },
  { from: 'decimal(p,s)', to: 'Decimal(p, s)' },
  { from: 'float', to: 'Float32' },
  { from: 'double', to: 'Float64' },
  { from: 'date', to: 'Date32', note: '1900-01-01 to 2299-12-31; others are refused' },
  { from: 'datetime, timestamp', to: "DateTime64(6, 'UTC')", note: 'as date' },
  { from: 'binary, varbinary, blob', to: 'String', note: 'its bytes' },
  { from: 'geometry and its kinds', to: 'String', note: 'SRID in four bytes, then WKB: as MySQL keeps it' },
  { from: 'everything else', to: 'String', note: 'char, text, enum, set, time, json: as MySQL prints it' },
];
