import { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SpawnedServer } from './spawned-server.ts';

const ACCOUNT = { username: 'someone', password: 'p: w&é' };
let server: SpawnedServer;
let client: ClickHouseClient;
beforeAll(async () => {
  server = await SpawnedServer.start({ flags: ['--user', ACCOUNT.username, '--password', ACCOUNT.password] });
  client = connect();
});
afterAll(async () => {
  await client.close();
  await server[Symbol.asyncDispose]();
});

function connect(options: Parameters<typeof createClient>[0] = {}): ClickHouseClient {
  return createClient({ url: server.url, ...ACCOUNT, log: { level: ClickHouseLogLevel.OFF }, ...options });
}

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing',
    (error: unknown) => error,
  );

describe.each([
  ['plain', false],
  ['compressed', true],
])('@clickhouse/client, %s', (_, compress) => {
  const own = (): ClickHouseClient => connect({ compression: { request: compress, response: compress } });

  it('pings, creates, inserts and reads', async () => {
    await using one = own();
    expect(await one.ping({ select: true })).toEqual({ success: true });
    await one.command({ query: 'CREATE OR REPLACE TABLE t (a Int32, b String) ENGINE = MergeTree ORDER BY a' });
    const objects = Readable.from(Array.from({ length: 10_000 }, (__, a) => ({ a, b: `row ${a} é` })));
    const { summary } = await one.insert({ table: 't', values: objects, format: 'JSONEachRow' });
    expect(summary?.written_rows).toBe('10000');
    await one.insert({ table: 't', values: [[-1, "it's"]], format: 'JSONCompactEachRow', columns: ['a', 'b'] });
    const result = await one.query({
      query: 'SELECT count() AS n, min(b) AS first FROM t WHERE a < {limit:Int32} AND b != {not:String}',
      query_params: { limit: 5000, not: "row '\t\\" },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ n: 5001, first: "it's" }]);
  });

  it('streams millions of rows', async () => {
    await using one = own();
    const result = await one.query({ query: 'SELECT number FROM numbers(1000000)', format: 'JSONCompactEachRow' });
    let rows = 0;
    for await (const batch of result.stream()) rows += batch.length;
    expect(rows).toBe(1_000_000);
  });

  it.each(['JSON', 'JSONCompact', 'JSONStrings', 'JSONColumnsWithMetadata', 'JSONObjectEachRow'] as const)(
    'reads %s',
    async (format) => {
      await using one = own();
      const result = await one.query({ query: 'SELECT 1 AS a', format });
      expect(JSON.stringify(await result.json())).toContain('"a"');
    },
  );
});

describe('exceptions', () => {
  it.each([
    ['SELECT * FROM nope', '60', 'UNKNOWN_TABLE'],
    ['selec', '62', 'SYNTAX_ERROR'],
    ["SELECT throwIf(1, 'boom')", '395', 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
  ])('of %s are typed', async (query, code, type) => {
    const error = await thrown(client.command({ query }));
    expect(error).toBeInstanceOf(ClickHouseError);
    expect(error).toMatchObject({ code, type });
  });

  it('after millions of rows are typed', async () => {
    const query =
      "SELECT number, throwIf(number = 2900000, 'boom') FROM numbers(3000000) SETTINGS max_block_size = 65000";
    const result = await client.query({ query, format: 'JSONEachRow' });
    let rows = 0;
    const read = (async () => {
      for await (const batch of result.stream()) rows += batch.length;
    })();
    expect(await thrown(read)).toMatchObject({ code: '395' });
    expect(rows).toBeGreaterThan(1_000_000);
  });

  it('of the wrong password or user say so', async () => {
    for (const account of [{ password: 'wrong' }, { username: 'default' }, { password: '' }]) {
      await using other = connect(account);
      expect(await thrown(other.query({ query: 'SELECT 1' }))).toMatchObject({
        code: '516',
        type: 'AUTHENTICATION_FAILED',
      });
    }
    const mixed = await fetch(`${server.url}/?user=x&query=SELECT%201`, { headers: { 'X-ClickHouse-User': 'x' } });
    expect([mixed.status, await mixed.text()]).toEqual([403, expect.stringContaining('simultaneously')]);
  });
});

describe('aborting', () => {
  it('a query stops it', async () => {
    const leave = new AbortController();
    const query = 'SELECT max(sipHash64(number)) FROM numbers(50000000000)';
    const aborted = thrown(client.query({ query, abort_signal: leave.signal, query_id: 'leaves' }));
    setTimeout(() => leave.abort(), 100);
    expect(String(await aborted)).toContain('aborted');
    const others = async (): Promise<unknown> =>
      (await client.query({ query: 'SELECT count() - 1 AS n FROM system.processes', format: 'JSONEachRow' })).json();
    await expect.poll(others, { timeout: 5000 }).toEqual([{ n: 0 }]);
    await expect.poll(() => server.logged().find((line) => line.query_id === 'leaves')?.aborted).toBe(true);
  });
});

describe('a session of the client', () => {
  it('serves one query after the other without being locked', async () => {
    await using one = connect({ session_id: 'client' });
    await one.command({ query: 'CREATE TEMPORARY TABLE t (a Int8)' });
    for (let a = 0; a < 30; a += 1) await one.insert({ table: 't', values: [{ a }], format: 'JSONEachRow' });
    const result = await one.query({ query: 'SELECT count() AS n FROM t', format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ n: 30 }]);
  });
});
