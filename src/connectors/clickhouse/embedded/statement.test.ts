import { describe, expect, it } from 'vitest';
import { readStatement } from './statement.ts';
import { literal, unquote } from './tokens.ts';

/** The rows of an INSERT, as the reader sees them. */
function data(sql: string): string {
  const statement = readStatement(sql);
  return statement.kind === 'insert' ? sql.slice(statement.dataAt) : `not an INSERT with rows: ${statement.kind}`;
}

describe('reading a statement', () => {
  it.each([
    ['SELECT 1 FORMAT JSON', 'JSON'],
    ['SELECT 1 FORMAT JSON SETTINGS max_threads = 1', 'JSON'],
    ['SELECT 1 SETTINGS max_threads = 1 FORMAT CSV ;', 'CSV'],
    ['SELECT 1 AS format', undefined],
    ['SELECT format FROM t', undefined],
    ["SELECT 'FORMAT CSV'", undefined],
    ['SELECT 1 -- FORMAT CSV', undefined],
    ['SELECT 1 /* FORMAT CSV */', undefined],
    ['SELECT * FROM (SELECT 1 FORMAT CSV)', undefined],
    ['(SELECT 1) UNION ALL (SELECT 2) FORMAT TSV', 'TSV'],
    ['SHOW TABLES FORMAT JSONEachRow', 'JSONEachRow'],
  ])('finds the FORMAT of %s', (sql, format) => {
    expect(readStatement(sql)).toMatchObject({ format });
  });

  it.each([
    ['INSERT INTO t FORMAT CSV\n1,2', '1,2'],
    ['INSERT INTO t FORMAT CSV 1,2', '1,2'],
    ['INSERT INTO t FORMAT CSV \r\n\n1', '\n1'],
    ['INSERT INTO t VALUES (1)', ' (1)'],
    ['INSERT INTO t(a)VALUES(1)', '(1)'],
    ['INSERT INTO `values`.`format` (`select`) VALUES (1)', ' (1)'],
    ['INSERT INTO t SETTINGS a = 1, b = 2 FORMAT TSV\nx', 'x'],
    ["INSERT INTO TABLE FUNCTION null('a Int8') FORMAT TSV\nx", 'x'],
    ['INSERT INTO t (* EXCEPT(b)) VALUES (1)', ' (1)'],
    ["INSERT INTO t SELECT a FROM input('a Int8') FORMAT TSV\nx", 'x'],
    ['/* VALUES */ INSERT INTO t -- FORMAT\n FORMAT RowBinary\n\u0001;\u0002', '\u0001;\u0002'],
  ])('finds where the rows of %j begin', (sql, rows) => {
    expect(data(sql)).toBe(rows);
  });

  it('leaves INSERT … SELECT alone', () => {
    expect(readStatement('INSERT INTO t SELECT 1 AS format, 2 AS values').kind).toBe('other');
    expect(readStatement('INSERT INTO t WITH 1 AS x SELECT x').kind).toBe('other');
  });

  it.each([
    ['', 'Empty query'],
    ['-- nothing', 'Empty query'],
    [' ; ', 'Empty query'],
    ['SELECT 1; SELECT 2', 'Multi-statements are not allowed'],
    ['INSERT INTO t SELECT 1; SELECT 2', 'Multi-statements are not allowed'],
    ['INSERT INTO t FORMAT CSV ; 1', "excessive ';' symbol"],
  ])('refuses %j as a syntax error', (sql, message) => {
    expect(() => readStatement(sql)).toThrow(
      expect.objectContaining({ code: 62, message: expect.stringContaining(message) as string }),
    );
  });

  it.each([
    ["SELECT ';'"],
    ['SELECT `;`'],
    ['SELECT 1 -- ; SELECT 2'],
    ['SELECT $a$;$a$'],
    ["SELECT 'it''s;'"],
    ["SELECT '\\';'"],
    ['SELECT 1;;'],
  ])('sees one statement in %s', (sql) => {
    expect(readStatement(sql).kind).toBe('select');
  });

  it('knows which subqueries are computed during analysis', () => {
    const scalar = (sql: string): unknown => readStatement(sql);
    expect(scalar('SELECT (SELECT 1)')).toMatchObject({ scalarSubquery: true });
    expect(scalar('WITH (SELECT 1) AS x SELECT x')).toMatchObject({ scalarSubquery: true });
    expect(scalar('SELECT 1 WHERE 1 IN (SELECT 1)')).toMatchObject({ scalarSubquery: true });
    expect(scalar('SELECT * FROM (SELECT 1)')).toMatchObject({ scalarSubquery: false });
    expect(scalar('WITH x AS (SELECT 1) SELECT * FROM x')).toMatchObject({ scalarSubquery: false });
  });

  it.each([
    ["KILL QUERY WHERE query_id = 'a'", ['a'], 'ASYNC'],
    ["KILL QUERY WHERE query_id='a' SYNC", ['a'], 'SYNC'],
    ["KILL QUERY WHERE query_id IN ('a', 'b') ASYNC FORMAT JSON", ['a', 'b'], 'ASYNC'],
    ["KILL QUERY WHERE user = 'a'", undefined, 'ASYNC'],
    ["KILL QUERY WHERE query_id = 'a' OR 1", undefined, 'ASYNC'],
    ["KILL QUERY WHERE query_id = 'a' 'b'", undefined, 'ASYNC'],
  ])('reads %s', (sql, ids, mode) => {
    expect(readStatement(sql)).toMatchObject({ kind: 'kill', ids, mode });
  });
});

describe('literals', () => {
  it.each([[''], ["it's"], ['back\\slash'], ["\\'"], ["two '' quotes"], ['tab\tnew\nline'], ['é🦆']])(
    '%j comes back from its literal',
    (text) => {
      expect(unquote(literal(text))).toBe(text);
    },
  );
});
