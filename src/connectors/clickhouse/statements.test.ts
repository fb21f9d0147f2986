import { expect, it } from 'vitest';
import { splitStatements } from './statements.ts';

it.each([
  ['SELECT 1', ['SELECT 1']],
  ['SELECT 1;', ['SELECT 1']],
  [';;\n;', []],
  ["SELECT ';'; SELECT 2", ["SELECT ';'", 'SELECT 2']],
  ["SELECT 'it''s;'; SELECT 'a\\';b';", ["SELECT 'it''s;'", "SELECT 'a\\';b'"]],
  ['SELECT `a;b`, "c;d"; X', ['SELECT `a;b`, "c;d"', 'X']],
  ['-- one; two\nSELECT 1; -- end;', ['-- one; two\nSELECT 1']],
  ['SELECT 1 /* ; */ ; /* only; a comment */', ['SELECT 1 /* ; */']],
  ['#! a;b\nSELECT 1', ['#! a;b\nSELECT 1']],
  ['SELECT $x$ ; $x$; SELECT 2', ['SELECT $x$ ; $x$', 'SELECT 2']],
  ['SELECT $not; SELECT 2', ['SELECT $not', 'SELECT 2']],
  [
    'INSERT INTO t VALUES (1, \'a;b\'); INSERT INTO t FORMAT JSONEachRow {"a":"x;y"}',
    ["INSERT INTO t VALUES (1, 'a;b')", 'INSERT INTO t FORMAT JSONEachRow {"a":"x;y"}'],
  ],
  ["SELECT 'never closed; SELECT 2", ["SELECT 'never closed; SELECT 2"]],
  ['SELECT a - -1; SELECT 1 --x', ['SELECT a - -1', 'SELECT 1 --x']],
])('splits %j', (text, statements) => {
  expect(splitStatements(text)).toEqual(statements);
});
