import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SpawnedServer } from './spawned-server.ts';

let server: SpawnedServer;
beforeAll(async () => {
  server = await SpawnedServer.start({ env: { TZ: 'Asia/Kolkata' } });
});
afterAll(() => server[Symbol.asyncDispose]());

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${server.url}${path}`, init);

/** Polls until `look` says true. */
async function eventually(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`waited 5 s for: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

const otherQueries = async (): Promise<string> =>
  (await server.text("SELECT count() FROM system.processes WHERE query NOT LIKE '%system.processes%'")).trim();
const spooled = (): string[] => readdirSync(join(server.data, 'http-spool'));

const HEAVY = 'SELECT max(sipHash64(number)) FROM numbers(50000000000)';
const MANY = 'SELECT number, toString(number) AS s FROM numbers(3000000)';

describe('paths', () => {
  it.each(['/', '/ping', '/replicas_status'])('%s is Ok.', async (path) => {
    const response = await get(path);
    expect([response.status, await response.text()]).toEqual([200, 'Ok.\n']);
    expect((await get(path, { method: 'HEAD' })).status).toBe(200);
  });

  it('another path is not found', async () => {
    const response = await get('/nothing');
    expect(response.status).toBe(404);
    expect(await response.text()).toMatch(/^There is no handle \/nothing\n/);
  });
});

describe('queries', () => {
  it('come in the URL, in the body, or in both', async () => {
    expect(await (await get('/?query=SELECT%201')).text()).toBe('1\n');
    expect(await server.text('SELECT 2')).toBe('2\n');
    expect(await server.text('3', { query: 'SELECT' })).toBe('3\n');
  });

  it('answer with the headers of the interface', async () => {
    const response = await server.post('SELECT 1 AS a FORMAT JSONEachRow', { query_id: 'headers' });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-ndjson; charset=UTF-8',
      'x-clickhouse-format': 'JSONEachRow',
      'x-clickhouse-query-id': 'headers',
      'x-clickhouse-timezone': 'Asia/Kolkata',
      'x-clickhouse-server-display-name': expect.stringMatching(/./) as string,
    });
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ result_rows: '1' });
    expect(await response.text()).toBe('{"a":1}\n');
  });

  it('take format and database from parameters and headers', async () => {
    expect(
      await server.text('SELECT currentDatabase() AS d', { database: 'system', default_format: 'JSONEachRow' }),
    ).toBe('{"d":"system"}\n');
    const headers = { 'X-ClickHouse-Database': 'system', 'X-ClickHouse-Format': 'CSV' };
    expect(await (await server.post('SELECT currentDatabase()', {}, { headers })).text()).toBe('"system"\n');
    expect(await server.text('SELECT 1 FORMAT TSVWithNames', { default_format: 'CSV' })).toBe('1\n1\n');
  });

  it('by GET cannot change anything', async () => {
    const response = await get('/?query=CREATE%20TABLE%20no%20(a%20Int8)%20ENGINE%3DMemory');
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('164');
    expect(await server.text('EXISTS no')).toBe('0\n');
  });

  it('bind parameters as they are escaped in TabSeparated', async () => {
    expect(
      await server.text("SELECT {s:String} = 'a\\tb\\\\c\\'' AND {n:Nullable(Int8)} IS NULL", {
        param_s: "a\\tb\\\\c'",
        param_n: '\\N',
      }),
    ).toBe('1\n');
    expect(await server.text('SELECT {a:Array(String)}[2]', { param_a: "['x','it\\'s']" })).toBe("it\\'s\n");
    expect(await server.text('SELECT {missing:String}')).toContain('Code: 456');
  });

  it('bind long parameters from a form', async () => {
    const form = new FormData();
    form.append('query', 'SELECT length({s:String}), {n:Int8} FORMAT CSV');
    form.append('param_s', 'é'.repeat(300_000));
    form.append('param_n', '7');
    expect(await (await fetch(server.url, { method: 'POST', body: form })).text()).toBe('600000,7\n');
  });

  it('of many clients at once keep their own databases, settings and parameters', async () => {
    await server.text('CREATE DATABASE other');
    const asked = Array.from({ length: 40 }, (_, index) => ({
      database: ['default', 'system', 'other'][index % 3] ?? '',
      max_threads: String((index % 7) + 1),
      param_n: String(index),
    }));
    const answers = await Promise.all(
      asked.map((one) => server.text("SELECT currentDatabase(), getSetting('max_threads'), {n:Int32} FORMAT CSV", one)),
    );
    expect(answers).toEqual(asked.map((one) => `"${one.database}",${one.max_threads},${one.param_n}\n`));
  });

  it('leak neither USE nor SET nor temporary tables', async () => {
    await server.text('USE system');
    await server.text('SET max_threads = 77');
    await server.text('CREATE TEMPORARY TABLE leak (a Int8)');
    expect(await server.text("SELECT currentDatabase(), getSetting('max_threads') = 77")).toBe('default\t0\n');
    expect(await server.text('SELECT * FROM leak')).toContain('Code: 60');
  });

  it('have their times in session_timezone, and say so', async () => {
    const response = await server.post('SELECT toDateTime(0)', { session_timezone: 'America/New_York' });
    expect(response.headers.get('x-clickhouse-timezone')).toBe('America/New_York');
    expect(await response.text()).toBe('1969-12-31 19:00:00\n');
    expect(await server.text('SELECT toDateTime(0)')).toBe('1970-01-01 05:30:00\n');
  });

  it('by HEAD have headers only', async () => {
    const response = await get('/?query=SELECT%201%20FORMAT%20CSV', { method: 'HEAD' });
    expect([response.status, response.headers.get('x-clickhouse-format')]).toEqual([200, 'CSV']);
  });
});

