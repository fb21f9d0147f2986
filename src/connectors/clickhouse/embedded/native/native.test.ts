import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SpawnedServer } from '../spawned-server.ts';
import type { ClientOptions } from './native-client.ts';
import { NativeClient, wire } from './native-client.ts';

const ACCOUNT = { user: 'someone', password: 'p: w&é' };
let server: SpawnedServer;
beforeAll(async () => {
  const flags = ['--user', ACCOUNT.user, '--password', ACCOUNT.password, '--receive-timeout', '1.5'];
  server = await SpawnedServer.start({ flags, env: { TZ: 'Asia/Kolkata' } });
});
afterAll(() => server[Symbol.asyncDispose]());

const connect = (options: ClientOptions = {}): Promise<NativeClient> =>
  NativeClient.connect(server.nativePort, { ...ACCOUNT, ...options });

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing',
    (error: unknown) => error,
  );

/** Over HTTP, for a second view of what is there. */
async function overHttp(sql: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${ACCOUNT.user}:${ACCOUNT.password}`).toString('base64')}`;
  return (await fetch(server.url, { method: 'POST', body: sql, headers: { authorization } })).text();
}

const HEAVY = 'SELECT max(sipHash64(number)) FROM numbers(50000000000)';
const running = (text: string): Promise<string> =>
  overHttp(`SELECT count() FROM system.processes WHERE query LIKE '%${text}%' AND query NOT LIKE '%processes%'`);

const numbers = (values: readonly number[]): Buffer => Buffer.concat(values.map(wire.int32));
const strings = (values: readonly string[]): Buffer => Buffer.concat(values.map(wire.string));

// prettier-ignore -- a list of types reads better packed
const TYPES = [
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'Int128',
  'Int256',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'UInt128',
  'UInt256',
  'Float32',
  'Float64',
  'BFloat16',
  'Bool',
  'Decimal(9, 2)',
  'Decimal(18, 2)',
  'Decimal(38, 2)',
  'Decimal(76, 2)',
  'String',
  'FixedString(3)',
  'Date',
  'Date32',
  'DateTime',
  "DateTime('UTC')",
  "DateTime64(9, 'Europe/Berlin')",
  'Time',
  'Time64(3)',
  'IntervalDay',
  'UUID',
  'IPv4',
  'IPv6',
  "Enum8('a b' = 1, 'it\\'s, (x)' = 2)",
  "Enum16('x' = 1000)",
  'Nullable(Int8)',
  'Nullable(String)',
  'LowCardinality(String)',
  'LowCardinality(Nullable(String))',
  'LowCardinality(Int8)',
  'Array(String)',
  'Array(Array(Nullable(Int32)))',
  'Array(LowCardinality(String))',
  'Map(String, Array(Int8))',
  'Map(LowCardinality(String), String)',
  'Tuple(Int8, String)',
  'Tuple()',
  'Tuple(a Int8, `b c` Array(Tuple(x String, y Int8)))',
  'Array(Tuple(Int8, Map(String, Nullable(UUID))))',
  'Nested(x Int8, y LowCardinality(String))',
  'SimpleAggregateFunction(sum, Int64)',
  'Point',
  'Ring',
  'Polygon',
  'MultiPolygon',
  'LineString',
  'MultiLineString',
  'Variant(Int8, String, Array(Int8))',
  'Array(Variant(Int8, LowCardinality(String)))',
  'Dynamic',
  'JSON',
];

/** Values of the types that generateRandom does not know, by the number of the row. */
const MADE: ReadonlyMap<string, string> = new Map([
  ['BFloat16', 'toBFloat16(number)'],
  ['IntervalDay', 'toIntervalDay(number)'],
  ['Time', "'00:00:01'::Time"],
  ['Time64(3)', "'00:00:01.234'::Time64(3)"],
  ['Tuple()', 'tuple()'],
  ['Nested(x Int8, y LowCardinality(String))', '[(toInt8(number % 100), toString(number % 7))]'],
  [
    'Variant(Int8, String, Array(Int8))',
    `multiIf(number % 4 = 0, toInt8(number % 100)::Variant(Int8, String, Array(Int8)),
      number % 4 = 1, toString(number)::Variant(Int8, String, Array(Int8)),
      number % 4 = 2, [toInt8(number % 100)]::Variant(Int8, String, Array(Int8)), NULL)`,
  ],
  [
    'Array(Variant(Int8, LowCardinality(String)))',
    `arrayMap(x -> if(x % 2 = 0, toInt8(x)::Variant(Int8, LowCardinality(String)),
      toString(x)::LowCardinality(String)::Variant(Int8, LowCardinality(String))), range(number % 5))`,
  ],
  [
    'Dynamic',
    `multiIf(number % 4 = 0, number::Dynamic, number % 4 = 1, toString(number)::Dynamic,
      number % 4 = 2, [number]::Dynamic, NULL::Dynamic)`,
  ],
  ['JSON', `concat('{"a":{"b":', toString(number), '},"c":["x","', toString(number), '"]}')::JSON`],
]);

