import { describe, expect, test } from 'vitest';
import { ValueRefused } from '../model/refused.ts';
import type { Column } from '../model/table.ts';
import { mapColumn } from './postgres-clickhouse.ts';

function column(base: string, more: Partial<Column['type']> = {}, nullable = false): Column {
  return { name: 'c', type: { base, declared: base, ...more }, nullable };
}

describe('what a Postgres type becomes at ClickHouse', () => {
  test.each([
    [column('bool'), 'Bool'],
    [column('int8'), 'Int64'],
    [column('float4'), 'Float32'],
    [column('numeric', { precision: 76, scale: 76 }), 'Decimal(76, 76)'],
    [column('numeric', { precision: 77, scale: 0 }), 'String'],
    [column('numeric', { precision: 5, scale: -2 }), 'String'],
    [column('numeric', { precision: 2, scale: 4 }), 'String'],
    [column('numeric'), 'String'],
    [column('timestamptz', {}, true), "Nullable(DateTime64(6, 'UTC'))"],
    [column('uuid', {}, true), 'Nullable(UUID)'],
    [column('_int4'), 'String'],
    [column('jsonb'), 'String'],
    [column('interval'), 'String'],
  ])('%o → %s', (from, to) => {
    expect(mapColumn(from, false).type).toBe(to);
  });

  test('a column of the key is never Nullable', () => {
    expect(mapColumn(column('int4', {}, true), true).type).toBe('Int32');
  });
});

describe('a value', () => {
  const encode = (base: string, text: string, more: Partial<Column['type']> = {}): string | undefined =>
    mapColumn(column(base, more), false).encode?.(text);

  test('of bytea becomes its bytes, escaped, from the log as from COPY', () => {
    expect(encode('bytea', '\\x00ff0a095c')).toBe('\x00\xff\\n\\t\\\\');
    expect(encode('bytea', '\\\\x00ff0a095c')).toBe('\x00\xff\\n\\t\\\\');
    expect(encode('bytea', '\\x')).toBe('');
  });

  test('of timestamptz loses its +00 and nothing else', () => {
    expect(encode('timestamptz', '1969-12-31 23:59:59.5+00')).toBe('1969-12-31 23:59:59.5');
    expect(encode('timestamp', '2299-12-31 23:59:59.999999')).toBe('2299-12-31 23:59:59.999999');
  });

  test.each([
    ['date', '1899-12-31'],
    ['date', '2300-01-01'],
    ['date', '0044-03-15 BC'],
    ['date', 'infinity'],
    ['timestamp', '-infinity'],
    ['timestamp', '1899-12-31 23:59:59.999999'],
    ['timestamptz', '10000-01-01 00:00:00+00'],
    ['timestamptz', '2024-01-01 00:00:00 BC'],
  ])('of %s that ClickHouse cannot hold is refused: %s', (base, text) => {
    expect(() => encode(base, text)).toThrow(ValueRefused);
  });

  test('NaN is refused where the column is a Decimal', () => {
    expect(() => encode('numeric', 'NaN', { precision: 10, scale: 2 })).toThrow(ValueRefused);
  });
});
