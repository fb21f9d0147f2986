/** Postgres's own types: what the binary decoders read must be what the text that psql prints says, edge by edge. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../core/canonical.ts';
import { showCell } from '../../core/canonical-show.ts';
import { type Column, printType } from '../../core/table.ts';
import type { Server, Session } from '../connector.ts';
import { postgres } from './index.ts';

let directory: string;
let server: Server;
let session: Session;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'e2e-native-'));
  chmodSync(directory, 0o755);
  const { signal } = new AbortController();
  server = await postgres.provision('embedded', { seed: 'native', directory, signal, own: () => undefined });
  session = await postgres.open(server.info, 'native');
});

afterAll(async () => {
  await session[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs statements, and describes the table that they made. */
async function make(name: string, statements: string) {
  await session.write({ kind: 'native', statements });
  const table = await session.describe({ name });
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

/** One column's cells in hexadecimal, ordered by the column `id`. */
async function cells(name: string, column: string, as: Comparison): Promise<string[]> {
  const table = await session.describe({ name });
  const find = (wanted: string): Column => {
    const found = table?.columns.find((candidate) => candidate.name === wanted);
    if (found === undefined) throw new Error(`no column ${wanted}`);
    return found;
  };
  const columns = [
    { column: find('id'), as: { as: 'number' } as const },
    { column: find(column), as },
  ];
  const rows: { id: bigint; cell: string }[] = [];
  for await (const batch of session.read({ table: table ?? { name, columns: [], key: [] }, columns })) {
    const bytes = Buffer.from(batch.bytes);
    for (let row = 0; row < batch.rows; row += 1) {
      const start = row === 0 ? 0 : (batch.cellEnds[row * 2 - 1] ?? 0);
      const middle = batch.cellEnds[row * 2] ?? 0;
      const cell = bytes.subarray(middle, batch.cellEnds[row * 2 + 1] ?? 0);
      rows.push({ id: bytes.readBigInt64LE(start + 1), cell: `${showCell(cell)} = ${cell.toString('hex')}` });
    }
  }
  return rows.sort((a, b) => Number(a.id - b.id)).map(({ cell }) => cell);
}

const NUMBER: Comparison = { as: 'number' };

/** Native type → what it is read as, and literals at its edges. */
const EDGES: readonly (readonly [native: string, as: Comparison, literals: readonly string[]])[] = [
  ['boolean', { as: 'bool' }, ['t', 'f']],
  ['smallint', NUMBER, ['-32768', '-1', '0', '32767']],
  ['integer', NUMBER, ['-2147483648', '-1', '0', '2147483647']],
  [
    'bigint',
    NUMBER,
    [
      '-9223372036854775808',
      '-9007199254740993',
      '-4294967297',
      '-4294967296',
      '-1',
      '0',
      '4294967295',
      '4294967296',
      '9223372036854775807',
    ],
  ],
  ['oid', NUMBER, ['0', '2147483648', '4294967295']],
  [
    'numeric',
    NUMBER,
    [
      ...[
        '0',
        '-0',
        '0.000',
        '1',
        '-1',
        '10',
        '9999',
        '10000',
        '10001',
        '-10000',
        '99999999',
        '100000000',
        '123456789012',
      ],
      ...['999999999999', '1000000000000', '9999999999999999', '10000000000000000', '9223372036854775807'],
      ...['9223372036854775808', '-9223372036854775808', '-9223372036854775809', '0.1', '-0.1', '0.0001', '0.00001'],
      ...['1.50', '100.001', '12345.6789', '123456789.000000001', '1e-16383', '-1e-16000', '1e131071', '9.99e1000'],
      ...['NaN', 'Infinity', '-Infinity', '0.00000000000000000000000000000000000001', '1e400'],
    ],
  ],
  ['numeric(20,5)', NUMBER, ['123456789012345.67891', '-0.00001', '0']],
  ['numeric(3,-2)', NUMBER, ['12300', '-99900']],
  ['numeric(2,5)', NUMBER, ['0.00099', '-0.00001']],
  [
    'real',
    { as: 'float', bits: 32 },
    ['0', '-0', '0.1', '-1.5', '1e-45', '3.4028235e38', 'NaN', 'Infinity', '-Infinity', '16777217'],
  ],
  [
    'double precision',
    { as: 'float' },
    ['0', '-0', '0.1', '5e-324', '1.7976931348623157e308', 'NaN', 'Infinity', '-Infinity', '1e22', '9007199254740993'],
  ],
  ['text', { as: 'text' }, ['', ' ', 'NULL', '\\N', '{}', 'é', 'e\u0301', '\u{1f600}']],
  ['varchar(5)', { as: 'text' }, ['', 'ab ', 'äöüßé']],
  ['name', { as: 'text' }, ['', 'pg_class']],
  ['xml', { as: 'text' }, ['<a>&amp;é</a>']],
  ['bytea', { as: 'bytes' }, ['', '\\x00', '\\xdeadbeef', '\\x5c78']],
  ['uuid', { as: 'uuid' }, ['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-ffff-FFFF-ffff-123456789abc']],
  [
    'date',
    { as: 'date' },
    [
      '1970-01-01',
      '1969-12-31',
      '2000-01-01',
      '2000-02-29',
      '1900-03-01',
      '0001-01-01',
      '0001-12-31 BC',
      '0005-02-29 BC',
      '4713-01-01 BC',
      '9999-12-31',
      '10000-01-01',
      '5874897-12-31',
      'infinity',
      '-infinity',
    ],
  ],
  ['time', { as: 'time' }, ['00:00:00', '00:00:00.000001', '12:34:56.789', '23:59:59.999999', '24:00:00']],
  ['time(0)', { as: 'time' }, ['12:34:56']],
  [
    'timestamp',
    { as: 'timestamp' },
    [
      ...['1970-01-01 00:00:00', '1969-12-31 23:59:59.999999', '2000-01-01 00:00:00', '1999-12-31 23:59:59.999999'],
      ...[
        '2024-02-29 12:34:56.000001',
        '1857-01-01 00:00:00.5',
        '1856-12-31 23:59:59.999999',
        '2142-12-31 00:00:00.000001',
      ],
      ...[
        '2143-01-01 00:00:00.999999',
        '0001-01-01 00:00:00',
        '0001-12-31 23:59:59.5 BC',
        '4713-11-24 00:00:00.000001 BC',
      ],
      ...['294276-12-31 23:59:59.999999', 'infinity', '-infinity'],
    ],
  ],
  [
    'timestamptz',
    { as: 'instant' },
    [
      '1970-01-01 00:00:00+00',
      '2024-03-31 02:30:00 Europe/Berlin',
      '2024-02-29 23:59:59.999999-12',
      '0044-03-15 12:00:00+00 BC',
      '294276-12-31 23:59:59.999999+00',
      'infinity',
      '-infinity',
    ],
  ],
  ['timestamptz(3)', { as: 'instant' }, ['2024-02-29 23:59:59.9994+05:45']],
  [
    'interval',
    { as: 'interval' },
    [
      ...[
        '0',
        '1 year 2 mons -3 days +04:05:06.7',
        '-00:00:00.000001',
        '178956970 years 7 mons',
        '-178956970 years -8 mons',
      ],
      ...[
        '1 mon',
        '30 days',
        '24:00:00',
        '-1 year +2 days',
        '2562047788:00:54.775807',
        '-2562047788:00:54.775807',
        'infinity',
        '-infinity',
      ],
    ],
  ],
  ['interval day to second(3)', { as: 'interval' }, ['1 day 02:03:04.567']],
  [
    'json',
    { as: 'json' },
    ['null', '{"b":1,"a":[1.0,2e0]}', '{"a":1,"a":2}', '"\\ud83d\\ude00\\u0000"', '1e400', '  [ ]  '],
  ],
  [
    'jsonb',
    { as: 'json' },
    [
      'null',
      '{"b":1,"a":[1.0,2e0]}',
      '{"a":1,"a":2}',
      '"\\ud83d\\ude00"',
      '1e400',
      '123456789012345678901234567890.10',
    ],
  ],
  ['integer[]', { as: 'array', of: NUMBER }, ['{}', '{1,NULL,-3}', '{{1,2},{3,NULL}}', '{{{1}},{{2}}}', '[0:1]={5,6}']],
  ['text[]', { as: 'array', of: { as: 'text' } }, ['{}', '{"",NULL,"NULL","a\\"b","{}",","}', '{{a,b},{c,"d e"}}']],
  ['numeric(10,2)[]', { as: 'array', of: NUMBER }, ['{1.5,NaN,NULL}']],
  ['timestamptz[]', { as: 'array', of: { as: 'instant' } }, ['{"2024-02-29 23:59:59+00",infinity}']],
  ['jsonb[]', { as: 'array', of: { as: 'json' } }, ['{"{\\"a\\": [1, \\"x\\"]}",NULL}']],
  ['bytea[]', { as: 'array', of: { as: 'bytes' } }, ['{"\\\\x00ff",NULL}']],
  ['bool[]', { as: 'array', of: { as: 'bool' } }, ['{t,f,NULL}']],
];

describe('native types', () => {
  beforeAll(async () => {
    // The same value twice: in its type, and as the text that its output function prints.
    const statements = EDGES.map(([native, , literals], index) => {
      const values = literals.map((literal, id) => `(${id}, '${literal.replaceAll("'", "''")}'::${native})`);
      const rows = [...values, `(${literals.length}, NULL)`].join(', ');
      return `CREATE TABLE edges_${index} (id int, v ${native}, t text);
              INSERT INTO edges_${index} (id, v) VALUES ${rows};
              UPDATE edges_${index} SET t = CASE WHEN v IS NOT NULL THEN format('%s', v) END`;
    });
    const settings = "SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'";
    await session.write({ kind: 'native', statements: [settings, ...statements].join(';\n') });
  });

  it.each(EDGES.map(([native, as, literals], index) => ({ native, as, literals, name: `edges_${index}` })))(
    '$native: bytes and text of a value are the same cell',
    async ({ as, literals, name }) => {
      const [binary, text] = await Promise.all([cells(name, 'v', as), cells(name, 't', as)]);
      expect(binary).toEqual(text);
      expect(binary).toHaveLength(literals.length + 1);
      expect(binary.filter((cell) => cell.startsWith('not of this type'))).toEqual([]);
      // And as text, whatever the type: what psql shows.
      expect(await cells(name, 'v', { as: 'text' })).toEqual(await cells(name, 't', { as: 'text' }));
    },
  );

  it('reads every microsecond of random moments right, near and far', async () => {
    await make(
      'moments',
      `SELECT setseed(0.1); CREATE TABLE moments AS
         SELECT id, v, v::text AS t FROM (
           SELECT id, timestamp '2000-01-01' + (random() - 0.5) * power(10, 4 + id % 14)::bigint * interval '1 microsecond' AS v
           FROM generate_series(1, 3000) id) s`,
    );
    expect(await cells('moments', 'v', { as: 'timestamp' })).toEqual(await cells('moments', 't', { as: 'timestamp' }));
  });

  it('reads random decimals of every length right', async () => {
    await make(
      'decimals',
      `SELECT setseed(0.2); CREATE TABLE decimals AS
         SELECT id, v, v::text AS t FROM (
           SELECT id, round((random()::numeric(17,15)::text || (random() * 1e15)::bigint)::numeric * power(10::numeric, id % 60 - 30), id % 50) * (id % 3 - 1) AS v
           FROM generate_series(1, 3000) id) s`,
    );
    expect(await cells('decimals', 'v', NUMBER)).toEqual(await cells('decimals', 't', NUMBER));
  });

  it('reads a float as the exact number that it holds', async () => {
    await make(
      'floats',
      `CREATE TABLE floats (id int, d float8, f float4, t text);
       INSERT INTO floats VALUES
         (1, 0.1, 0.1, '0.1000000000000000055511151231257827021181583404541015625'),
         (2, 5e-324, 1e-45, NULL), (3, 1e22, 1e10, '10000000000000000000000'), (4, '-0', '-0', '0'),
         (5, 'NaN', 'NaN', 'NaN'), (6, '-Infinity', 'Infinity', '-Infinity'), (7, -2.5, 3, '-2.5'),
         (8, 9007199254740994, 16777216, '9007199254740994'), (9, 1.7976931348623157e308, 1, NULL)`,
    );
    const exact = await cells('floats', 'd', NUMBER);
    const text = await cells('floats', 't', NUMBER);
    for (const row of [0, 2, 3, 4, 5, 6, 7]) expect(exact[row]).toBe(text[row]);
    expect(exact[1]).toMatch(/^4\.940656458412465441765687928682213723650598\d+e-324 /);
    expect((await cells('floats', 'f', NUMBER))[0]).toMatch(/^0\.100000001490116119384765625 /);
  });

  it('keeps the padding of char(n) and the missing mask of inet, as psql shows them', async () => {
    await make(
      'shown',
      `CREATE TABLE shown (id int, c char(5), i inet, b boolean, q "char", bits bit(3), tz timetz, m money, p point, r int4range);
       INSERT INTO shown VALUES (1, 'ab', '10.0.0.1', true, 'x', B'101', '12:00:00+02', 1.5, '(1,2)', '[1,5)')`,
    );
    const table = await session.describe({ name: 'shown' });
    const read = await Promise.all(
      (table?.columns ?? []).slice(1).map(({ name }) => cells('shown', name, { as: 'text' })),
    );
    expect(read.map(([cell]) => cell?.split(' = ')[0])).toEqual([
      ...['"ab   "', '"10.0.0.1"', '"t"', '"x"', '"101"', '"12:00:00+02"', '"$1.50"', '"(1,2)"', '"[1,5)"'],
    ]);
    expect(table?.columns.map(({ type }) => printType(type))).toEqual([
      ...['int32', 'text', 'text', 'bool', 'text', 'text', 'text', 'text', 'text', 'text'],
    ]);
  });

  it('sees through domains, and knows enums, arrays of them, composite and generated columns', async () => {
    const table = await make(
      'odd',
      `CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
       CREATE DOMAIN cents AS numeric(10,2) NOT NULL;
       CREATE DOMAIN price AS cents CHECK (VALUE >= 0);
       CREATE DOMAIN prices AS price[];
       CREATE TYPE pair AS (a int, b text);
       CREATE TABLE odd (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, ms mood[], p price, ps prices, pa pair,
                         twice numeric GENERATED ALWAYS AS (p * 2) STORED, virtual int GENERATED ALWAYS AS (id + 1) VIRTUAL);
       INSERT INTO odd (m, ms, p, ps, pa) VALUES ('it''s "ok"', '{sad,NULL}', 1.50, '{2.5}', '(1,x)'), (NULL, NULL, 0, NULL, ROW(NULL, NULL))`,
    );
    expect(
      table.columns.map(
        (column) => `${column.name} ${printType(column.type)} ${column.native ?? ''} ${column.nullable}`,
      ),
    ).toEqual([
      'id int32 integer false',
      'm text mood true',
      'ms array(text) mood[] true',
      'p decimal(10,2) price false',
      'ps array(decimal(10,2)) prices true',
      'pa text pair true',
      'twice decimal numeric true',
      'virtual int32 integer true',
    ]);
    const shown = async (column: string, as: Comparison): Promise<(string | undefined)[]> =>
      (await cells('odd', column, as)).map((cell) => cell.split(' = ')[0]);
    expect(await shown('m', { as: 'text' })).toEqual(['"it\'s \\"ok\\""', 'NULL']);
    expect(await shown('ms', { as: 'array', of: { as: 'text' } })).toEqual(['["sad", NULL]', 'NULL']);
    expect(await shown('p', NUMBER)).toEqual(['1.5', '0']);
    expect(await shown('ps', { as: 'array', of: NUMBER })).toEqual(['[2.5]', 'NULL']);
    expect(await shown('pa', { as: 'text' })).toEqual(['"(1,x)"', '"(,)"']); // a row of NULLs is no NULL
    expect(await shown('twice', NUMBER)).toEqual(['3', '0']);
    expect(await shown('virtual', NUMBER)).toEqual(['2', '3']);
  });

  it('lists a partitioned table once, other schemas too, and no table of an extension or of the system', async () => {
    await using other = await postgres.open(server.info, 'listing');
    await other.write({
      kind: 'native',
      statements: `
        CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
        CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
        INSERT INTO parts SELECT i, 'x' FROM generate_series(0, 19) i;
        CREATE SCHEMA "Other"; CREATE TABLE "Other"."parts" (v int);
        CREATE VIEW seen AS SELECT * FROM parts; CREATE TEMP TABLE passing (v int); CREATE SEQUENCE counting`,
    });
    expect(await other.tables()).toEqual([
      { schema: 'Other', name: 'parts' },
      { schema: 'public', name: 'parts' },
    ]);
    const parts = await other.describe({ name: 'parts' });
    expect(parts?.key).toEqual(['id']);
    expect(await other.describe({ schema: 'Other', name: 'parts' })).toMatchObject({ schema: 'Other', key: [] });
    let rows = 0;
    const columns = (parts?.columns ?? []).map((column) => ({ column, as: { as: 'text' } as const }));
    for await (const batch of other.read({ table: parts ?? { name: 'parts', columns: [], key: [] }, columns })) {
      rows += batch.rows;
    }
    expect(rows).toBe(20);
    expect(await other.describe({ name: 'seen' })).toMatchObject({ name: 'seen', key: [] });
  });

  it('shows values as psql does, for keys of every kind', async () => {
    const table = await make(
      'keyed',
      `CREATE TABLE keyed (d date, ts timestamptz, n numeric, b bytea, t text, v float8, PRIMARY KEY (d, ts, n, b, t));
       INSERT INTO keyed VALUES ('0044-03-15 BC', '2024-02-29 12:00:00.5+02', 1.50, '\\x00ff', 'a''b', 0.1),
                                ('2024-02-29', '0044-03-15 12:00:00+00 BC', -1e-20, '', '', NULL)`,
    );
    const as: Record<string, Comparison['as']> = {
      date: 'date',
      instant: 'instant',
      decimal: 'number',
      bytes: 'bytes',
      text: 'text',
      float: 'float',
    };
    const columns = table.columns.map((column) => ({
      column,
      as: { as: as[column.type.kind] ?? 'text' } as Comparison,
    }));
    const keys: Uint8Array[][] = [];
    for await (const batch of session.read({ table, columns })) {
      for (let row = 0; row < batch.rows; row += 1) {
        const ends = batch.cellEnds.subarray(row * 6, row * 6 + 6);
        const start = row === 0 ? 0 : (batch.cellEnds[row * 6 - 1] ?? 0);
        keys.push([0, 1, 2, 3, 4].map((cell) => batch.bytes.slice(cell === 0 ? start : ends[cell - 1], ends[cell])));
      }
    }
    expect(await session.show({ table, columns }, keys)).toEqual([
      { key: 0, cells: ['0044-03-15 BC', '2024-02-29 10:00:00.5+00', '1.50', '\\x00ff', "a'b", '0.1'] },
      { key: 1, cells: ['2024-02-29', '0044-03-15 12:00:00+00 BC', '-0.00000000000000000001', '\\x', '', null] },
    ]);
    expect(session.statementFor(table, { t: "a'b", d: '2024-02-29' })).toBe(
      `SELECT * FROM "public"."keyed" WHERE "t" = 'a''b' AND "d" = '2024-02-29';`,
    );
  });

  it('fails a read that the server breaks off after many rows', async () => {
    await make(
      'breaking',
      'CREATE VIEW breaking AS SELECT i AS id, 1 / (i - 150000) AS v FROM generate_series(1, 150000) i',
    );
    await expect(cells('breaking', 'v', NUMBER)).rejects.toThrow(
      /^reading public\.breaking from Postgres failed: division by zero/,
    );
  });

  it('does not let settings of native statements leak into the next change', async () => {
    await session.write({ kind: 'native', statements: 'SET statement_timeout = 1' });
    for (let turn = 0; turn < 10; turn += 1) {
      await session.write({ kind: 'native', statements: 'SELECT pg_sleep(0.01)' });
    }
  });

  it('takes back the first batch of keys when a later one fails', async () => {
    const table = await make(
      'guarded',
      `CREATE TABLE guarded (id int PRIMARY KEY);
       INSERT INTO guarded SELECT generate_series(1, 30000);
       CREATE TABLE guards (id int REFERENCES guarded);
       INSERT INTO guards VALUES (29999)`,
    );
    const keys = Array.from({ length: 30_000 }, (_, index) => [BigInt(index + 1)]);
    await expect(session.write({ kind: 'delete', table, keys })).rejects.toThrow(/violates foreign key/);
    expect(await cells('guarded', 'id', NUMBER)).toHaveLength(30_000);
  });

  it('lets rows of a published table without a key be updated and deleted', async () => {
    await using other = await postgres.open(server.info, 'published');
    const columns = [{ name: 'v', type: { kind: 'integer', bits: 32, signed: true } as const, nullable: true }];
    const table = { name: 'keyless', columns, key: [], locator: ['v'] };
    await other.create(table);
    await other.write({ kind: 'native', statements: 'CREATE PUBLICATION everything FOR ALL TABLES' });
    await other.write({ kind: 'insert', table, rows: [[1n], [2n]] });
    await other.write({ kind: 'update', table, keys: [[1n]], set: { v: 3n } });
    await other.write({ kind: 'delete', table, keys: [[2n]] });
  });

  it('reports a value that cannot be written with the row that it is in', async () => {
    const table = await make('strict', 'CREATE TABLE strict (id int PRIMARY KEY, v int)');
    const rows = [
      [1n, 1n],
      [2n, 99999999999n],
    ];
    await expect(session.write({ kind: 'insert', table, rows })).rejects.toThrow(
      /^insert on public\.strict failed: .*out of range.*line 2, column v/,
    );
  });
});
