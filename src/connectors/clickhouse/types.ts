/**
 * ClickHouse's types and the house's logical types, line by line, in both directions.
 * Source: ClickHouse manual, "Data types". Must not know how values lie on the wire (row-binary.ts does).
 */
import { E2eError } from '../../core/errors.ts';
import { printType, type Column, type LogicalType } from '../../core/table.ts';
import { printTypeName, type ClickHouseType } from './type-name.ts';

const TEXT: LogicalType = { kind: 'text' };

/** Types without arguments. What is not here (geometry, Dynamic, JSON paths …) is compared in its own text form. */
const PLAIN: Readonly<Record<string, LogicalType>> = {
  Bool: { kind: 'bool' },
  Int8: { kind: 'integer', bits: 8, signed: true },
  Int16: { kind: 'integer', bits: 16, signed: true },
  Int32: { kind: 'integer', bits: 32, signed: true },
  Int64: { kind: 'integer', bits: 64, signed: true },
  Int128: { kind: 'integer', bits: 128, signed: true },
  Int256: { kind: 'integer', bits: 256, signed: true },
  UInt8: { kind: 'integer', bits: 8, signed: false },
  UInt16: { kind: 'integer', bits: 16, signed: false },
  UInt32: { kind: 'integer', bits: 32, signed: false },
  UInt64: { kind: 'integer', bits: 64, signed: false },
  UInt128: { kind: 'integer', bits: 128, signed: false },
  UInt256: { kind: 'integer', bits: 256, signed: false },
  BFloat16: { kind: 'float', bits: 32 }, // every BFloat16 is exactly a Float32
  Float32: { kind: 'float', bits: 32 },
  Float64: { kind: 'float', bits: 64 },
  String: TEXT, // any bytes; read as bytes where the other side has bytes
  UUID: { kind: 'uuid' },
  Date: { kind: 'date' },
  Date32: { kind: 'date' },
  IPv4: TEXT,
  IPv6: TEXT,
  JSON: { kind: 'json' },
  IntervalNanosecond: { kind: 'interval' },
  IntervalMicrosecond: { kind: 'interval' },
  IntervalMillisecond: { kind: 'interval' },
  IntervalSecond: { kind: 'interval' },
  IntervalMinute: { kind: 'interval' },
  IntervalHour: { kind: 'interval' },
  IntervalDay: { kind: 'interval' },
  IntervalWeek: { kind: 'interval' },
  IntervalMonth: { kind: 'interval' },
  IntervalQuarter: { kind: 'interval' },
  IntervalYear: { kind: 'interval' },
};

/** Types with arguments that nobody here parses. */
const OPAQUE: Readonly<Record<string, LogicalType>> = { JSON: { kind: 'json' }, Object: { kind: 'json' } };

/** The type under wrappers that change how a value is stored but not what it is. */
export function unwrap(type: ClickHouseType): ClickHouseType {
  let inner = type;
  while (inner.kind === 'nullable' || inner.kind === 'lowCardinality' || inner.kind === 'simpleAggregate') {
    inner = inner.of;
  }
  return inner;
}

/** Whether a value may be NULL; Variant and Dynamic hold NULL without saying so. */
export function isNullable(type: ClickHouseType): boolean {
  if (type.kind === 'lowCardinality' || type.kind === 'simpleAggregate') return isNullable(type.of);
  return type.kind === 'nullable' || holdsAnything(type);
}

/** Variant and Dynamic: the type goes with each value. */
export function holdsAnything(type: ClickHouseType): boolean {
  return (
    (type.kind === 'plain' && type.name === 'Dynamic') ||
    (type.kind === 'opaque' && (type.name === 'Dynamic' || type.name === 'Variant'))
  );
}

