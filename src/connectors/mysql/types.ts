/**
 * Native types and logical ones, both ways, as tables that can be read beside the manual (MySQL 8.4, chapter 13; MariaDB,
 * "Data Types"). How a value's text is decoded is decode.ts; what is not listed here is text, in the server's own words.
 */
import { E2eError } from '../../core/errors.ts';
import { printType, type LogicalType } from '../../core/table.ts';
import { traits } from './traits.ts';

/** What the catalog says of a column. */
export interface NativeColumn {
  /** information_schema DATA_TYPE: `bigint`. */
  readonly base: string;
  /** COLUMN_TYPE: `bigint unsigned`. */
  readonly declared: string;
  /** Characters or bytes; undefined where the type has no length. */
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  /** Digits of the second. */
  readonly digits?: number;
}

type Logical = (column: NativeColumn) => LogicalType;

const fixed = (type: LogicalType): Logical => {
  return () => type;
};

const integer =
  (bits: 8 | 16 | 32 | 64): Logical =>
  ({ declared }) => ({ kind: 'integer', bits, signed: !/\bunsigned\b/.test(declared) });

const limited =
  (kind: 'text' | 'bytes'): Logical =>
  ({ length }) =>
    length === undefined ? { kind } : { kind, maxLength: length };

const NATIVE_TYPES: Readonly<Record<string, Logical | undefined>> = {
  tinyint: integer(8), // tinyint(1), MySQL's BOOL, holds -128 to 127 like any other
  smallint: integer(16),
  mediumint: integer(32),
  int: integer(32),
  bigint: integer(64),
  decimal: ({ precision = 10, scale = 0 }) => ({ kind: 'decimal', precision, scale }),
  float: fixed({ kind: 'float', bits: 32 }),
  double: fixed({ kind: 'float', bits: 64 }),
  bit: fixed({ kind: 'integer', bits: 64, signed: false }),
  year: fixed({ kind: 'integer', bits: 16, signed: false }),
  date: fixed({ kind: 'date' }),
  time: ({ digits = 0 }) => ({ kind: 'time', digits }),
  datetime: ({ digits = 0 }) => ({ kind: 'timestamp', digits }),
  timestamp: ({ digits = 0 }) => ({ kind: 'instant', digits }),
  char: limited('text'),
  varchar: limited('text'),
  binary: limited('bytes'),
  varbinary: limited('bytes'),
  tinyblob: fixed({ kind: 'bytes' }),
  blob: fixed({ kind: 'bytes' }),
  mediumblob: fixed({ kind: 'bytes' }),
  longblob: fixed({ kind: 'bytes' }),
  vector: fixed({ kind: 'bytes' }), // 32-bit floats, little endian
  json: fixed({ kind: 'json' }),
  uuid: fixed({ kind: 'uuid' }), // MariaDB
};

/** Spatial types: bytes as the server stores them, four of the SRID (little endian) and then WKB (manual, 13.4.3). */
export const SPATIAL: ReadonlySet<string> = new Set([
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon'],
  ...['geomcollection', 'geometrycollection'],
]);

/** What a column holds. @param json whether the column is MariaDB's JSON, which is text that is checked. */
export function logicalType(column: NativeColumn, json: boolean): LogicalType {
  if (json) return { kind: 'json' };
  if (SPATIAL.has(column.base)) return { kind: 'bytes' };
  return NATIVE_TYPES[column.base]?.(column) ?? { kind: 'text' };
}

const INTEGERS: Readonly<Record<string, string>> = {
  int8: 'tinyint',
  int16: 'smallint',
  int32: 'int',
  int64: 'bigint',
  uint8: 'tinyint unsigned',
  uint16: 'smallint unsigned',
  uint32: 'int unsigned',
  uint64: 'bigint unsigned',
  int128: 'decimal(39,0)',
  uint128: 'decimal(39,0)',
};

const MAX_PRECISION = 65;
const MAX_SCALE = 30;
/** Characters of utf8mb4 that a varchar holds at most, and bytes of an index entry (manual, 17.22: 3072). */
const MAX_VARCHAR = 16_383;

/**
 * The type in which a portable column is made.
 *
 * @param keyBytes set for columns of a key: bytes of the index entry that this column may take.
 * @throws E2eError for a type that MySQL has no column type for.
 */
export function sqlType(type: LogicalType, keyBytes?: number): string {
  switch (type.kind) {
    case 'bool':
      return 'tinyint(1)';
    case 'integer':
      return INTEGERS[printType(type)] ?? cannotHold(type);
    case 'decimal': {
      const { precision, scale = 0 } = type;
      if (precision === undefined || precision > MAX_PRECISION || scale > MAX_SCALE) return cannotHold(type);
      return `decimal(${precision},${scale})`;
    }
    case 'float':
      return type.bits === 32 ? 'float' : 'double';
    case 'text': {
      const most = keyBytes === undefined ? MAX_VARCHAR : Math.floor(keyBytes / 4);
      const length = Math.min(type.maxLength ?? most, most);
      const varying = keyBytes !== undefined || (type.maxLength !== undefined && type.maxLength <= MAX_VARCHAR);
      return varying ? `varchar(${length})` : 'longtext';
    }
    case 'bytes':
      return keyBytes === undefined ? 'longblob' : `varbinary(${keyBytes})`;
    case 'uuid':
      return 'char(36) CHARACTER SET ascii COLLATE ascii_bin';
    case 'date':
      return 'date';
    case 'time':
      return type.digits > traits.timestampDigits ? cannotHold(type) : `time(${type.digits})`;
    case 'timestamp':
    case 'instant': // TIMESTAMP ends in January 2038; DATETIME holds the fields in UTC
      return type.digits > traits.timestampDigits ? cannotHold(type) : `datetime(${type.digits})`;
    case 'interval':
      return 'varchar(255)';
    case 'json':
      return 'json';
    case 'array':
    case 'map':
    case 'tuple':
      return cannotHold(type);
  }
}

function cannotHold(type: LogicalType): never {
  throw new E2eError('MYSQL_TYPE', `MySQL has no column type for ${printType(type)}; use another type in the fixture`);
}
