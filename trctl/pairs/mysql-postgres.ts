/**
 * MySQL to Postgres: what each type becomes. Lossless or refused; what Postgres has no type for is text in MySQL's own
 * words. Sources: MySQL 8.4 manual, chapter 13; Postgres 18 manual, chapter 8.
 */
import { DataError } from '../errors.ts';
import { ValueRefused } from '../model/refused.ts';
import type { Column, Table } from '../model/table.ts';
import { tableLabel } from '../model/table.ts';
import type { MappedType } from './mapped-tables.ts';
import type { TypeLine } from './type-line.ts';

const plain = (declared: string, base = declared): MappedType => ({ declared, base });

const INTEGERS: Readonly<Record<string, readonly [signed: MappedType, unsigned: MappedType]>> = {
  tinyint: [plain('smallint', 'int2'), plain('smallint', 'int2')],
  smallint: [plain('smallint', 'int2'), plain('integer', 'int4')],
  mediumint: [plain('integer', 'int4'), plain('integer', 'int4')],
  int: [plain('integer', 'int4'), plain('bigint', 'int8')],
  bigint: [plain('bigint', 'int8'), plain('numeric(20,0)', 'numeric')],
};

const TEXT: MappedType = { declared: 'text', base: 'text', characters: true };
const BYTES = plain('bytea');
/** The text of bytes begins with a backslash, which a line escapes and a value does not. */
const TYPES: Readonly<Record<string, MappedType>> = {
  float: plain('real', 'float4'),
  double: plain('double precision', 'float8'),
  year: plain('smallint', 'int2'),
  date: { declared: 'date', base: 'date', encode: whole },
  // TIME goes beyond a day and below zero; Postgres's does not.
  time: TEXT,
  datetime: { declared: 'timestamp without time zone', base: 'timestamp', encode: whole },
  timestamp: { declared: 'timestamp with time zone', base: 'timestamptz', encode: inUtc },
  json: { declared: 'jsonb', base: 'jsonb' },
  binary: BYTES, varbinary: BYTES, tinyblob: BYTES, blob: BYTES, mediumblob: BYTES, longblob: BYTES, vector: BYTES,
  geometry: BYTES, point: BYTES, linestring: BYTES, polygon: BYTES, multipoint: BYTES, multilinestring: BYTES,
  multipolygon: BYTES, geomcollection: BYTES, geometrycollection: BYTES,
  char: TEXT, varchar: TEXT, tinytext: TEXT, text: TEXT, mediumtext: TEXT, longtext: TEXT, enum: TEXT, set: TEXT,
  uuid: plain('uuid'),
  inet4: plain('inet'), inet6: plain('inet'),
}; // prettier-ignore

export function mapType(column: Column, table: Table): MappedType {
  const { base, declared, precision = 10, scale = 0 } = column.type;
  if (base === 'decimal') return plain(`numeric(${precision},${scale})`, 'numeric');
  if (base === 'bit') return precision < 64 ? plain('bigint', 'int8') : plain('numeric(20,0)', 'numeric');
  const integer = INTEGERS[base];
  if (integer !== undefined) return integer[/\bunsigned\b/.test(declared) ? 1 : 0];
  const known = TYPES[base];
  if (known !== undefined) return known;
  throw new DataError(
    `table ${tableLabel(table.id)}, column ${column.name} (${declared}): Postgres has nothing for this type; leave the table out`,
  );
}

/** Dates whose year, month or day is zero are no dates elsewhere. */
const ZERO = /^0000|-00(?:-|$|\s)|-00$/;

function whole(text: string): string {
  if (ZERO.test(text)) {
    throw new ValueRefused(text, 'zero dates are no dates at Postgres', 'correct the value, or let the column be NULL');
  }
  return text;
}

function inUtc(text: string): string {
  return `${whole(text)}+00`;
}

export const TYPE_LINES: readonly TypeLine[] = [
  { from: 'tinyint, tinyint unsigned, smallint, year', to: 'smallint', note: 'BOOL is tinyint(1)' },
  { from: 'smallint unsigned, mediumint, mediumint unsigned, int', to: 'integer' },
  { from: 'int unsigned, bigint', to: 'bigint' },
  { from: 'bigint unsigned', to: 'numeric(20,0)' },
  { from: 'bit(n), n < 64', to: 'bigint', note: 'its value as a number' },
  { from: 'bit(64)', to: 'numeric(20,0)', note: 'its value as a number' },
  { from: 'decimal(p,s)', to: 'numeric(p,s)' },
  { from: 'float', to: 'real' },
  { from: 'double', to: 'double precision' },
  { from: 'date', to: 'date', note: 'zero dates are refused' },
  { from: 'datetime', to: 'timestamp', note: 'zero dates are refused' },
  { from: 'timestamp', to: 'timestamp with time zone', note: 'zero dates are refused' },
  { from: 'time', to: 'text', note: 'it goes beyond a day and below zero' },
  { from: 'char, varchar, text, enum, set', to: 'text', note: 'text with NUL is refused' },
  { from: 'binary, varbinary, blob', to: 'bytea' },
  { from: 'geometry and its kinds', to: 'bytea', note: 'SRID in four bytes, then WKB: as MySQL keeps it' },
  { from: 'vector', to: 'bytea', note: '32-bit floats, as MySQL keeps them' },
  { from: 'json', to: 'jsonb', note: 'a string with NUL is refused' },
];