describe('the hello', () => {
  it('tells version and time zone, and brings into a database', async () => {
    await overHttp('CREATE DATABASE hello');
    await using client = await connect({ database: 'hello' });
    expect(server.version).toContain(client.version);
    expect(client.timezone).toBe('Asia/Kolkata');
    expect(await client.value('SELECT currentDatabase()')).toBe('hello');
    expect(await client.ping()).toBe(4);
  });

  it.each([
    [{ password: 'wrong' }, 516],
    [{ user: 'default' }, 516],
    [{ user: '', password: '' }, 516],
    [{ database: 'nowhere' }, 81],
    [{ revision: 54428 }, 344],
  ])('of %j is answered by exception %i', async (options, code) => {
    expect(await thrown(connect(options))).toMatchObject({ code });
  });

  it.each([54429, 54440, 54441, 54453, 54454, 54456, 54458, 54459, 54460, 54483])(
    'of revision %i is understood, and what follows',
    async (revision) => {
      await using client = await connect({ revision });
      await client.query('CREATE TEMPORARY TABLE t (a Int32)');
      if (client.revision >= 54454)
        await client.insert('INSERT INTO t VALUES', [wire.block([['a', 'Int32', numbers([7])]], 1)]);
      else await client.query('INSERT INTO t VALUES (7)');
      expect(await client.value("SELECT concat(toString(a), 'x') FROM t")).toBe('7x');
    },
  );
});

describe.each(['plain', 'lz4', 'none'] as const)('blocks %s', (frames) => {
  it('of a SELECT come behind a header, many of them', async () => {
    await using client = await connect({ frames });
    const { columns, rows, blocks, readRows } = await client.query(
      "SELECT number, toString(number) AS s, toDateTime(number, 'Europe/Berlin') AS t FROM numbers(200000)",
    );
    expect(columns).toEqual([
      ['number', 'UInt64'],
      ['s', 'String'],
      ['t', "DateTime('Europe/Berlin')"],
    ]);
    expect(rows).toHaveLength(200_000);
    expect(rows.every((row, index) => row[0] === index && row[1] === String(index) && row[2] === index)).toBe(true);
    expect([blocks > 1, readRows]).toEqual([true, 200_000]);
  });

  it('of an INSERT become rows, with defaults for what is not sent', async () => {
    await using client = await connect({ frames });
    await client.query(
      "CREATE OR REPLACE TABLE ins (a Int32, b String, d String DEFAULT concat('d\\t', b), m Int32 MATERIALIZED a + 1, l Int32 ALIAS a) ENGINE = MergeTree ORDER BY a",
    );
    const block = (from: number): Buffer => {
      const values = Array.from({ length: 5000 }, (_, index) => from + index);
      return wire.block(
        [
          ['a', 'Int32', numbers(values)],
          ['b', 'String', strings(values.map((value) => 'x'.repeat(value % 300)))],
        ],
        values.length,
      );
    };
    const { columns, description, result } = await client.insert('INSERT INTO ins (a, b) VALUES', [
      block(0),
      block(5000),
    ]);
    expect(columns).toEqual([
      ['a', 'Int32'],
      ['b', 'String'],
    ]);
    expect(description).toMatch(/^columns format version: 1\n5 columns:\n`a` Int32\n`b` String\n`d` String\tDEFAULT\t/);
    expect(result.writtenRows).toBe(10_000);
    expect(
      await client.query(
        "SELECT toString(count()), toString(sum(m)), toString(sum(length(b))), toString(countIf(d = concat('d\t', b))) FROM ins",
      ),
    ).toMatchObject({
      rows: [
        [
          '10000',
          '50005000',
          String(Array.from({ length: 10_000 }, (_, value) => value % 300).reduce((sum, one) => sum + one)),
          '10000',
        ],
      ],
    });
  });

  it('of a table beside the query are there for that query', async () => {
    await using client = await connect({ frames });
    const external = { e: wire.block([['n', 'Int32', numbers([1, 2, 39])]], 3) };
    expect(await client.value('SELECT toString(sum(n)) FROM e', { external })).toBe('42');
    expect(await thrown(client.query('SELECT * FROM e'))).toMatchObject({ code: 60 });
  });
});

