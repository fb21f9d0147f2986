/** Every kind of Postgres type with its edge values, under names that need quoting: by snapshot and by log alike. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestClickHouse } from './testing/clickhouse.ts';
import { Pair } from './testing/pair.ts';
import { TestPostgres } from './testing/postgres.ts';

let postgres: TestPostgres;
let clickhouse: TestClickHouse;

beforeAll(async () => {
  [postgres, clickhouse] = await Promise.all([TestPostgres.start(), TestClickHouse.start()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([postgres[Symbol.asyncDispose](), clickhouse[Symbol.asyncDispose]()]);
});

const SETUP = [
  'CREATE SCHEMA "We ird"; CREATE EXTENSION hstore; CREATE EXTENSION citext',
  `CREATE TYPE mood AS ENUM ('sad', 'o''k', 'h"appy'); CREATE DOMAIN posint AS int CHECK (value > 0); CREATE DOMAIN money2 AS numeric(8,3)`,
  'CREATE TYPE comp AS (x int, "y y" text); CREATE TYPE "We ird"."Rng" AS RANGE (subtype = float8)',
  `CREATE TABLE "We ird"."T\`a""b ë Select" (
     "Id" int, "k""2" text, "a b" bool, "sel\`ect" smallint, "日本" bigint, "group" real, r8 double precision,
     n numeric, n2 numeric(76,20), n3 numeric(5,-2), n4 numeric(100,50), t text, v varchar(10), c char(8), by bytea,
     d date, ts timestamp, tz timestamptz, tm time, ttz timetz, iv interval, u uuid, j json, jb jsonb, x xml, b bit(5),
     vb varbit, ip inet, net cidr, mac macaddr, m money, rg int4range, mr int8multirange, ar int[], ar2 text[][],
     md mood, dm posint, d2 money2, cp comp, hs hstore, ci citext, pt point, bx box, tsv tsvector, lsn pg_lsn,
     wr "We ird"."Rng", mda mood[], o oid, ch "char", nm name, PRIMARY KEY ("k""2", "Id"))`,
];
const TABLE = '"We ird"."T`a""b ë Select"';

/** What both destinations can hold. */
const ROWS = [
  `1, E'a\\tb\\nc\\\\d', true, -32768, -9223372036854775808, 'NaN', '-Infinity', 'NaN',
   '-99999999999999999999999999999999999999999999999999999999.00000000000000000001', 12300, 1.5,
   E'\\ufeff\\\\N \\b\\f\\v\\r\\x01 😀 e\\u0301', ' x ', 'ab', '\\x00ff0a095c0d27', '1900-01-01', '2299-12-31 23:59:59.999999',
   '1969-12-31 23:59:59.5+00', '24:00', '12:00:00.123456-15:59', '-1 year 3 days -00:00:01.5',
   '6f2a1c80-0000-4000-8000-00000000abcd', '{"a": 1.0,  "a":2}', '{"big":123456789012345678901234567890.10,"u":"\\u00e9\\n"}',
   '<a>&amp;</a>', '10101', '1', '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '-1234.56', '[1,10)', '{[1,3),[5,7)}',
   '{1,NULL,3}', '{{a,"b,c"},{NULL,"\\"q\\\\"}}', 'h"appy', 5, 1.5, '(1,"a,b""")', 'a=>1, "b c"=>NULL', 'CiText', '(1.5,-0)',
   '(1,2),(3,4)', '''a b'':1A cat:2', '16/B374D848', '[1.5,2.5)', '{sad,NULL}', 4294967295, 'z', 'nm'`,
  `2, '', false, 0, 0, '-0', '5e-324', '1e-1300', NULL, NULL, 'NaN', '', '', '', '', '2000-02-29', '1900-01-01',
   '2299-12-31 23:59:59.999999+00', NULL, NULL, '0', NULL, 'null', 'null', NULL, NULL, '', '::1', NULL, NULL, NULL, 'empty',
   NULL, '{}', '{}', NULL, NULL, NULL, NULL, '', '', NULL, NULL, '', NULL, 'empty', NULL, 0, '', ''`,
  `3, '\\N', NULL, 32767, 9223372036854775807, 'Infinity', 1.7976931348623157e308, 'Infinity', 0.1, -100,
   ${Array<string>(40).fill('NULL').join(', ')}`,
];
/** What only Postgres can hold. */
const POSTGRES_ONLY = `4, 'k', NULL, NULL, NULL, NULL, 0.1, '-1e131000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0044-03-15 BC',
  'infinity', '-infinity', NULL, NULL, '178000000 years', ${Array<string>(29).fill('NULL').join(', ')}`;

