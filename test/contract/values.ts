/**
 * Portable types with the values at their edges: what every database that holds the type at all must give back
 * unchanged. Times stay within 1970 to 2105, numbers within what the type says.
 */
import type { Column, LogicalType, Row, Value } from '../../src/core/table.ts';

export interface PortableType {
  readonly type: LogicalType;
  /** No NULL among them: the contract adds it. */
  readonly values: readonly Value[];
}

const int = (bits: 8 | 16 | 32 | 64, signed = true): LogicalType => ({ kind: 'integer', bits, signed });

function integer(bits: 8 | 16 | 32 | 64, signed: boolean): PortableType {
  const least = signed ? -(1n << BigInt(bits - 1)) : 0n;
  const greatest = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
  return { type: int(bits, signed), values: [least, least + 1n, 0n, 1n, 9n, 10n, greatest - 1n, greatest] };
}

const TEXTS = [
  '',
  ' ',
  ' leading and trailing ',
  'tab\tnewline\nreturn\r\n',
  `quotes ' " \` ''`,
  'backslash \\ \\n \\N \\t \\x41 \\',
  'NULL',
  '{1,2}',
  '\u0001\u001f\u007f',
  'combining e\u0301 is not \u00e9',
  '\u{1f600}\u{10ffff}',
  '\u200b\ufeff\u00a0',
  'العربية 中文 עברית',
  '0',
  'x'.repeat(70_000),
];

const MOMENTS = [
  '1970-01-01 00:00:00',
  '1970-01-01 00:00:00.000001',
  '1999-12-31 23:59:59.999999',
  '2000-01-01 00:00:00',
  '2000-02-29 12:00:00.5',
  '2024-03-31 02:30:00', // does not exist in Berlin
  '2024-10-27 02:30:00', // exists twice in Berlin
  '2038-01-19 03:14:08', // 2^31 seconds
  '2105-12-31 23:59:59.123456',
];

export const PORTABLE_TYPES: readonly PortableType[] = [
  { type: { kind: 'bool' }, values: [true, false] },
  integer(8, true),
  integer(16, true),
  integer(32, true),
  integer(64, true),
  integer(8, false),
  integer(16, false),
  integer(32, false),
  integer(64, false),
  {
    type: { kind: 'decimal', precision: 10, scale: 2 },
    values: ['0.00', '0.01', '-0.01', '1.00', '10.00', '12345.67', '99999999.99', '-99999999.99'],
  },
  {
    type: { kind: 'decimal', precision: 38, scale: 10 },
    values: [
      '0.0000000000',
      '0.0000000001',
      '-9999999999999999999999999999.9999999999',
      '9999999999999999999999999999.9999999999',
      '1234567890123456789.0000000000',
      '10000.0001000000',
    ],
  },
  {
    type: { kind: 'float', bits: 64 },
    values: [0, -0, 1, -1, 0.1, 1 / 3, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1e-7, 1e21, 2 ** 53],
  },
  { type: { kind: 'float', bits: 64 }, values: [NaN, Infinity, -Infinity] },
  {
    type: { kind: 'float', bits: 32 },
    values: [0, -0, 1, Math.fround(0.1), 1.401298464324817e-45, 3.4028234663852886e38, -16777216],
  },
  { type: { kind: 'text' }, values: TEXTS },
  { type: { kind: 'text', maxLength: 10 }, values: ['', 'abc ', 'äöü\u{1f600}ß', '0123456789'] },
  {
    type: { kind: 'bytes' },
    values: [
      new Uint8Array(),
      Uint8Array.of(0),
      Uint8Array.of(0x5c, 0x78, 0x34),
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
    ],
  },
  {
    type: { kind: 'uuid' },
    values: [
      '00000000-0000-0000-0000-000000000000',
      '123e4567-e89b-12d3-a456-426614174000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
    ],
  },
  { type: { kind: 'date' }, values: ['1970-01-01', '1999-12-31', '2000-02-29', '2024-02-29', '2105-12-31'] },
  { type: { kind: 'time', digits: 6 }, values: ['00:00:00', '00:00:00.000001', '12:34:56.5', '23:59:59.999999'] },
  { type: { kind: 'timestamp', digits: 6 }, values: MOMENTS },
  { type: { kind: 'timestamp', digits: 0 }, values: ['1970-01-01 00:00:00', '2024-02-29 23:59:59'] },
  { type: { kind: 'instant', digits: 6 }, values: MOMENTS.map((moment) => `${moment}Z`) },
  { type: { kind: 'instant', digits: 3 }, values: ['1970-01-01 00:00:00.001Z', '2024-02-29 23:59:59.999Z'] },
  { type: { kind: 'interval' }, values: ['PT0S', 'P1Y2M3DT4H5M6S', 'P-1M', 'P30DT-1S', 'PT100H'] },
  {
    type: { kind: 'json' },
    values: ['null', 'true', '0', '""', '[]', '{}', '{"b":[1,2,{"c":null}],"a":"\\u0041\\n\\"\\u00e9"}', '[[[1]]]'],
  },
  {
    type: { kind: 'array', of: int(32) },
    values: [[], [1n], [-2147483648n, 2147483647n], Array.from({ length: 1000 }, (_, item) => BigInt(item))],
  },
  {
    type: { kind: 'array', of: { kind: 'text' } },
    values: [[''], ['a', 'NULL', 'null'], ['{', '}', ',', '"', "'", '\\', ' '], ['\u{1f600}', '\n']],
  },
  { type: { kind: 'array', of: { kind: 'float', bits: 64 } }, values: [[0.1, -0, 1e300], [NaN]] },
  {
    type: { kind: 'array', of: { kind: 'instant', digits: 6 } },
    values: [['2024-02-29 23:59:59.999999Z', '1970-01-01 00:00:00Z']],
  },
];

/** `c0`, `c1`, …: one nullable column for each type. */
export function columnsFor(types: readonly PortableType[]): Column[] {
  return types.map(({ type }, index) => ({ name: `c${index}`, type, nullable: true }));
}

/** Rows in which every value of every type occurs, an ordinal first; shorter lists start over. */
export function rowsFor(types: readonly PortableType[]): Row[] {
  const longest = Math.max(...types.map(({ values }) => values.length));
  return Array.from({ length: longest }, (_, row) => [
    BigInt(row),
    ...types.map(({ values }) => values[row % values.length] ?? null),
  ]);
}