describe('sessions', () => {
  it('keep temporary tables, SET and USE for those who name them', async () => {
    const session = { session_id: 'keep' };
    await server.text('CREATE TEMPORARY TABLE mine (a Int8)', session);
    await server.text('INSERT INTO mine FORMAT CSV\n5', session);
    await server.text('SET max_threads = 3', session);
    await server.text('USE system', session);
    const state = "SELECT (SELECT sum(a) FROM mine), getSetting('max_threads'), currentDatabase() FORMAT CSV";
    expect(await server.text(state, { ...session, max_threads: '5', database: 'default' })).toBe('5,5,"default"\n');
    expect(await server.text(state, session)).toBe('5,3,"system"\n');
    expect(await server.text('SELECT * FROM mine', { session_id: 'another' })).toContain('Code: 60');
    await server.text('SELECT 1', { ...session, close_session: '1' });
    expect(await server.text('SELECT * FROM mine', session)).toContain('Code: 60');
  });

  it('are used by one query at a time, and are refused when unknown', async () => {
    const answers = await Promise.all([1, 2].map(() => server.text('SELECT sleep(0.3)', { session_id: 'busy' })));
    expect(answers.sort().map((text) => text.slice(0, 9))).toEqual(['0\n', 'Code: 373']);
    expect(await server.text('SELECT 1', { session_id: 'unknown', session_check: '1' })).toContain('Code: 372');
    expect(await server.text('SELECT 1', { session_id: 'x', session_timeout: '3601' })).toContain('Code: 374');
  });
});

