/**
 * Postgres to MySQL: what each type becomes. Lossless or refused; what MySQL has no type for is text in Postgres's own
 * words (the settings that fix the text: postgres/sql.ts). JSON is text too: MySQL's own type keeps numbers as doubles.
 * Sources: Postgres 18 manual, chapter 8; MySQL 8.4 manual, chapter 13.
 */
import type { Column } from '../model/table.ts';
import { ValueRefused } from '../model/refused.ts';
import type { MappedColumn } from '../mysql/mapping.ts';
import { bytes, date, double, moment, number, single, text } from './mysql-literals.ts';
import type { TypeLine } from './type-line.ts';

type Mapping = Omit<MappedColumn, 'name'>;

const bool: Mapping = { type: 'tinyint(1)', literal: (value) => (value === 't' ? '1' : '0') };
const dateTime: Mapping = { type: 'datetime(6)', literal: moment };

const TYPES: Readonly<Record<string, Mapping>> = {
  bool,
  int2: { type: 'smallint', literal: number },
  int4: { type: 'int', literal: number },
  int8: { type: 'bigint', literal: number },
  oid: { type: 'int unsigned', literal: number },
  float4: { type: 'float', literal: single, equals: (name, value) => `${name} <=> CAST(${value} AS FLOAT)` },
  float8: { type: 'double', literal: double },
  uuid: { type: 'char(36)', literal: text },
  date: { type: 'date', literal: date },
  time: { type: 'time(6)', literal: text },
  timestamp: dateTime,
  timestamptz: dateTime,
};

const MOST_DIGITS = 65;
const MOST_SCALE = 30;
/** Blanks at the end count and case does, as in Postgres. */
const EXACT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin';

/** @param keyBytes bytes of the index that the column may take, where it is in the key. */
export function mapColumn(column: Column, keyBytes: number | undefined): MappedColumn {
  return { name: column.name, ...mappingOf(column, keyBytes) };
}

function mappingOf({ type }: Column, keyBytes: number | undefined): Mapping {
  const { base, precision, scale } = type;
  if (base === 'numeric' && precision !== undefined && scale !== undefined) {
    const fits = precision <= MOST_DIGITS && scale >= 0 && scale <= Math.min(MOST_SCALE, precision);
    if (fits) return { type: `decimal(${precision},${scale})`, literal: decimal };
  }
  if (base === 'bytea') return { type: keyBytes === undefined ? 'longblob' : `varbinary(${keyBytes})`, literal: bytes };
  const known = TYPES[base];
  if (known !== undefined) return known;
  const characters = keyBytes === undefined ? undefined : Math.floor(keyBytes / 4);
  return {
    type: characters === undefined ? 'longtext' : `varchar(${characters})`,
    attributes: EXACT,
    literal: text,
  };
}

function decimal(value: string): string {
  if (value === 'NaN') {
    throw new ValueRefused(value, 'DECIMAL has no NaN', 'declare the column numeric without precision');
  }
  return value;
}

export const TYPE_LINES: readonly TypeLine[] = [
  { from: 'boolean', to: 'tinyint(1)' },
  { from: 'smallint', to: 'smallint' },
  { from: 'integer', to: 'int' },
  { from: 'bigint', to: 'bigint' },
  { from: 'oid', to: 'int unsigned' },
  { from: 'real', to: 'float', note: 'NaN and infinities are refused' },
  { from: 'double precision', to: 'double', note: 'NaN and infinities are refused' },
  { from: 'numeric(p,s), p ≤ 65, s ≤ 30', to: 'decimal(p,s)', note: 'NaN is refused' },
  { from: 'numeric', to: 'longtext', note: 'any number of digits' },
  { from: 'text, varchar, char, xml, enums', to: 'longtext', note: 'varchar in a key, as long as an index allows' },
  { from: 'bytea', to: 'longblob', note: 'varbinary in a key' },
  { from: 'uuid', to: 'char(36)' },
  { from: 'date', to: 'date', note: '0001-01-01 to 9999-12-31; others are refused' },
  { from: 'time', to: 'time(6)' },
  { from: 'timestamp', to: 'datetime(6)', note: 'as date' },
  { from: 'timestamp with time zone', to: 'datetime(6)', note: 'the fields in UTC; TIMESTAMP ends in January 2038' },
  { from: 'json, jsonb', to: 'longtext', note: "MySQL's JSON keeps numbers as doubles" },
  { from: 'everything else', to: 'longtext', note: 'as Postgres prints it' },
];
