import { describe, expect, test } from 'vitest';
import type { Table } from '../model/table.ts';
import { mapColumn } from '../pairs/postgres-clickhouse.ts';
import { lineOf } from '../pairs/rows.ts';
import { Encoder, hashOfRow, rowHash } from './encode.ts';

function table(...types: string[]): Table {
  return {
    id: { schema: 'public', name: 't' },
    columns: types.map((base, at) => ({ name: `c${at}`, type: { base, declared: base }, nullable: true })),
    key: ['c0'],
    types: [],
  };
}

function encoder(of: Table): Encoder {
  return new Encoder(
    of,
    of.columns.map((column) => mapColumn(column, false)),
  );
}

describe('rows for ClickHouse', () => {
  test('are the same from a snapshot and from the log', () => {
    const of = table('int4', 'text', 'bytea', 'timestamptz', 'text');
    const rows = [
      ['1', 'tab\t newline\n back\\slash \b\f\v\r', '\\x090a5c00ff', '2024-02-29 00:00:00.000001+00', null],
      ['2', '', null, null, '\\N'],
      ['3', '😀 é', '\\x', '1970-01-01 00:00:00+00', ''],
    ];
    const lines = Buffer.from(rows.map(lineOf).join(''));
    const whole = encoder(of).lines(lines, rows.length, 4, () => '\t7\t0');
    const one = Buffer.concat(rows.map((row) => encoder(of).row(row, '\t7\t0')));
    expect(whole.equals(one)).toBe(true);
    expect(whole.toString('latin1').split('\n')[1]).toBe('2\t\t\\N\t\\N\t\\\\N\t7\t0');
  });

  test('name table, column, type, key and value when one is refused', () => {
    const of = table('int4', 'date');
    expect(() => encoder(of).lines(Buffer.from('7\tinfinity\n'), 1, 0, () => '')).toThrow(
      'table public.t, column c1 (date), row c0 = 7: value infinity cannot be carried: ClickHouse holds dates from 1900-01-01',
    );
  });
});

describe('the hash of a row without a key', () => {
  test('is one for its line and its values, and tells NULL from text', () => {
    const of = table('text', 'text', 'text');
    const row = ['a\tb', '\\N', 'c'];
    expect(rowHash(of, Buffer.from(lineOf(row).slice(0, -1)))).toBe(hashOfRow(of, row));
    expect(hashOfRow(of, ['a', null, 'c'])).not.toBe(hashOfRow(of, ['a', '\\N', 'c']));
    expect(hashOfRow(of, ['a', '', 'c'])).not.toBe(hashOfRow(of, ['', 'a', 'c']));
  });

  test('stays when a column is added behind, with or without a default', () => {
    const before = table('text', 'text');
    const added: Table = {
      ...before,
      columns: [
        ...before.columns,
        { name: 'n', type: { base: 'text', declared: 'text' }, nullable: true, valueOfOldRows: 'd' },
      ],
    };
    expect(hashOfRow(added, ['a', 'b', 'd'])).toBe(hashOfRow(before, ['a', 'b']));
    expect(hashOfRow(added, ['a', 'b', null])).toBe(hashOfRow(before, ['a', 'b']));
    expect(hashOfRow(added, ['a', 'b', 'x'])).not.toBe(hashOfRow(before, ['a', 'b']));
  });
});
