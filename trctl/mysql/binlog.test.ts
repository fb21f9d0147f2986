/** Values and statements of the binary log, by the bytes that MySQL's own manual and sources give as examples. */
import { describe, expect, test } from 'vitest';
import { json } from '../pairs/mysql-literals.ts';
import { labelsOf } from './catalog.ts';
import { truncatedTable } from './changes.ts';
import { decodeText } from './charset.ts';
import { placeOf, positionOf } from './log-place.ts';
import { decimalBytes, decimalText } from './packed-text.ts';

describe('decimals', () => {
  // MySQL source, decimal.cc: 1234567890.1234 as DECIMAL(14,4) is 81 0D FB 38 D2 04 D2.
  test.each([
    ['810dfb38d204d2', 14, 4, '1234567890.1234'],
    ['7ef204c72dfb2d', 14, 4, '-1234567890.1234'],
    ['80000000', 9, 2, '0.00'],
    ['8000', 3, 2, '0.00'],
    ['80', 2, 0, '0'],
  ])('%s of (%i,%i) is %s', (bytes, precision, scale, text) => {
    expect(
      decimalText(Buffer.from(bytes.padEnd(decimalBytes(precision, scale) * 2, '0'), 'hex'), precision, scale),
    ).toBe(text);
  });
});

test('a place in the log grows with it, and comes back', () => {
  const first = { file: 'binlog.000009', offset: 4_294_967_295 };
  const second = { file: 'binlog.000010', offset: 4 };
  expect(positionOf(second) > positionOf(first)).toBe(true);
  expect(placeOf(positionOf(first), 'binlog.000012')).toEqual(first);
  expect(placeOf(positionOf(second), 'binlog.000001')).toEqual(second);
});

test.each([
  ['TRUNCATE t', { schema: 's', name: 't' }],
  ['truncate table `a``b`', { schema: 's', name: 'a`b' }],
  ['/* why */ TRUNCATE TABLE d . `t t`;', { schema: 'd', name: 't t' }],
  ['DELETE FROM t', undefined],
])('%s empties %j', (text, want) => {
  expect(truncatedTable(text, 's')).toEqual(want);
});

test('labels with quotes and commas', () => {
  expect(labelsOf(`enum('a','it''s','x,y','')`)).toEqual(['a', "it's", 'x,y', '']);
});

test('latin1 is Windows-1252, with its unused bytes as they are', () => {
  expect(decodeText(Buffer.from([0x80, 0x81, 0x9f, 0xe4]), 'latin1')).toBe('€\u0081Ÿä');
  expect(decodeText(Buffer.from('4e2d', 'hex'), 'utf16')).toBe('中');
});

describe('JSON for MySQL', () => {
  test.each([
    '{"a": 1.50, "b": [1e3, -0.0, 18446744073709551615, "1.23456789012345678901"]}',
    '0.1',
    '[-9223372036854775808]',
  ])('%s is carried', (text) => {
    expect(json(text)).toContain(text.slice(0, 5));
  });
  test.each([
    '12345678901234567890.123',
    '[18446744073709551616]',
    '{"n": 1.23456789012345678901}',
    '-9223372036854775809',
  ])('%s is refused', (text) => {
    expect(() => json(text)).toThrow(/doubles/);
  });
});