describe('rows of an INSERT', () => {
  beforeAll(() => server.text("CREATE TABLE rows (a Int32, b String DEFAULT 'd') ENGINE = MergeTree ORDER BY a"));
  const insert = async (sql: string, body: string | Uint8Array): Promise<string> => {
    await server.text('TRUNCATE TABLE rows');
    const said = await server.text(body, { query: sql });
    return said + (await server.text('SELECT * FROM rows ORDER BY a FORMAT CSV'));
  };
  const binary = Buffer.from([1, 0, 0, 0, 2, 0xff, 0x00]);

  it.each<[string, string | Uint8Array, string]>([
    ['INSERT INTO rows FORMAT JSONEachRow', '{"a":1}\n{"a":2,"b":"x"}', '1,"d"\n2,"x"\n'],
    ['INSERT INTO rows FORMAT JSONCompactEachRow', '[1,"x"]', '1,"x"\n'],
    ['INSERT INTO rows FORMAT CSV', '1,"a\nb"\n2,c', '1,"a\nb"\n2,"c"\n'],
    ['INSERT INTO rows FORMAT CSVWithNames', 'b,a\nx,1', '1,"x"\n'],
    ['INSERT INTO rows FORMAT TabSeparated', '1\ta\\tb\n', '1,"a\tb"\n'],
    ['INSERT INTO rows VALUES', "(1, 'it''s'), (1 + 1, lower('X'))", '1,"it\'s"\n2,"x"\n'],
    ["INSERT INTO rows (a) SELECT z + 1 FROM input('z Int32') FORMAT CSV", '1\n2', '2,"d"\n3,"d"\n'],
    ['INSERT INTO rows SETTINGS input_format_defaults_for_omitted_fields = 1 FORMAT JSONEachRow', '{"a":1}', '1,"d"\n'],
    ['INSERT INTO rows FORMAT JSONEachRow', '', ''],
    ["INSERT INTO rows SELECT number, 's' FROM numbers(2)", '', '0,"s"\n1,"s"\n'],
  ])('%s', async (sql, body, rows) => {
    expect(await insert(sql, body)).toBe(rows);
  });

  it('may follow the statement in the body, and are bytes', async () => {
    await server.text('TRUNCATE TABLE rows');
    await server.text(Buffer.concat([Buffer.from('INSERT INTO rows FORMAT RowBinary\n'), binary]));
    expect(await server.text('SELECT a, hex(b) FROM rows FORMAT CSV')).toBe('1,"FF00"\n');
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('may be compressed by %s', async (encoding, compress) => {
    await server.text('TRUNCATE TABLE rows');
    const init = { headers: { 'Content-Encoding': encoding }, body: compress('INSERT INTO rows FORMAT CSV\n1,x') };
    expect((await server.post('', {}, init)).status).toBe(200);
    expect(await server.text('SELECT * FROM rows FORMAT CSV')).toBe('1,"x"\n');
  });

  it.each([
    'Native',
    'Parquet',
    'Arrow',
    'ArrowStream',
    'ORC',
    'Avro',
    'MsgPack',
    'RowBinaryWithNamesAndTypes',
    'BSONEachRow',
    'TSKV',
    'JSONCompactEachRowWithNamesAndTypes',
    'JSON',
    'JSONColumns',
    'Values',
  ])('of a result in %s go back in', async (format) => {
    await insert('INSERT INTO rows FORMAT CSV', '1,a\n2,"b\nc"');
    const result = new Uint8Array(
      await (await server.post(`SELECT * FROM rows ORDER BY a FORMAT ${format}`)).arrayBuffer(),
    );
    expect(await insert(`INSERT INTO rows FORMAT ${format}`, result)).toBe('1,"a"\n2,"b\nc"\n');
  });

  it('are all or nothing to the client that sends a bad one', async () => {
    const response = await server.post('1,a\nbad,b', { query: 'INSERT INTO rows FORMAT CSV' });
    const said = await response.text();
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([400, '27']);
    expect(said).toContain('(at row 2)');
    expect(said).not.toContain('http-spool');
  });

  it('of an upload that breaks off are not inserted', async () => {
    await server.text('TRUNCATE TABLE rows');
    const upload = httpRequest(`${server.url}/?query=INSERT%20INTO%20rows%20FORMAT%20CSV`, { method: 'POST' });
    upload.on('error', () => undefined);
    upload.write('1,a\n'.repeat(400_000));
    await eventually('the upload is spooled', () => spooled().length > 0);
    upload.destroy();
    await eventually('its file is gone', () => spooled().length === 0);
    expect(await server.text('SELECT count() FROM rows')).toBe('0\n');
  });

  it('do not fill the memory', async () => {
    await server.text('TRUNCATE TABLE rows');
    const rows = Buffer.from(Array.from({ length: 10_000 }, (_, index) => `${index},${'x'.repeat(90)}\n`).join(''));
    const body = Readable.toWeb(Readable.from(Array.from({ length: 100 }, () => rows)));
    const response = await server.post(
      '',
      { query: 'INSERT INTO rows FORMAT CSV' },
      {
        body: body as ReadableStream,
        duplex: 'half',
      },
    );
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '1000000' });
    expect(await server.text('SELECT count() FROM rows')).toBe('1000000\n');
    expect(peakMegabytes()).toBeLessThan(1200);
    await server.text('TRUNCATE TABLE rows');
  });
});

