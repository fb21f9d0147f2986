/**
 * ClickHouse to MySQL: what each type becomes. Lossless or refused; collections are JSON in text, since MySQL's own type
 * keeps numbers as doubles. Sources: ClickHouse manual, data types; MySQL 8.4 manual, chapter 13.
 */
import { isUtf8 } from 'node:buffer';
import { inner } from '../clickhouse/catalog.ts';
import { ValueRefused } from '../model/refused.ts';
import type { Column } from '../model/table.ts';
import type { MappedColumn } from '../mysql/mapping.ts';
import { hex } from '../mysql/sql.ts';
import { decimalOf, utcFields } from './clickhouse-values-out.ts';
import { date, double, number, single, text } from './mysql-literals.ts';
import type { TypeLine } from './type-line.ts';

type Mapping = Omit<MappedColumn, 'name'>;

const integer = (type: string): Mapping => ({ type, literal: number });
const MOMENT: Mapping = { type: 'datetime(6)', literal: (value) => text(utcFields(value)) };
/** A moment that the source shows in a zone of its own: fields would depend on it. */
const INSTANT: Mapping = {
  type: 'timestamp(6)',
  literal: (value) => {
    const fields = utcFields(value);
    if (fields > '1970-01-01 00:00:00' && fields < '2038-01-19 03:14:08') return text(fields);
    throw new ValueRefused(
      value,
      'TIMESTAMP holds moments from 1970-01-01 00:00:01 to 2038-01-19 03:14:07',
      "declare the column in zone 'UTC', so that it becomes a DATETIME",
    );
  },
};
const SINGLE: Mapping = {
  type: 'float',
  literal: single,
  equals: (name, value) => `${name} <=> CAST(${value} AS FLOAT)`,
};

const TYPES: Readonly<Record<string, Mapping>> = {
  Bool: { type: 'tinyint(1)', literal: (value) => (value === 'true' ? '1' : '0') },
  Int8: integer('tinyint'),
  Int16: integer('smallint'),
  Int32: integer('int'),
  Int64: integer('bigint'),
  Int128: integer('decimal(39,0)'),
  UInt8: integer('tinyint unsigned'),
  UInt16: integer('smallint unsigned'),
  UInt32: integer('int unsigned'),
  UInt64: integer('bigint unsigned'),
  UInt128: integer('decimal(39,0)'),
  BFloat16: SINGLE,
  Float32: SINGLE,
  Float64: { type: 'double', literal: double },
  UUID: { type: 'char(36)', literal: text },
  Date: { type: 'date', literal: date },
  Date32: { type: 'date', literal: date },
  DateTime: MOMENT,
  DateTime64: MOMENT,
};

const MOST_DIGITS = 65;
const MOST_SCALE = 30;
const EXACT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin';

export function mapColumn({ name, type }: Column, keyBytes: number | undefined): MappedColumn {
  return { name, ...mappingOf(type.base, inner(type.declared), keyBytes) };
}

function mappingOf(base: string, bare: string, keyBytes: number | undefined): Mapping {
  const decimal = decimalOf(bare);
  if (decimal !== undefined && decimal.precision <= MOST_DIGITS && decimal.scale <= MOST_SCALE) {
    return integer(`decimal(${decimal.precision},${decimal.scale})`);
  }
  const [, zone = 'UTC'] = /^DateTime(?:64)?\((?:\d+, )?'(.*)'\)$/.exec(bare) ?? [];
  if (zone !== 'UTC') return INSTANT;
  const known = TYPES[base];
  if (known !== undefined) return known;
  if (base === 'FixedString') {
    const [, length = '1'] = /\((\d+)\)/.exec(bare) ?? [];
    return { type: `varbinary(${length})`, literal: bytesOf, binary: true };
  }
  return {
    type: keyBytes === undefined ? 'longtext' : `varchar(${Math.floor(keyBytes / 4)})`,
    attributes: EXACT,
    literal: characters,
    binary: true,
  };
}

function bytesOf(value: string): string {
  return hex(Buffer.from(value, 'latin1').toString('hex'));
}

function characters(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  if (isUtf8(bytes)) return text(bytes.toString('utf8'));
  throw new ValueRefused(`0x${bytes.toString('hex')}`, 'it is no UTF-8', 'correct it, or make the column FixedString');
}

export const TYPE_LINES: readonly TypeLine[] = [
  { from: 'Bool', to: 'tinyint(1)' },
  { from: 'Int8, Int16, Int32, Int64', to: 'tinyint, smallint, int, bigint', note: 'unsigned where the source is' },
  { from: 'Int128, UInt128', to: 'decimal(39,0)' },
  { from: 'Int256, UInt256', to: 'longtext', note: 'more digits than DECIMAL has' },
  { from: 'Float32, BFloat16', to: 'float', note: 'NaN and infinities are refused' },
  { from: 'Float64', to: 'double', note: 'NaN and infinities are refused' },
  { from: 'Decimal(p, s), p ≤ 65, s ≤ 30', to: 'decimal(p,s)' },
  { from: 'Decimal(p, s)', to: 'longtext' },
  { from: 'Date, Date32', to: 'date' },
  {
    from: 'DateTime, DateTime64 in a zone other than UTC',
    to: 'timestamp(6)',
    note: 'moments after January 2038 are refused',
  },
  {
    from: 'DateTime, DateTime64',
    to: 'datetime(6)',
    note: 'the fields in UTC; values of more than six digits are refused',
  },
  { from: 'UUID', to: 'char(36)' },
  { from: 'FixedString', to: 'varbinary(n)' },
  { from: 'String, Enum, IPv4, IPv6', to: 'longtext', note: 'what is no UTF-8 is refused; varchar in a key' },
  { from: 'Array, Map, Tuple, Nested', to: 'longtext', note: 'as JSON' },
  { from: 'AggregateFunction, Variant, Dynamic', to: 'refused' },
  { from: 'everything else', to: 'longtext', note: 'as ClickHouse prints it' },
];