/** What a column of this type holds. */
export function logicalType(type: ClickHouseType): LogicalType {
  switch (type.kind) {
    case 'nullable':
    case 'lowCardinality':
    case 'simpleAggregate':
      return logicalType(type.of);
    case 'plain':
      return PLAIN[type.name] ?? TEXT;
    case 'opaque':
      return OPAQUE[type.name] ?? TEXT;
    case 'fixedString':
      return { kind: 'bytes', maxLength: type.bytes };
    case 'decimal':
      return { kind: 'decimal', precision: type.precision, scale: type.scale };
    case 'dateTime': {
      const digits = type.digits ?? 0;
      return type.zone === undefined ? { kind: 'instant', digits } : { kind: 'instant', digits, zone: type.zone };
    }
    case 'time':
      return { kind: 'time', digits: type.digits ?? 0 };
    case 'enum':
      return TEXT;
    case 'array':
      return { kind: 'array', of: logicalType(type.of) };
    case 'map':
      return { kind: 'map', key: logicalType(type.key), value: logicalType(type.value) };
    case 'tuple':
      return { kind: 'tuple', of: type.elements.map((element) => logicalType(element.type)) };
    case 'nested':
      return { kind: 'array', of: { kind: 'tuple', of: type.elements.map((element) => logicalType(element.type)) } };
  }
}

/** The column as ClickHouse would declare it: what portable tables are made of. @throws E2eError UNSUPPORTED_TYPE. */
export function nativeColumn(column: Column, inKey: boolean): string {
  if (column.native !== undefined) return column.native;
  const type = nativeType(column.type);
  if (type === undefined) {
    throw new E2eError(
      'UNSUPPORTED_TYPE',
      `column ${column.name}: ClickHouse has no column type that holds every ${printType(column.type)}`,
    );
  }
  const mayBeNull = type.kind !== 'array' && type.kind !== 'map' && type.kind !== 'tuple';
  if (column.nullable && !mayBeNull) {
    throw new E2eError(
      'UNSUPPORTED_TYPE',
      `column ${column.name}: ClickHouse has no NULL for ${printTypeName(type)}; declare the column not nullable`,
    );
  }
  if (column.nullable && inKey) {
    throw new E2eError('UNSUPPORTED_TYPE', `column ${column.name}: a key column of ClickHouse cannot be nullable`);
  }
  return printTypeName(column.nullable ? { kind: 'nullable', of: type } : type);
}

const MAX_DECIMAL_PRECISION = 76;

/** The ClickHouse type that holds every value of a logical type; undefined where there is none. */
export function nativeType(type: LogicalType): ClickHouseType | undefined {
  switch (type.kind) {
    case 'bool':
      return { kind: 'plain', name: 'Bool' };
    case 'integer':
      return { kind: 'plain', name: `${type.signed ? 'Int' : 'UInt'}${type.bits}` };
    case 'decimal':
      if (type.precision === undefined || type.precision > MAX_DECIMAL_PRECISION) return undefined;
      return { kind: 'decimal', precision: type.precision, scale: type.scale ?? 0 };
    case 'float':
      return { kind: 'plain', name: `Float${type.bits}` };
    case 'uuid':
      return { kind: 'plain', name: 'UUID' };
    case 'date':
      return { kind: 'plain', name: 'Date32' };
    case 'time':
      return { kind: 'time', digits: type.digits };
    case 'timestamp':
      // Fields without a zone are kept as the fields of a zone that has no gaps.
      return { kind: 'dateTime', digits: type.digits, zone: 'UTC' };
    case 'instant':
      return { kind: 'dateTime', digits: type.digits, ...(type.zone === undefined ? {} : { zone: type.zone }) };
    case 'text':
    case 'bytes':
    case 'interval': // Interval types cannot be stored in tables
    case 'json': // the type JSON drops members that are null
      return { kind: 'plain', name: 'String' };
    case 'array':
      return wrap(type.of, (of) => ({ kind: 'array', of: elementType(of) }));
    case 'map':
      return wrap(type.key, (key) => wrap(type.value, (value) => ({ kind: 'map', key, value: elementType(value) })));
    case 'tuple': {
      const elements = type.of.map((of) => nativeType(of));
      if (elements.some((element) => element === undefined)) return undefined;
      return {
        kind: 'tuple',
        elements: elements.filter((element) => element !== undefined).map((of) => ({ type: elementType(of) })),
      };
    }
  }
}

function wrap(
  inner: LogicalType,
  make: (type: ClickHouseType) => ClickHouseType | undefined,
): ClickHouseType | undefined {
  const type = nativeType(inner);
  return type === undefined ? undefined : make(type);
}

/** Elements may be NULL in portable values; collections may not. */
function elementType(type: ClickHouseType): ClickHouseType {
  return type.kind === 'array' || type.kind === 'map' || type.kind === 'tuple' ? type : { kind: 'nullable', of: type };
}