/** Most resident memory so far, where the system tells (Linux). */
function peakMegabytes(): number {
  if (process.platform !== 'linux') return 0;
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

describe('results', () => {
  const types =
    "SELECT number AS n, toString(n) AS s, if(n % 3 = 0, NULL, n) AS o, [n, n + 1] AS a, map('k', n) AS m, (n, s) AS t, toDateTime64(n, 3) AS d, toDecimal64(n, 2) AS e, toLowCardinality(s) AS l FROM numbers(";
  const bytes = async (sql: string, parameters = {}): Promise<Buffer> =>
    Buffer.from(await (await server.post(sql, parameters)).arrayBuffer());

  // The same query held back is written by the engine as one document: what a server would send.
  it.each([
    'TabSeparated',
    'TSVRaw',
    'TSVWithNames',
    'TSVWithNamesAndTypes',
    'CSV',
    'CSVWithNames',
    'CSVWithNamesAndTypes',
    'TSKV',
    'JSONEachRow',
    'JSONStringsEachRow',
    'JSONCompactEachRow',
    'JSONCompactEachRowWithNames',
    'JSONCompactEachRowWithNamesAndTypes',
    'JSONCompactStringsEachRowWithNamesAndTypes',
    'RowBinary',
    'RowBinaryWithNames',
    'RowBinaryWithNamesAndTypes',
    'Native',
    'MsgPack',
    'BSONEachRow',
  ])('in %s are the same streamed and whole, with several blocks of rows and with none', async (format) => {
    for (const rows of [0, 70_000]) {
      const sql = `${types}${rows}) SETTINGS max_threads = 1 FORMAT ${format}`;
      const streamed = await bytes(sql);
      const whole = await bytes(sql, { wait_end_of_query: '1' });
      expect(streamed.equals(whole), `${rows} rows`).toBe(true);
    }
  });

  it('with totals and extremes are one document', async () => {
    const sql = 'SELECT number % 2 AS k, count() AS c FROM numbers(200000) GROUP BY k WITH TOTALS ORDER BY k FORMAT ';
    expect(await server.text(`${sql}CSV`)).toBe('0,100000\n1,100000\n\n0,200000\n');
    expect(await server.text(`${sql}TSVWithNames`)).toBe('k\tc\n0\t100000\n1\t100000\n\n0\t200000\n');
    expect(await server.text('SELECT 1 AS a FORMAT CSVWithNames', { extremes: '1' })).toBe('"a"\n1\n\n1\n1\n');
    expect(await server.text(`${sql}JSONCompact`, { extremes: '1' })).toMatch(/"totals":[^]*"extremes":/);
    expect(
      JSON.parse(
        await server.text('SELECT number FROM numbers(100000) FORMAT JSONEachRow', {
          output_format_json_array_of_rows: '1',
        }),
      ),
    ).toHaveLength(100_000);
  });

  it('are compressed for those who accept it', async () => {
    const response = await new Promise<Buffer>((resolve, reject) => {
      httpRequest(
        `${server.url}/?query=${encodeURIComponent(MANY)}`,
        { headers: { 'Accept-Encoding': 'gzip;q=1, br;q=0' } },
        (message) => {
          const chunks: Buffer[] = [];
          message.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
          message.on('end', () =>
            resolve(message.headers['content-encoding'] === 'gzip' ? Buffer.concat(chunks) : Buffer.from('')),
          );
        },
      ).end();
    });
    expect(gunzipSync(response).subarray(-16).toString()).toBe('2999999\t2999999\n');
    expect(
      (await server.post('SELECT 1', { enable_http_compression: '0' })).headers.get('content-encoding'),
    ).toBeNull();
  });

  it('wait for slow readers without holding up others, and end when the reader leaves', async () => {
    const slow = await Promise.all([server.post(`${MANY} FORMAT RowBinary`), server.post(`${MANY} FORMAT JSON`)]);
    const readers = slow.map((response) => response.body?.getReader());
    for (const reader of readers) await reader?.read();
    expect(await server.text('SELECT 1')).toBe('1\n');
    for (const reader of readers) await reader?.cancel();
    await eventually('the engine is free', async () => (await otherQueries()) === '0');
    await eventually('their files are gone', () => spooled().length === 0);
    expect(server.logged().filter((line) => line.aborted).length).toBeGreaterThanOrEqual(2);
  });
});

describe('long queries', () => {
  it('do not hold up short ones, even while they are analysed', async () => {
    const leave = new AbortController();
    const long = [HEAVY, `SELECT (${HEAVY})`].map((sql) =>
      server.post(sql, {}, { signal: leave.signal }).catch(String),
    );
    await eventually('both run', async () => (await otherQueries()) === '2');
    expect(await server.text('SELECT 1')).toBe('1\n');
    leave.abort();
    await Promise.all(long);
    await eventually('the engine is free', async () => (await otherQueries()) === '0');
  });

  it('are killed by their ids', async () => {
    const long = server.text(HEAVY, { query_id: 'long' });
    await eventually('it runs', async () => (await otherQueries()) === '1');
    expect(await server.text('SELECT 1', { query_id: 'long' })).toContain('Code: 216');
    expect(await server.text("KILL QUERY WHERE query_id = 'long' FORMAT CSV")).toBe(
      `"waiting","long","default","${HEAVY}"\n`,
    );
    expect(await long).toContain('Code: 394');
    expect(await server.text("KILL QUERY WHERE query_id = 'long'")).toBe('');
  });

  it('obey max_execution_time', async () => {
    const response = await server.post(HEAVY, { max_execution_time: '0.2' });
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([408, '159']);
  });
});

describe('exceptions', () => {
  it.each([
    ['SELECT * FROM nope', {}, 404, 60],
    ['SELECT 1', { database: 'nope' }, 404, 81],
    ['SELECT nope', {}, 404, 47],
    ['SELEC 1', {}, 400, 62],
    ['', {}, 400, 62],
    ['SELECT 1; SELECT 2', {}, 400, 62],
    ["INSERT INTO FUNCTION null('a Int8') VALUES (1); SELECT 2", {}, 400, 62],
    ['SELECT 1 FORMAT Nope', {}, 404, 73],
    ['SELECT 1', { no_such_setting: '1' }, 404, 115],
    ['SELECT 1', { 'bad name': '1' }, 404, 115],
    ['SELECT 1', { max_threads: 'many' }, 400, 27],
    ["SELECT 1 INTO OUTFILE 'x'", {}, 500, 358],
    ["SELECT throwIf(1, 'boom')", {}, 500, 395],
    ['SELECT 1', { user: 'nobody' }, 403, 516],
  ])('%s %j → %i, code %i', async (sql, parameters: Record<string, string>, status, code) => {
    const response = await server.post(sql, parameters);
    expect(await response.text()).toMatch(
      new RegExp(`^Code: ${code}\\. DB::Exception: [^]*\\([A-Z_]+\\) \\(version ${server.version} [^]*\\)\\n$`),
    );
    expect([response.status, Number(response.headers.get('x-clickhouse-exception-code'))]).toEqual([status, code]);
  });

  it('after the first rows end the body abnormally, with the tag of the header', async () => {
    const sql = `SELECT number, throwIf(number = 2900000, 'boom') FROM numbers(3000000) SETTINGS max_block_size = 65000 FORMAT CSV`;
    const sent = httpRequest(server.url, { method: 'POST' });
    sent.end(sql);
    const [message] = (await once(sent, 'response')) as [
      Readable & { statusCode: number; headers: Record<string, string> },
    ];
    let tail = '';
    const failure = await new Promise<unknown>((resolve) => {
      message.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-2000)));
      message.on('error', resolve).on('end', () => resolve('a regular end'));
    });
    expect(message.statusCode).toBe(200);
    expect(failure).toMatchObject({ code: 'ECONNRESET' });
    const tag = message.headers['x-clickhouse-exception-tag'] ?? '';
    const [, text = '', length] =
      new RegExp(`\\r\\n__exception__\\r\\n${tag}\\r\\n([^]*\\n)(\\d+) ${tag}\\r\\n__exception__\\r\\n$`).exec(tail) ??
      [];
    expect(text).toContain('Code: 395. DB::Exception: boom');
    expect(Number(length)).toBe(Buffer.byteLength(text));
  });

  it('of a result held back have their status', async () => {
    const sql = `SELECT throwIf(number = 2900000, 'boom') FROM numbers(3000000) SETTINGS max_block_size = 65000 FORMAT CSV`;
    expect((await server.post(sql, { wait_end_of_query: '1' })).status).toBe(500);
  });
});

describe('the query log', () => {
  it('has a line for each query once it is answered', async () => {
    await server.text('SELECT number FROM numbers(5)', { query_id: 'logged', database: 'system' });
    await server.text('SELECT nope', { query_id: 'failed' });
    await server.text('x\ny', { query: "INSERT INTO FUNCTION null('a String') FORMAT CSV", query_id: 'inserted' });
    const line = (id: string): unknown => server.logged().find((one) => one.query_id === id);
    expect(line('logged')).toMatchObject({
      query: 'SELECT number FROM numbers(5)',
      database: 'system',
      rows: 5,
      bytes: 10,
      exception_code: 0,
    });
    expect(line('failed')).toMatchObject({ exception_code: 47, aborted: false });
    expect(line('inserted')).toMatchObject({ query: "INSERT INTO FUNCTION null('a String')", rows: 2, bytes: 3 });
  });
});