describe('queries', () => {
  it.each([
    [
      'SELECT number, 1 AS one FROM numbers(0)',
      [
        ['number', 'UInt64'],
        ['one', 'UInt8'],
      ],
    ],
    ["SHOW TABLES LIKE 'nothing'", [['name', 'String']]],
    ['SELECT cluster FROM system.clusters', [['cluster', 'String']]],
    ["SELECT toDateTime(0, 'UTC') AS t WHERE 0", [['t', "DateTime('UTC')"]]],
  ])('%s has columns without rows', async (text, columns) => {
    await using client = await connect();
    expect(await client.query(text)).toMatchObject({ columns, rows: [] });
  });

  it.each([
    ['SELECT 1 FORMAT JSON', [[1]]],
    ['SELECT 1 /* a */ FORMAT /* b */ CSV -- c', [[1]]],
    ['SELECT 1 FORMAT TSV SETTINGS max_threads = 1', [[1]]],
    ["SELECT (SELECT 'x')", [['x']]],
    ["WITH a AS (SELECT 'é' AS b) SELECT b FROM a", [['é']]],
    ['(SELECT 1) UNION ALL (SELECT 1)', [[1], [1]]],
    ['EXISTS system.one', [[1]]],
    ['EXISTS system.two FORMAT CSV', [[0]]],
    ["SHOW DATABASES LIKE 'sys%'", [['system']]],
    ['SELECT NULL::Nullable(String)', [[null]]],
    ['CREATE DATABASE IF NOT EXISTS default', []],
  ])('%s', async (text, rows) => {
    await using client = await connect();
    expect((await client.query(text)).rows).toEqual(rows);
  });

  it('bind parameters', async () => {
    await using client = await connect();
    const parameters = { s: "it''s \\\\ \\t é", n: '7' };
    expect(await client.query('SELECT {s:String}, {n:UInt8}', { parameters })).toMatchObject({
      rows: [["it''s \\ \t é", 7]],
    });
  });

  it('take settings, which end with them; unknown ones fail when they are important', async () => {
    await using client = await connect();
    const settings = { max_threads: '3', session_timezone: 'UTC' };
    const read = "SELECT toString(getSetting('max_threads') = 3), timezone()";
    expect((await client.query(read, { settings })).rows).toEqual([['1', 'UTC']]);
    expect((await client.query(read)).rows).toEqual([['0', 'Asia/Kolkata']]);
    expect(await thrown(client.query('SELECT 1', { settings: { no_such: '1' } }))).toMatchObject({ code: 115 });
    expect((await client.query('SELECT 1', { unimportant: { no_such: '1' } })).rows).toEqual([[1]]);
  });

  it('fail by exceptions, after which the connection goes on', async () => {
    await using client = await connect();
    expect(await thrown(client.query('SELECT * FROM nope'))).toMatchObject({ code: 60 });
    expect(await thrown(client.query('SELEC'))).toMatchObject({
      code: 62,
      message: expect.stringContaining('failed at position 1') as string,
    });
    expect(await thrown(client.query('SELECT FROM FROM'))).toMatchObject({
      message: expect.stringMatching(/position 1?\d /) as string,
    });
    const late = "SELECT number, throwIf(number = 150000, 'boom') FROM numbers(200000) SETTINGS max_block_size = 10000";
    expect(await thrown(client.query(late))).toMatchObject({ code: 395 });
    expect(await client.value('SELECT 1')).toBe(1);
  });

  it('are cancelled in the engine, by a cancel, by KILL QUERY and when the client leaves', async () => {
    await using client = await connect();
    client.write(client.packets(HEAVY, { id: 'cancelled' }));
    await expect.poll(() => running('50000000000'), { timeout: 5000 }).toBe('1\n');
    client.cancel();
    expect(await client.result()).toMatchObject({ rows: [] });
    expect(await client.value('SELECT 1')).toBe(1);
    const killed = thrown(client.query(HEAVY, { id: 'killed' }));
    await expect.poll(() => running('50000000000'), { timeout: 5000 }).toBe('1\n');
    await using other = await connect();
    expect((await other.query("KILL QUERY WHERE query_id = 'killed'")).rows).toMatchObject([
      ['waiting', 'killed', 'someone', HEAVY],
    ]);
    expect(await killed).toMatchObject({ code: 394 });
    const leaves = await connect();
    leaves.write(leaves.packets(HEAVY, { id: 'leaves' }));
    await expect.poll(() => running('50000000000'), { timeout: 5000 }).toBe('1\n');
    await leaves[Symbol.asyncDispose]();
    await expect.poll(() => running('50000000000'), { timeout: 5000 }).toBe('0\n');
    const logged = (id: string): unknown => server.logged().find((line) => line.query_id === id);
    expect(logged('cancelled')).toMatchObject({ aborted: true, exception_code: 0 });
    expect(logged('killed')).toMatchObject({ aborted: false, exception_code: 394 });
    await expect.poll(() => logged('leaves'), { timeout: 5000 }).toMatchObject({ aborted: true });
  });
});

