import { expect, test } from 'vitest';
import type { Change } from './change.ts';
import { balanceByRow, lastByKey, rowIdentity, stretches } from './compact.ts';
import type { Table } from './table.ts';

const table: Table = {
  id: { schema: 's', name: 't' },
  columns: ['k', 'v'].map((name) => ({ name, type: { base: 'text', declared: 'text' }, nullable: true })),
  key: ['k'],
  types: [],
};
let number = 0;
const change = (kind: 'put' | 'remove', ...row: (string | null)[]): Extract<Change, { kind: 'put' | 'remove' }> => ({
  kind,
  table,
  row,
  commit: 1n,
  number: (number += 1),
});

test('keys that are swapped in one transaction end where they should', () => {
  const changes = [
    change('remove', '1', null),
    change('put', '3', 'a'),
    change('remove', '2', null),
    change('put', '1', 'b'),
    change('remove', '3', null),
    change('put', '2', 'a'),
  ];
  const outcome = lastByKey({ table, changes }).map(({ kind, row }) => [kind, ...row]);
  expect(outcome.sort()).toEqual([
    ['put', '1', 'b'],
    ['put', '2', 'a'],
    ['remove', '3', null],
  ]);
});

test('rows without a key are counted', () => {
  const changes = [
    change('put', 'x', null),
    change('put', 'x', null),
    change('remove', 'x', ''),
    change('remove', 'y', '1'),
    change('put', 'y', '1'),
  ];
  expect(balanceByRow({ table, changes }).map(({ row, count }) => [row[1], count])).toEqual([
    [null, 2],
    ['', -1],
  ]);
  expect(rowIdentity(['a', 'b'])).not.toBe(rowIdentity(['a\0b']));
});

test('a truncate parts what is before it from what is after', () => {
  const truncate: Change = { kind: 'truncate', tables: [table.id], commit: 1n, number: 0 };
  const kinds = [...stretches([change('put', '1', ''), truncate, change('put', '1', '')])].map((stretch) =>
    Array.isArray(stretch) ? stretch.map((group) => group.changes.length) : stretch.kind,
  );
  expect(kinds).toEqual([[1], 'truncate', [1]]);
});
