/** A session on a real ClickHouse: what its types read as, what merging tables mean, and how failures are told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CanonicalWriter, type Comparison } from '../../core/canonical.ts';
import { showCell } from '../../core/canonical-show.ts';
import { writeText } from '../../core/canonical-text.ts';
import type { Table } from '../../core/table.ts';
import type { Server, Session } from '../connector.ts';
import { clickhouse } from './index.ts';
import { timeZoneFor } from '../../core/zones.ts';

/** Its zone has gaps: nothing passes because UTC has none. */
const SEED = '4';

let directory: string;
let server: Server;
let session: Session;

beforeAll(async () => {
  expect(timeZoneFor('clickhouse server', SEED)).toBe('Europe/Berlin');
  directory = await mkdtemp(join(tmpdir(), 'transfer-e2e-clickhouse-test-'));
  const { signal } = new AbortController();
  server = await clickhouse.provision('embedded', { seed: SEED, directory, signal, own: () => undefined });
  session = await clickhouse.open(server.info, 'clickhouse_types');
});

afterAll(async () => {
  await session[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const native = (statements: string): Promise<void> => session.write({ kind: 'native', statements });

let made = 0;

/** A keyless table with one column `c` and the given SQL values in it, in order. */
async function tableOf(type: string, values: readonly string[]): Promise<Table> {
  made += 1;
  const name = `t${made}`;
  await native(`
    CREATE TABLE ${name} (n UInt32, c ${type}) ENGINE = MergeTree ORDER BY n;
    ${values.map((value, index) => `INSERT INTO ${name} SELECT ${index}, ${value};`).join('\n')}`);
  const table = await session.describe({ name });
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

/** The cells of column `c`, in the order of insertion. */
async function cellsOf(table: Table, as: Comparison): Promise<Uint8Array[]> {
  const columns = (['n', 'c'] as const).map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Error(`${table.name} has no column ${name}`);
    return { column, as: name === 'n' ? ({ as: 'number' } as const) : as };
  });
  const rows: { readonly n: number; readonly cell: Uint8Array }[] = [];
  for await (const batch of session.read({ table, columns })) {
    const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
    for (let row = 0; row < batch.rows; row += 1) {
      const start = row === 0 ? 0 : (batch.cellEnds[row * 2 - 1] ?? 0);
      const middle = batch.cellEnds[row * 2] ?? 0;
      const n = Number(bytes.readBigInt64LE(start + 1));
      rows.push({ n, cell: batch.bytes.slice(middle, batch.cellEnds[row * 2 + 1]) });
    }
  }
  return rows.sort((a, b) => a.n - b.n).map(({ cell }) => cell);
}

async function shown(table: Table, as: Comparison): Promise<string[]> {
  return (await cellsOf(table, as)).map((cell) => showCell(cell));
}

/** What ClickHouse prints, as text and NULL. */
async function printed(table: Table): Promise<(string | null)[]> {
  return (await cellsOf(table, { as: 'text' })).map((cell) =>
    cell.length === 1 ? null : Buffer.from(cell.subarray(5)).toString('utf8'),
  );
}

const NUMBER = { as: 'number' } as const;
const TEXT = { as: 'text' } as const;
const arrayOf = (of: Comparison): Comparison => ({ as: 'array', of });

/** From one end of the type to the other; the texts that ClickHouse prints of them are read by another path. */
const BY_TEXT: readonly (readonly [type: string, as: Comparison, values: readonly string[]])[] = [
  ['Int8', NUMBER, ['-128', '127', '0']],
  ['UInt16', NUMBER, ['0', '65535']],
  ['Int32', NUMBER, ['-2147483648', '2147483647']],
  ['UInt32', NUMBER, ['4294967295']],
  ['Nullable(Int64)', NUMBER, ["'-9223372036854775808'", "'9223372036854775807'", 'NULL', "'-1'"]],
  ['UInt64', NUMBER, ["'18446744073709551615'", "'9223372036854775808'", "'9007199254740993'"]],
  ['Int128', NUMBER, ["'-170141183460469231731687303715884105728'", "'-1'", "'18446744073709551616'"]],
  ['UInt128', NUMBER, ["'340282366920938463463374607431768211455'"]],
  ['Int256', NUMBER, ["'-57896044618658097711785492504343953926634992332820282019728792003956564819968'", "'-1'"]],
  ['UInt256', NUMBER, ["'115792089237316195423570985008687907853269984665640564039457584007913129639935'"]],
  ['Decimal(9, 2)', NUMBER, ["'9999999.99'", "'-0.01'", "'-5'", "'100'"]],
  ['Decimal(18, 18)', NUMBER, ["'0.999999999999999999'", "'-0.000000000000000001'"]],
  ['Decimal(18, 0)', NUMBER, ["'-999999999999999999'"]],
  ['Decimal(38, 10)', NUMBER, ["'-1234567890123456789012345678.0123456789'", "'0.5'"]],
  ['Decimal(76, 38)', NUMBER, ["'99999999999999999999999999999999999999.99999999999999999999999999999999999999'"]],
  ['Nullable(Decimal(76, 0))', NUMBER, [`'-${'9'.repeat(76)}'`, 'NULL']],
  ['Bool', { as: 'bool' }, ['true', 'false']],
  ['Float64', { as: 'float' }, ['0', '-0.0', '0.1', '5e-324', '1.7976931348623157e308', 'nan', 'inf', '-inf']],
  ['Nullable(UUID)', { as: 'uuid' }, ["'00112233-4455-6677-8899-aabbccddeeff'", 'NULL']],
  ['Date', { as: 'date' }, ["'1970-01-01'", "'2149-06-06'"]],
  ['Date32', { as: 'date' }, ["'1900-01-01'", "'2299-12-31'", "'2024-02-29'"]],
  ['Date32', { as: 'timestamp' }, ["'1969-12-31'"]],
  [
    "DateTime('Europe/Berlin')",
    { as: 'timestamp' },
    ["'2024-03-31 01:59:59'", "'2024-03-31 03:00:00'", "'2024-10-27 02:30:00'"],
  ],
  [
    "DateTime('Asia/Kathmandu')",
    { as: 'timestamp' },
    ["'1985-12-31 23:59:59'", "'1986-01-01 00:15:00'", "'2105-12-31 23:59:59'"],
  ],
  [
    "DateTime64(9, 'Australia/Lord_Howe')",
    { as: 'timestamp' },
    ["'2024-04-07 01:45:00.123456789'", "'1900-01-02 00:00:00.000000001'"],
  ],
  [
    "Nullable(DateTime64(6, 'America/St_Johns'))",
    { as: 'timestamp' },
    ["'1969-12-31 23:59:59.999999'", 'NULL', "'2299-12-30 12:00:00'"],
  ],
  ["DateTime64(3, 'UTC')", { as: 'timestamp' }, ["'1900-01-01 00:00:00.001'", "'2024-02-29 23:59:59.999'"]],
  ["DateTime64(0, 'Africa/Monrovia')", { as: 'timestamp' }, ["'1950-01-01 00:00:00'"]],
  ["Array(DateTime64(2, 'Europe/Berlin'))", arrayOf({ as: 'timestamp' }), ["['2024-06-01 00:00:00.25']", '[]']],
  ['Time', { as: 'time' }, ["'-12:34:56'", "'99:59:59'"]],
  ['Time64(9)', { as: 'time' }, ["'23:59:59.999999999'", "'-00:00:00.000000001'"]],
  ["Enum8('a' = -1, 'it\\'s' = 2)", TEXT, ["'a'", "'it\\'s'"]],
  ['LowCardinality(Nullable(String))', TEXT, ["'x'", 'NULL', "''"]],
  ['LowCardinality(FixedString(3))', TEXT, ["'abc'", "'a'"]],
  ['IPv4', TEXT, ["'255.0.0.1'"]],
  ['IPv6', TEXT, ["'::ffff:1.2.3.4'", "'2001:db8::1'"]],
  ['Point', TEXT, ['(1.5, -2)']],
  ['Polygon', TEXT, ['[[(0, 0), (1, 0), (1, 1)]]']],
  ['Variant(String, UInt64)', TEXT, ["'x'::Variant(String, UInt64)", '7::UInt64::Variant(String, UInt64)', 'NULL']],
  ['Dynamic', TEXT, ["'x'::Dynamic", '1.5::Dynamic', 'NULL::Dynamic']],
  ['Array(Nullable(Int32))', arrayOf(NUMBER), ['[1, NULL, -3]', '[]']],
  ['Array(Array(LowCardinality(String)))', arrayOf(arrayOf(TEXT)), [`[['a', '\\'"\\\\,[]'], [], ['NULL']]`]],
  ['Array(Variant(String, UInt8))', arrayOf(TEXT), ["['a'::Variant(String, UInt8)]"]],
  ['Map(String, Nullable(UInt64))', { as: 'map', key: TEXT, value: NUMBER }, ["map('b', 1, 'a', NULL)", 'map()']],
  ['Map(UInt8, IPv4)', { as: 'map', key: NUMBER, value: TEXT }, ["map(2, toIPv4('1.2.3.4'), 1, toIPv4('0.0.0.0'))"]],
  ['Tuple(a UInt8, `b c` Nullable(String))', { as: 'tuple', of: [NUMBER, TEXT] }, ["(1, 'x')", '(2, NULL)']],
  ['SimpleAggregateFunction(max, Int64)', NUMBER, ['-5']],
  ['String', NUMBER, ["'1.50'", "'1e3'", "'none'"]],
  ['String', { as: 'json' }, [`'{"b":1,"a":[1.0]}'`, "'{'"]],
  ['UInt8', { as: 'bool' }, ['1', '0']],
  ['UInt8', TEXT, ['200']],
];

describe('a column', () => {
  it.each(BY_TEXT)('of %s read as %j is what its text says', async (type, as, values) => {
    const table = await tableOf(type, values);
    const writer = new CanonicalWriter();
    const fromText = (await printed(table)).map((text) => {
      if (text === null) writer.null();
      else writeText(writer, text, as);
      return showCell(writer.cut(0));
    });
    expect(fromText).toHaveLength(values.length);
    expect(await shown(table, as)).toEqual(fromText);
    expect(table.columns[1]?.native).toBe(type);
  });

  it('of DateTime without a zone has the fields of UTC, wherever the server is', async () => {
    const table = await tableOf('DateTime', ["toDateTime('2024-03-31 01:00:00', 'UTC')"]);
    const writer = new CanonicalWriter();
    writeText(writer, '2024-03-31 01:00:00', { as: 'timestamp' });
    expect(await shown(table, { as: 'timestamp' })).toEqual([showCell(writer.cut(0))]);
  });

  it.each([
    ['DateTime', ["'2024-03-31 03:00:00'"], 'toUnixTimestamp(c) * 1000000000'],
    [
      "DateTime64(9, 'Asia/Kathmandu')",
      ["'1985-12-31 23:59:59.123456789'", "'2262-04-11 00:00:00'"],
      'toUnixTimestamp64Nano(c)',
    ],
    ['DateTime64(6)', ["'1969-12-31 23:59:59.999999'", "'1901-01-01 00:00:00.000001'"], 'toUnixTimestamp64Nano(c)'],
    ['DateTime64(0)', ["'2100-01-01 00:00:00'"], 'toUnixTimestamp64Nano(c)'],
  ])('of %s read as a moment is the nanosecond that ClickHouse counts', async (type, values, nanoseconds) => {
    const table = await tableOf(type, values);
    await native(`CREATE VIEW ${table.name}_ns AS SELECT n, toInt64(${nanoseconds}) AS c FROM ${table.name}`);
    const view = await session.describe({ name: `${table.name}_ns` });
    if (view === undefined) throw new Error('no view');
    const counted = (await cellsOf(view, NUMBER)).map((cell) => Buffer.from(cell).readBigInt64LE(1));
    const read = (await cellsOf(table, { as: 'instant' })).map((cell) => {
      const bytes = Buffer.from(cell);
      return bytes.readBigInt64LE(1) * 1_000_000_000n + BigInt(bytes.readUInt32LE(9));
    });
    expect(read).toEqual(counted);
  });

  it('of floats read as numbers is the exact number that the bits hold', async () => {
    expect(await shown(await tableOf('Float32', ['0.1', '-0.0', '16777216', 'nan', '-inf']), NUMBER)).toEqual([
      '0.100000001490116119384765625',
      '0',
      '16777216',
      'NaN',
      '-infinity',
    ]);
    expect(await shown(await tableOf('BFloat16', ['0.1']), NUMBER)).toEqual(['0.099609375']);
    expect(await shown(await tableOf('Float32', ['0.1']), { as: 'float' })).toEqual(['0.10000000149011612']);
  });

  it('of String keeps bytes that are no characters, and keeps them apart from each other', async () => {
    const table = await tableOf('String', ["unhex('ff00')", "unhex('fe')", "''"]);
    const hex = async (as: Comparison): Promise<string[]> =>
      (await cellsOf(table, as)).map((cell) => Buffer.from(cell).toString('hex'));
    expect(await hex({ as: 'bytes' })).toEqual(['2102000000ff00', '2101000000fe', '2100000000']);
    expect(await hex(TEXT)).toEqual(['2002000000ff00', '2001000000fe', '2000000000']);
    expect(new Set(await hex(NUMBER)).size).toBe(3);
  });

  it('of FixedString is its bytes, and as text what ClickHouse prints', async () => {
    const table = await tableOf('FixedString(4)', ["'ab'", "'\\0\\0'", "'abcd'"]);
    expect(
      (await cellsOf(table, { as: 'bytes' })).map((cell) => Buffer.from(cell.subarray(5)).toString('hex')),
    ).toEqual(['61620000', '00000000', '61626364']);
    expect(await printed(table)).toEqual(['ab', '', 'abcd']);
  });

  it('of JSON and of collections reads as a JSON value', async () => {
    const json = await tableOf('JSON', [`'{"b":{"c":[1,2.50,"x"]},"a":9007199254740993}'`]);
    expect(json.columns[1]?.type).toEqual({ kind: 'json' });
    expect(await shown(json, { as: 'json' })).toEqual(['{"a":9007199254740993,"b":{"c":[1,2.5,"x"]}}']);
    const map = await tableOf('Map(String, Array(UInt64))', ["map('k', [18446744073709551615])"]);
    expect(await shown(map, { as: 'json' })).toEqual(['{"k":[18446744073709551615]}']);
  });

  it.each(['Variant(String, UInt64)', 'Dynamic'])('of %s tells NULL from the empty text', async (type) => {
    expect(await printed(await tableOf(type, [`NULL::${type}`, `''::${type}`]))).toEqual([null, '']);
  });

  it('of Nested reads as arrays, one for each of its parts', async () => {
    await native(`
      CREATE TABLE nested (n UInt32, c Nested(a Int8, b String)) ENGINE = MergeTree ORDER BY n;
      INSERT INTO nested VALUES (0, [1, 2], ['x', 'y'])`);
    const table = await session.describe({ name: 'nested' });
    expect(table?.columns.map(({ name, native: spelled }) => [name, spelled])).toEqual([
      ['n', 'UInt32'],
      ['c.a', 'Array(Int8)'],
      ['c.b', 'Array(String)'],
    ]);
  });

  it('that is computed from others is left out', async () => {
    await native(
      'CREATE TABLE computed (a Int8, b Int8 MATERIALIZED a, c Int8 ALIAS a, d Int8 DEFAULT 1) ENGINE = Log',
    );
    const table = await session.describe({ name: 'computed' });
    expect(table?.columns.map(({ name }) => name)).toEqual(['a', 'd']);
  });
});

describe('a table whose rows merge', () => {
  async function idsOf(name: string): Promise<string[]> {
    const table = await session.describe({ name });
    if (table === undefined) throw new Error(`no table ${name}`);
    expect(table.key).toEqual(['n']);
    const ids: string[] = [];
    for (const cell of await cellsOf(table, TEXT)) ids.push(showCell(cell));
    return ids;
  }

  it('reads as if they had merged', async () => {
    await native(`
      CREATE TABLE replacing (n UInt32, c String, version UInt8) ENGINE = ReplacingMergeTree(version) ORDER BY n;
      SYSTEM STOP MERGES replacing;
      INSERT INTO replacing VALUES (1, 'new', 2), (2, 'kept', 1);
      INSERT INTO replacing VALUES (1, 'old', 1);
      CREATE TABLE collapsing (n UInt32, c String, sign Int8) ENGINE = CollapsingMergeTree(sign) ORDER BY n;
      INSERT INTO collapsing VALUES (1, 'gone', 1), (2, 'stays', 1);
      INSERT INTO collapsing VALUES (1, 'gone', -1)`);
    expect(await idsOf('replacing')).toEqual(['"new"', '"kept"']);
    expect(await idsOf('collapsing')).toEqual(['"stays"']);
    expect(session.statementFor({ name: 'replacing', columns: [], key: ['n'] }, { n: '1' })).toBe(
      "SELECT * FROM `clickhouse_types`.`replacing` FINAL WHERE `n` = '1' FORMAT Vertical;",
    );
  });

  it("reads without the rows that an engine has marked deleted, and without the engine's own columns", async () => {
    await native(`
      CREATE TABLE marked (n UInt32, c String, __data_transfer_commit_time UInt64, __data_transfer_delete_time UInt64)
      ENGINE = ReplacingMergeTree(__data_transfer_commit_time) ORDER BY n;
      INSERT INTO marked VALUES (1, 'deleted', 1, 0), (2, 'kept', 1, 0), (3, 'again', 1, 0);
      INSERT INTO marked VALUES (1, 'deleted', 2, 2), (3, 'again', 2, 2);
      INSERT INTO marked VALUES (3, 'again', 3, 0)`);
    expect(await idsOf('marked')).toEqual(['"kept"', '"again"']);
    expect((await session.describe({ name: 'marked' }))?.columns.map(({ name }) => name)).toEqual(['n', 'c']);
  });
});

describe('a failure', () => {
  it('of the server within an answer is an error, however many rows came before it', async () => {
    await native(
      'CREATE VIEW breaking AS SELECT toUInt32(number) AS n, throwIf(number = 3000000) AS c FROM numbers(4000000)',
    );
    const table = await session.describe({ name: 'breaking' });
    if (table === undefined) throw new Error('no view');
    let rows = 0;
    const reading = (async () => {
      const columns = table.columns.map((column) => ({ column, as: NUMBER }));
      for await (const batch of session.read({ table, columns })) rows += batch.rows;
    })();
    await expect(reading).rejects.toThrow(/^ClickHouse refused "SELECT .* with code 395: .*throwIf/);
    expect(rows).toBeGreaterThan(0);
  });

  it.each([
    ['Int8', 'integer', 200n],
    ['Decimal(4, 2)', 'decimal', '1.234'],
    ['Decimal(4, 2)', 'decimal', '123'],
    ["DateTime64(3, 'UTC')", 'instant', '2024-01-01 00:00:00.0001Z'],
    ["DateTime64(3, 'UTC')", 'instant', '1899-12-31 23:59:59Z'],
    ["DateTime64(3, 'Europe/Berlin')", 'timestamp', '2024-01-01 00:00:00'],
    ['Float32', 'float', 0.1],
    ['String', 'text', null],
    ['Date', 'date', '1969-12-31'],
    ["Enum8('a' = 1)", 'text', 'b'],
  ] as const)('to hold a value, %s of %s %s, leaves no row behind', async (type, _kind, value) => {
    const table = await tableOf(type, ['defaultValueOfTypeName(' + `'${type.replaceAll("'", "\\'")}')`]);
    const rows = [...Array.from({ length: 3 }, (_, index) => [BigInt(index), value])];
    await expect(session.write({ kind: 'insert', table, rows })).rejects.toThrow(
      new RegExp(`^${table.name}\\.c: .* does not go into `),
    );
    expect(await cellsOf(table, TEXT)).toHaveLength(1);
  });

  it('to change a key, or to write in a transaction, says what to do instead', async () => {
    const table = await tableOf('String', ["'x'"]);
    await expect(session.write({ kind: 'update', table, keys: [[0n]], set: { n: 5n } })).rejects.toThrow(
      /cannot change n, which is part of the key; delete the rows and insert them anew/,
    );
    await expect(session.write({ kind: 'rekey', table, keys: [[0n]], newKeys: [[1n]] })).rejects.toThrow(/anew/);
    await expect(session.write({ kind: 'transaction', changes: [], rollback: false })).rejects.toThrow(
      /no transactions/,
    );
  });
});

describe('rows', () => {
  it('without a key are addressed by their locator, NULL included', async () => {
    await native('CREATE TABLE bag (a Nullable(Int32), c String) ENGINE = MergeTree ORDER BY tuple()');
    const described = await session.describe({ name: 'bag' });
    if (described === undefined) throw new Error('no table');
    const table: Table = { ...described, locator: ['a'] };
    await session.write({
      kind: 'insert',
      table,
      rows: [
        [null, 'n'],
        [0n, 'zero'],
        [1n, 'one'],
      ],
    });
    await session.write({ kind: 'update', table, keys: [[null], [1n]], set: { c: 'hit' } });
    await session.write({ kind: 'delete', table, keys: [[0n]] });
    const columns = table.columns.map((column) => ({ column, as: TEXT }));
    const batches: string[] = [];
    for await (const batch of session.read({ table, columns }))
      batches.push(Buffer.from(batch.bytes).toString('latin1'));
    expect(batches.join('')).not.toContain('zero');
    expect(batches.join('').match(/hit/g)).toHaveLength(2);
  });

  it('are shown as ClickHouse prints them', async () => {
    const table = await tableOf('Array(Nullable(DateTime64(3)))', ["['2024-01-01 00:00:00.5', NULL]", '[]']);
    const columns = table.columns.map((column) => ({ column, as: column.name === 'n' ? NUMBER : TEXT }));
    const writer = new CanonicalWriter();
    writer.int(0);
    const here = writer.cut(0);
    writer.int(9);
    const gone = writer.cut(0);
    expect(await session.show({ table, columns }, [[gone], [here]])).toEqual([
      { key: 1, cells: ['0', "['2024-01-01 00:00:00.500',NULL]"] },
    ]);
  });
});