describe('an INSERT', () => {
  it.each([
    ['INSERT INTO cols', ['a', 'b c', 'n.x', 'd']],
    ['INSERT INTO default.cols FORMAT Native', ['a', 'b c', 'n.x', 'd']],
    ['INSERT INTO `cols` (`b c`, n.x) FORMAT CSV', ['b c', 'n.x']],
    ['insert into table cols ("a") values', ['a']],
    ['INSERT INTO cols (* EXCEPT a) SETTINGS max_threads = 1 VALUES ;', ['b c', 'n.x', 'd']],
    ["INSERT INTO FUNCTION null('q Int8, r String') VALUES", ['q', 'r']],
    ["INSERT INTO cols (a) SELECT q FROM input('q Int32') FORMAT Native", ['q']],
    ['INSERT INTO cols (e, a) VALUES', ['e', 'a']],
  ])('%s asks for the right columns', async (text, names) => {
    await using client = await connect();
    await client.query(
      'CREATE TABLE IF NOT EXISTS cols (a Int32, `b c` String, n Nested(x Int32), d Int32 DEFAULT 1, m Int32 MATERIALIZED 2, e Int32 EPHEMERAL) ENGINE = Memory',
    );
    const { columns } = await client.insert(text, []);
    expect(columns.map(([name]) => name)).toEqual(names);
  });

  it.each([
    ['INSERT INTO nope VALUES', 60],
    ['INSERT INTO system.one (nope) VALUES', 16],
    ['INSERT INTO', 62],
  ])('%s fails before rows are sent', async (text, code) => {
    await using client = await connect();
    expect(await thrown(client.insert(text, []))).toMatchObject({ code });
    expect(await client.value('SELECT 1')).toBe(1);
  });

  it('with rows in its text, from input() and into a temporary table', async () => {
    await using client = await connect();
    await client.query('CREATE TEMPORARY TABLE t (a Int32)');
    await client.query('INSERT INTO t VALUES (1), (2)');
    await client.query('INSERT INTO t FORMAT JSONEachRow {"a":3}');
    await client.query('INSERT INTO t SELECT 4');
    await client.insert("INSERT INTO t SELECT q + 1 FROM input('q Int32') FORMAT Native", [
      wire.block([['q', 'Int32', numbers([4])]], 1),
    ]);
    expect((await client.query('SELECT * FROM t ORDER BY a')).rows.flat()).toEqual([1, 2, 3, 4, 5]);
  });

  it('that fails keeps the connection, one that is cancelled inserts nothing', async () => {
    await using client = await connect();
    await client.query('CREATE OR REPLACE TABLE c (a Int32, CONSTRAINT positive CHECK a > 0) ENGINE = Memory');
    const block = (value: number): Buffer => wire.block([['a', 'Int32', numbers([value])]], 1);
    expect(await thrown(client.insert('INSERT INTO c VALUES', [block(1), block(-1)]))).toMatchObject({ code: 469 });
    client.write(client.packets('INSERT INTO c VALUES'));
    client.write(client.data(block(2)));
    client.cancel();
    await client.result();
    expect(await client.value('SELECT toString(count()) FROM c')).toBe('0');
  });

  it('of every type comes back as it went', async () => {
    await using client = await connect({ frames: 'lz4' });
    await using plain = await connect();
    const settings = {
      allow_suspicious_low_cardinality_types: '1',
      output_format_native_write_json_as_string: '1',
      flatten_nested: '0',
    };
    const names = TYPES.map((_, index) => `c${index}`);
    const columns = TYPES.map((type, index) => `c${index} ${type}`).join(', ');
    for (const table of ['every', 'every_copy']) {
      await client.query(`CREATE OR REPLACE TABLE ${table} (${columns}) ENGINE = Memory`, { settings });
    }
    const drawn = TYPES.flatMap((type, index) => (MADE.has(type) ? [] : [`c${index} ${type}`])).join(', ');
    const structure = drawn.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
    const values = TYPES.map((type, index) => MADE.get(type) ?? `r.c${index}`).join(', ');
    const random = `SELECT *, rowNumberInAllBlocks() AS number FROM generateRandom('${structure}', 1, 10, 3) LIMIT 500`;
    await client.query(`INSERT INTO every SELECT ${values} FROM (${random}) AS r`, { settings });
    const [, ...blocks] = await client.rawBlocks('SELECT * FROM every', { settings });
    const texts = (table: string): string =>
      `SELECT ${names.map((name) => `ifNull(toString(${name}), 'NULL') AS ${name}`).join(', ')}, rowNumberInAllBlocks() AS n FROM ${table}`;
    const same = names.map((name) => `toString(countIf(one.${name} = other.${name}))`).join(', ');
    for (const into of [client, plain]) {
      await into.query('TRUNCATE TABLE every_copy');
      await into.insert('INSERT INTO every_copy VALUES', blocks, { settings });
      const { rows } = await into.query(
        `SELECT ${same} FROM (${texts('every')}) AS one JOIN (${texts('every_copy')}) AS other USING n`,
      );
      const counts = Object.fromEntries(TYPES.map((type, index) => [type, rows[0]?.[index]]));
      expect(counts).toEqual(Object.fromEntries(TYPES.map((type) => [type, '500'])));
    }
  });

  it.each([
    ['AggregateFunction(sum, Int64)', Buffer.alloc(8), 'its bytes cannot be followed'],
    ['JSON', wire.uint64(0), 'JSON serialized in version 0'],
    ['LowCardinality(String)', wire.uint64(9), 'LowCardinality serialized in version 9'],
    ['Variant(Int8)', wire.uint64(1), 'mode 1'],
  ])('of a column of type %s that cannot be followed is refused, not guessed', async (type, bytes, why) => {
    await using client = await connect();
    await client.query('CREATE TEMPORARY TABLE t (a Int32)');
    const refused = await thrown(client.insert('INSERT INTO t VALUES', [wire.block([['a', type, bytes]], 1)]));
    expect(refused).toMatchObject({ code: 48, message: expect.stringContaining(why) as string });
  });
});

