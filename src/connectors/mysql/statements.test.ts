import { expect, test } from 'vitest';
import { withoutEmptyStatements } from './statements.ts';

test.each([
  ['SELECT 1', 'SELECT 1'],
  ['SELECT 1;;  ; SELECT 2; -- the end', 'SELECT 1; SELECT 2;'],
  ['-- only\n# comments\n/* here */;', ''],
  ["SELECT ';', \"a;;b\", `c;;d`, 'it''s; \\';'", "SELECT ';', \"a;;b\", `c;;d`, 'it''s; \\';'"],
  ['/*!40101 SET @a = 1 */; /*M!100100 SET @b = 1 */;', '/*!40101 SET @a = 1 */; /*M!100100 SET @b = 1 */;'],
  ['SELECT 1 --2;', 'SELECT 1 --2;'],
  ['SELECT 1 /* a; */ + 1; /* ; */\n', 'SELECT 1 /* a; */ + 1;'],
])('%j', (sql, want) => {
  expect(withoutEmptyStatements(sql)).toBe(want);
});
