import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTypeName, printTypeName, quoteName, quoteText, readQuoted, type ClickHouseType } from './type-name.ts';
import { isNullable, logicalType, nativeColumn } from './types.ts';
import { printType } from '../../core/table.ts';

const name = fc.constantFrom('UInt8', 'Int256', 'String', 'Float64', 'UUID', 'IPv6', 'Point', 'IntervalDay', 'Date32');
const zone = fc.constantFrom('UTC', 'Europe/Berlin', "it's \\ a zone");

const { type: anyType } = fc.letrec<{ type: ClickHouseType }>((tie) => {
  const elements = fc.array(fc.record({ name: fc.string({ minLength: 1 }), type: tie('type') }), {
    minLength: 1,
    maxLength: 3,
  });
  return {
    type: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      name.map((plain): ClickHouseType => ({ kind: 'plain', name: plain })),
      fc.nat(1000).map((bytes): ClickHouseType => ({ kind: 'fixedString', bytes })),
      fc
        .tuple(fc.nat(76), fc.nat(76))
        .map(([precision, scale]): ClickHouseType => ({ kind: 'decimal', precision, scale })),
      fc.constantFrom<ClickHouseType>({ kind: 'dateTime' }, { kind: 'time' }, { kind: 'time', digits: 9 }),
      zone.map((of): ClickHouseType => ({ kind: 'dateTime', zone: of })),
      fc.tuple(fc.nat(9), zone).map(([digits, of]): ClickHouseType => ({ kind: 'dateTime', digits, zone: of })),
      fc.nat(9).map((digits): ClickHouseType => ({ kind: 'dateTime', digits })),
      fc
        .array(fc.tuple(fc.string(), fc.integer({ min: -32768, max: 32767 })), { minLength: 1 })
        .map((values): ClickHouseType => ({ kind: 'enum', bits: 16, values })),
      tie('type').map((of): ClickHouseType => ({ kind: 'nullable', of })),
      tie('type').map((of): ClickHouseType => ({ kind: 'lowCardinality', of })),
      tie('type').map((of): ClickHouseType => ({ kind: 'array', of })),
      fc.tuple(tie('type'), tie('type')).map(([key, value]): ClickHouseType => ({ kind: 'map', key, value })),
      elements.map((of): ClickHouseType => ({ kind: 'tuple', elements: of })),
      elements.map((of): ClickHouseType => ({ kind: 'nested', elements: of })),
      fc.array(tie('type'), { maxLength: 3 }).map((of): ClickHouseType => ({
        kind: 'tuple',
        elements: of.map((type) => ({ type })),
      })),
      tie('type').map((of): ClickHouseType => ({ kind: 'simpleAggregate', function: 'anyLast', of })),
    ),
  };
});

describe('a type name', () => {
  it('printed and parsed is the same type', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        expect(parseTypeName(printTypeName(type))).toEqual(type);
      }),
    );
  });

  it.each([
    "Map(LowCardinality(String), Array(Nullable(DateTime64(6, 'Europe/Berlin'))))",
    'Tuple(a UInt8, `b c` Nullable(String), d Tuple(UInt8, String))',
    "Enum8('a' = -128, 'it\\'s' = 0, 'b\\n' = 127)",
    'Decimal(76, 38)',
    "JSON(max_dynamic_paths=8, a.b UInt32, SKIP `x y`, SKIP REGEXP '^)')",
    'Variant(Array(String), Tuple(a UInt8), UInt64)',
    'AggregateFunction(quantiles(0.5, 0.9), Float64)',
    'SimpleAggregateFunction(groupArrayArray(10), Array(String))',
    'Dynamic(max_types=3)',
    'Nested(a Int8, b Array(String))',
  ])('parses %s and prints it back', (text) => {
    expect(printTypeName(parseTypeName(text))).toBe(text);
  });

  it('of an older spelling of Decimal says its precision', () => {
    expect(parseTypeName('Decimal128(5)')).toEqual({ kind: 'decimal', precision: 38, scale: 5 });
  });

  it.each(['', 'Array(', 'Array(UInt8', 'Array(UInt8))', 'Map(String)', 'FixedString(x)', "Enum8('a')", "Enum8('a"])(
    'that is none, %j, is refused with the place',
    (text) => expect(() => parseTypeName(text)).toThrow(/is not a ClickHouse type: .* expected at \d+/),
  );
});

describe('quoting', () => {
  it('is undone by reading', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(readQuoted(quoteText(text), 0)?.value).toBe(text);
        expect(readQuoted(quoteName(text), 0)?.value).toBe(text);
      }),
    );
  });
});

describe('what a type holds', () => {
  it.each([
    ['LowCardinality(Nullable(String))', 'text', true],
    ['UInt256', 'uint256', false],
    ['Nullable(Decimal(10, 2))', 'decimal(10,2)', true],
    ["DateTime64(6, 'Asia/Kolkata')", 'instant(6, Asia/Kolkata)', false],
    ['DateTime', 'instant(0)', false],
    ['Array(Nullable(Date32))', 'array(date)', false],
    ['Nested(a Int8, b String)', 'array(tuple(int8, text))', false],
    ['Map(String, BFloat16)', 'map(text, float32)', false],
    ['FixedString(3)', 'bytes', false],
    ["Enum8('a' = 1)", 'text', false],
    ['JSON(max_dynamic_paths=8)', 'json', false],
    ['Dynamic', 'text', true],
    ['Variant(String, UInt8)', 'text', true],
    ['IPv4', 'text', false],
    ['Polygon', 'text', false],
    ['IntervalMonth', 'interval', false],
    ['SimpleAggregateFunction(sum, UInt64)', 'uint64', false],
    ['Time64(3)', 'time(3)', false],
  ])('%s holds %s', (text, logical, nullable) => {
    const type = parseTypeName(text);
    expect(printType(logicalType(type))).toBe(logical);
    expect(isNullable(type)).toBe(nullable);
  });

  it('makes a portable column one that holds all its values, or says that there is none', () => {
    const column = (type: Parameters<typeof printType>[0], nullable = true) => ({ name: 'c', type, nullable });
    expect(nativeColumn(column({ kind: 'timestamp', digits: 6 }), false)).toBe("Nullable(DateTime64(6, 'UTC'))");
    expect(nativeColumn(column({ kind: 'array', of: { kind: 'text' } }, false), false)).toBe('Array(Nullable(String))');
    expect(() => nativeColumn(column({ kind: 'array', of: { kind: 'text' } }), false)).toThrow(/no NULL for Array/);
    expect(() => nativeColumn(column({ kind: 'decimal' }), false)).toThrow(/column c: .* holds every decimal/);
    expect(() => nativeColumn(column({ kind: 'decimal', precision: 77 }), false)).toThrow(/holds every decimal/);
    expect(() => nativeColumn(column({ kind: 'text' }), true)).toThrow(/key column of ClickHouse cannot be nullable/);
  });
});