describe('clients at once', () => {
  it('have their own databases, settings and temporary tables, which end with them', async () => {
    await using one = await connect();
    await using other = await connect();
    await one.query('USE system');
    await one.query('SET max_threads = 77');
    await one.query('CREATE TEMPORARY TABLE own (a Int32)');
    await one.query('INSERT INTO own VALUES (1)');
    const state = "SELECT currentDatabase(), toString(getSetting('max_threads') = 77)";
    expect((await one.query(state)).rows).toEqual([['system', '1']]);
    expect(await one.value('SELECT a FROM own')).toBe(1);
    expect((await other.query(state)).rows).toEqual([['default', '0']]);
    expect(await thrown(other.query('SELECT a FROM own'))).toMatchObject({ code: 60 });
    expect(await overHttp(`${state} FORMAT CSV`)).toBe('"default","0"\n');
  });

  it('are served side by side', async () => {
    const clients = await Promise.all(Array.from({ length: 12 }, () => connect()));
    await Promise.all(
      clients.map(async (client, index) => {
        await client.query(`CREATE OR REPLACE TABLE side_${index} (a Int32) ENGINE = Memory`);
        const block = wire.block([['a', 'Int32', numbers([index, index])]], 2);
        for (let again = 0; again < 3; again += 1) await client.insert(`INSERT INTO side_${index} VALUES`, [block]);
        expect(await client.value(`SELECT toString(sum(a)) FROM side_${index}`)).toBe(String(index * 6));
        await client[Symbol.asyncDispose]();
      }),
    );
  });
});