function insert(rows: readonly string[], offset: number): string {
  return `INSERT INTO ${TABLE} VALUES ${rows.map((row) => `(${row.replace(/^\d+/, (id) => String(Number(id) + offset))})`).join(', ')}`;
}

async function transfer(pair: Pair, rows: readonly string[]): Promise<void> {
  const config = await pair.config('SNAPSHOT_AND_INCREMENT', { DBTables: ['We ird.*'] });
  await pair.source(insert(rows, 0));
  const { code, stderr } = await pair.work.run('activate', config);
  expect([code, stderr]).toEqual([0, '']);
  await using program = pair.work.start('replication', config);
  await program.printed('replicating');
  await pair.source(insert(rows, 100), `UPDATE ${TABLE} SET "Id" = "Id" + 100 WHERE "Id" > 100`);
  await pair.caughtUp();
}

test('Postgres to Postgres changes nothing', async () => {
  await using pair = await Pair.create(postgres, null, ...SETUP);
  await transfer(pair, [...ROWS, POSTGRES_ONLY]);
  const all = `SELECT t::text FROM ${TABLE} t ORDER BY "Id"`;
  const expected = await pair.original(all);
  expect(expected).toHaveLength(8);
  expect(await pair.destination(all)).toEqual(expected);
});

test('Postgres to ClickHouse holds every value, the same from the snapshot and from the log', async () => {
  await using pair = await Pair.create(postgres, clickhouse, ...SETUP);
  await transfer(pair, ROWS);
  const live = '{db}.`T\\`a"b ë Select` FINAL WHERE __data_transfer_delete_time = 0';
  const rows = `SELECT * EXCEPT (Id, __data_transfer_commit_time, __data_transfer_delete_time) FROM ${live}`;
  const first = await pair.destination(`${rows} AND Id < 100 ORDER BY Id`);
  const later = await pair.destination(`${rows} AND Id > 200 ORDER BY Id`);
  expect([first.length, later]).toEqual([3, first]);
  const said = await pair.destination(
    `SELECT toTypeName(tz), tz, toTypeName(n2), n2, n, hex(by), hex(t), c, iv, m, ar2, r8, toString(\`group\`) FROM ${live} AND Id = 1`,
  );
  const [text] = await pair.original(`SELECT encode(convert_to(t, 'UTF8'), 'hex') FROM ${TABLE} WHERE "Id" = 1`);
  expect(said).toEqual([
    [
      "Nullable(DateTime64(6, \\'UTC\\'))",
      '1969-12-31 23:59:59.500000',
      'Nullable(Decimal(76, 20))',
      '-99999999999999999999999999999999999999999999999999999999.00000000000000000001',
      'NaN',
      '00FF0A095C0D27',
      text?.toUpperCase(),
      'ab      ',
      '-1 years +3 days -00:00:01.5',
      '-$1,234.56',
      '{{a,"b,c"},{NULL,"\\\\"q\\\\\\\\"}}',
      '-inf',
      'nan',
    ].join('|'),
  ]);
  expect(await pair.destination(`SELECT n, r8, 1 / \`group\` FROM ${live} AND Id = 202`)).toEqual([
    `0.${'0'.repeat(1299)}1|5e-324|-inf`,
  ]);
});
