/**
 * Native types and logical ones, both ways, as tables that can be read beside the manual (PostgreSQL 18, chapter 8).
 * How a value's bytes are decoded is decode.ts; what is not listed here is text, in the server's own words.
 */
import { E2eError } from '../../core/errors.ts';
import { printType, type LogicalType } from '../../core/table.ts';
import { traits } from './traits.ts';

/** Binary forms that decode.ts reads; `text` is characters as they are. */
export type Wire =
  | 'bool'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'uint4'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'text'
  | 'bytea'
  | 'uuid'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'jsonb';

interface NativeType {
  readonly wire: Wire;
  /** @param modifier pg_attribute.atttypmod; -1 for none. */
  readonly logical: (modifier: number) => LogicalType;
}

const TEXT: NativeType = { wire: 'text', logical: () => ({ kind: 'text' }) };
const LIMITED_TEXT: NativeType = {
  wire: 'text',
  // The modifier counts its own four bytes (src/include/varatt.h: VARHDRSZ).
  logical: (modifier) => (modifier < 4 ? { kind: 'text' } : { kind: 'text', maxLength: modifier - 4 }),
};

function fixed(wire: Wire, logical: LogicalType): NativeType {
  return { wire, logical: () => logical };
}

function digits(modifier: number): number {
  return modifier < 0 ? traits.timestampDigits : modifier;
}

/** Precision and scale as numeric.c packs them; a scale may be negative or greater than the precision. */
function decimal(modifier: number): LogicalType {
  if (modifier < 4) return { kind: 'decimal' };
  const packed = modifier - 4;
  return { kind: 'decimal', precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}

/** pg_type.typname, in schema pg_catalog, → what it is. */
export const NATIVE_TYPES: Readonly<Record<string, NativeType | undefined>> = {
  bool: fixed('bool', { kind: 'bool' }),
  int2: fixed('int2', { kind: 'integer', bits: 16, signed: true }),
  int4: fixed('int4', { kind: 'integer', bits: 32, signed: true }),
  int8: fixed('int8', { kind: 'integer', bits: 64, signed: true }),
  oid: fixed('uint4', { kind: 'integer', bits: 32, signed: false }),
  float4: fixed('float4', { kind: 'float', bits: 32 }),
  float8: fixed('float8', { kind: 'float', bits: 64 }),
  numeric: { wire: 'numeric', logical: decimal },
  text: TEXT,
  varchar: LIMITED_TEXT,
  bpchar: LIMITED_TEXT, // with its padding, as the server sends it
  name: TEXT,
  xml: TEXT,
  bytea: fixed('bytea', { kind: 'bytes' }),
  uuid: fixed('uuid', { kind: 'uuid' }),
  date: fixed('date', { kind: 'date' }),
  time: { wire: 'time', logical: (modifier) => ({ kind: 'time', digits: digits(modifier) }) },
  timestamp: { wire: 'timestamp', logical: (modifier) => ({ kind: 'timestamp', digits: digits(modifier) }) },
  timestamptz: { wire: 'timestamptz', logical: (modifier) => ({ kind: 'instant', digits: digits(modifier) }) },
  interval: fixed('interval', { kind: 'interval' }),
  json: fixed('text', { kind: 'json' }),
  jsonb: fixed('jsonb', { kind: 'json' }),
};

/** Enumerations (typtype e) and citext send their characters. */
export const CHARACTERS = TEXT;

/** Integers by size; what is unsigned takes the next larger one, or numeric. */
const INTEGERS: Readonly<Record<string, string>> = {
  int8: 'smallint',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  int128: 'numeric(39,0)',
  int256: 'numeric(77,0)',
  uint8: 'smallint',
  uint16: 'integer',
  uint32: 'bigint',
  uint64: 'numeric(20,0)',
  uint128: 'numeric(39,0)',
  uint256: 'numeric(78,0)',
};

/** The type in which a portable column is made. @throws E2eError for a type that Postgres has no column type for. */
export function sqlType(type: LogicalType): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'integer':
      return INTEGERS[printType(type)] ?? cannotHold(type);
    case 'decimal':
      return type.precision === undefined ? 'numeric' : `numeric(${type.precision},${type.scale ?? 0})`;
    case 'float':
      return type.bits === 32 ? 'real' : 'double precision';
    case 'text':
      return type.maxLength === undefined ? 'text' : `varchar(${type.maxLength})`;
    case 'bytes':
      return 'bytea';
    case 'time':
    case 'timestamp':
    case 'instant':
      if (type.digits > traits.timestampDigits) return cannotHold(type);
      return type.kind === 'instant' ? `timestamptz(${type.digits})` : `${type.kind}(${type.digits})`;
    case 'json':
      return 'jsonb';
    case 'array':
      // Dimensions are not part of an array's type: int[][] is int[].
      return type.of.kind === 'array' ? sqlType(type.of) : `${sqlType(type.of)}[]`;
    case 'uuid':
    case 'date':
    case 'interval':
      return type.kind;
    case 'map':
    case 'tuple':
      return cannotHold(type);
  }
}

function cannotHold(type: LogicalType): never {
  throw new E2eError('PG_TYPE', `Postgres has no column type for ${printType(type)}; use another type in the fixture`);
}