describe('the query log', () => {
  it('has a line for each query, of both fronts, when its answer has come', async () => {
    await using client = await connect({ database: 'system' });
    await client.query('SELECT number FROM numbers(5)', { id: 'logged-5' });
    await thrown(client.query('SELECT * FROM nope', { id: 'logged-error' }));
    await client.query('CREATE TEMPORARY TABLE t (a Int32)');
    await client.insert('INSERT INTO t VALUES', [wire.block([['a', 'Int32', numbers([1, 2, 3])]], 3)], {
      id: 'logged-insert',
    });
    await overHttp('SELECT 1 /* logged */');
    const lines = server.logged();
    const common = { front: 'native', client_name: 'test client 26.7', user: ACCOUNT.user, database: 'system' };
    expect(lines.find((line) => line.query_id === 'logged-5')).toMatchObject({
      ...common,
      rows: 5,
      bytes: 40,
      exception_code: 0,
    });
    expect(lines.find((line) => line.query_id === 'logged-error')).toMatchObject({ ...common, exception_code: 60 });
    expect(lines.find((line) => line.query_id === 'logged-insert')).toMatchObject({
      ...common,
      query: 'INSERT INTO t VALUES',
      rows: 3,
    });
    expect(lines.find((line) => line.query.includes('logged */'))).toMatchObject({
      front: 'http',
      client_name: 'node',
    });
  });
});

describe('what a server does and this one does not is said', () => {
  it.each([
    ['SELECT 1 AS a, count() GROUP BY a WITH TOTALS'],
    ['SELECT * FROM (SELECT 1 AS a, count() GROUP BY a with /* */ totals)'],
    ['SELECT 1 SETTINGS extremes = 1'],
    ['SET extremes = 1'],
    ['SYSTEM SHUTDOWN'],
    ['CREATE USER u'],
    [Buffer.from("SELECT 'caf\u00e9'", 'latin1')],
  ])('%s', async (text) => {
    await using client = await connect();
    const refused = await thrown(client.query(text));
    expect(refused).toMatchObject({ code: 344, message: expect.stringContaining('not supported here: ') as string });
    expect(await client.value('SELECT 1')).toBe(1);
  });

  it('a block that is not compressed as anything known', async () => {
    await using client = await connect({ frames: 'lz4' });
    await client.query('CREATE TEMPORARY TABLE t (a Int32)');
    const frame = wire.frame(0x77, Buffer.alloc(8), 8);
    client.write(Buffer.concat([client.packets('INSERT INTO t VALUES'), wire.varint(2), wire.string(''), frame]));
    expect(await thrown(client.result())).toMatchObject({ code: 89 });
  });

  it('a packet that only servers send', async () => {
    await using client = await connect();
    client.write(wire.varint(5));
    expect(await thrown(client.result())).toMatchObject({ code: 344 });
  });
});

