import { expect, it } from 'vitest';
import { keyColumns } from './describe.ts';

it.each([
  ['', []],
  ['id', ['id']],
  ['(id)', ['id']],
  ['tenant, id', ['tenant', 'id']],
  ['(tenant, id)', ['tenant', 'id']],
  ['`a b`, "c""d", `q\\`x`', ['a b', 'c"d', 'q`x']],
  ['`a,b`, id', ['a,b', 'id']],
  ['toDate(at), id', ['id']],
  ["id, cityHash64('x,(y', id), `toDate(at)`", ['id', 'toDate(at)']],
  ['id % 8, -x, y', ['y']],
  ['n.a', ['n.a']],
])('the key %j has the columns %j', (text, columns) => {
  expect(keyColumns(text)).toEqual(columns);
});