describe('clients that break the protocol', () => {
  const spooled = (): string[] => readdirSync(join(server.data, 'http-spool'));

  it('are told so by HTTP, if they take the port for its', async () => {
    const client = await NativeClient.raw(server.nativePort);
    client.write(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    expect((await client.rest()).toString()).toMatch(/^HTTP\/1\.0 400 Bad Request[^]*native protocol/);
  });

  it('are told by an exception, and the connection is closed', async () => {
    await using corrupt = await connect({ frames: 'lz4' });
    await corrupt.query('CREATE OR REPLACE TABLE corrupt (a Int32) ENGINE = Memory');
    const data = corrupt.data(wire.block([['a', 'Int32', numbers([1])]], 1));
    data[30] = (data[30] ?? 0) ^ 1;
    corrupt.write(Buffer.concat([corrupt.packets('INSERT INTO corrupt VALUES'), data]));
    expect(await thrown(corrupt.result())).toMatchObject({ code: 40 });
    await corrupt.rest();
    expect(await overHttp('SELECT count() FROM corrupt')).toBe('0\n');
    await using unknown = await connect();
    unknown.write(wire.varint(99));
    expect(await thrown(unknown.result())).toMatchObject({ code: 101 });
    await unknown.rest();
  });

  it('by leaving anywhere cost nothing', async () => {
    await overHttp('CREATE OR REPLACE TABLE cut (a Int32, s String) ENGINE = Memory');
    await using whole = await connect({ frames: 'lz4' });
    const block = wire.block(
      [
        ['a', 'Int32', numbers([1, 2])],
        ['s', 'String', strings(['x', 'y'.repeat(40)])],
      ],
      2,
    );
    const said = Buffer.concat([
      whole.hello(),
      wire.string(''),
      whole.packets('INSERT INTO cut VALUES'),
      whole.data(block),
    ]);
    await Promise.all(
      Array.from({ length: said.length }, async (_, length) => {
        const client = await NativeClient.raw(server.nativePort, ACCOUNT);
        client.write(Buffer.concat([said.subarray(0, length)]));
        client.finish();
        await client.rest();
      }),
    );
    expect(await overHttp('SELECT count() FROM cut')).toBe('0\n');
    await expect.poll(spooled).toEqual([]);
  });

  it('by garbage are shown out', async () => {
    let state = 42;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    await using whole = await connect({ frames: 'lz4' });
    const block = wire.block([['a', 'Array(LowCardinality(String))', Buffer.alloc(60, 1)]], 3);
    const said = Buffer.concat([
      whole.hello(),
      wire.string(''),
      whole.packets('INSERT INTO cut VALUES'),
      whole.data(block),
    ]);
    await Promise.all(
      Array.from({ length: 150 }, async (_, index) => {
        const client = await NativeClient.raw(server.nativePort, ACCOUNT);
        const bytes =
          index % 3 === 0 ? Buffer.from(Array.from({ length: 1 + random(300) }, () => random(256))) : Buffer.from(said);
        for (let wrong = 0; wrong < 1 + random(4); wrong += 1) bytes[random(bytes.length)] = random(256);
        client.write(bytes);
        client.finish();
        await client.rest();
      }),
    );
    expect(await overHttp('SELECT 1')).toBe('1\n');
    await expect.poll(spooled).toEqual([]);
  });

  it('by being slow are shown out, in their hello and in a block, but not between queries', async () => {
    const silent = await NativeClient.raw(server.nativePort, ACCOUNT);
    silent.write(silent.hello().subarray(0, 5));
    await using inserting = await connect();
    await inserting.query('CREATE TEMPORARY TABLE t (a Int32)');
    inserting.write(inserting.packets('INSERT INTO t VALUES'));
    inserting.write(inserting.data(wire.block([['a', 'Int32', numbers([1, 2])]], 2)).subarray(0, -3));
    const late = thrown(inserting.result());
    await using idle = await connect();
    await silent.rest();
    expect(await late).toMatchObject({ code: 209 });
    await delay(300);
    expect(await idle.value('SELECT 1')).toBe(1);
    // A query that takes longer is not a client that is slow.
    expect(await idle.value('SELECT sleep(2)')).toBe(0);
  });

  it('by not reading hold up nobody else', async () => {
    await using lazy = await connect();
    lazy.hold(true);
    lazy.write(lazy.packets('SELECT number, repeat(toString(number), 20) FROM numbers(3000000)', { id: 'lazy' }));
    await using other = await connect();
    expect(await other.value('SELECT 1')).toBe(1);
    // It is cut once it has taken nothing for the time that a packet may take.
    const gone = (): boolean | undefined =>
      server.logged().find((line) => line.query_id === 'lazy')?.exception_code === 209;
    await expect.poll(gone, { timeout: 8000 }).toBe(true);
  });

  it('leave a server behind that ends in order', async () => {
    await using client = await connect();
    const cut = thrown(client.query(HEAVY));
    await expect.poll(() => running('50000000000'), { timeout: 5000 }).toBe('1\n');
    expect(await server.end('SIGINT')).toEqual({ code: 0, signal: null });
    expect(String(await cut)).toContain('closed the connection');
  });
});
