/** `up` and `diff` on real servers: the one starts them, the other compares what lies in them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableResult } from '../core/result.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { main } from './program.ts';
import { connectorForDsn } from './registry/connectors.ts';
import type { Terminal } from './terminal.ts';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function terminal(write: Partial<Pick<Terminal, 'out' | 'err'>>, signal = new AbortController().signal): Terminal {
  const silent = (): undefined => undefined;
  return { out: silent, err: silent, ...write, colour: false, progress: false, env: {}, cwd: PROJECT_ROOT, signal };
}

async function diff(...argv: string[]): Promise<Outcome> {
  let [out, err] = ['', ''];
  const write = { out: (text: string) => (out += text), err: (text: string) => (err += text) };
  return { code: await main(['diff', ...argv], terminal(write)), out, err };
}

async function execute(dsn: string, ...statements: string[]): Promise<void> {
  await using session = await (await connectorForDsn(new URL(dsn))).connect(new URL(dsn));
  for (const statement of statements) await session.write({ kind: 'native', statements: statement });
}

let folder: string;
let postgres: string;
let clickhouse: string;
let servers: Promise<number>;
const ctrlC = new AbortController();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  let printed = '';
  await new Promise<void>((started, failed) => {
    const out = (text: string): void => {
      printed += text;
      if (printed.includes('Ctrl-C stops')) started();
    };
    servers = main(['up', 'pg-ch'], terminal({ out, err: (text) => (printed += text) }, ctrlC.signal));
    void servers.then((code) => failed(new Error(`up ended with ${code}: ${printed}`)));
  });
  postgres = /^ {2}(postgres:\S+)$/m.exec(printed)?.[1] ?? '';
  clickhouse = /^ {2}(clickhouse:\S+)$/m.exec(printed)?.[1] ?? '';
  await execute(
    postgres,
    'CREATE TABLE orders (id bigint PRIMARY KEY, status text, placed_at timestamptz)',
    `INSERT INTO orders SELECT n, 'paid', timestamptz '2024-03-01 12:00:00+00' FROM generate_series(1, 500) n`,
    'CREATE TABLE copied AS SELECT * FROM orders',
    'CREATE TABLE keyless (status text)',
    `INSERT INTO keyless VALUES ('a'), ('a'), ('b')`,
  );
  await execute(
    clickhouse,
    "CREATE TABLE orders (id Int64, status String, placed_at DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY id",
    `INSERT INTO orders SELECT number + 1, if(number = 41, 'new', 'paid'), toDateTime64('2024-03-01 12:00:00', 6, 'UTC')
       + toIntervalHour(number < 7 ? 1 : 0) FROM numbers(499)`,
    'CREATE TABLE keyless (status String) ENGINE = MergeTree ORDER BY tuple()',
    `INSERT INTO keyless VALUES ('a'), ('b'), ('b')`,
  );
});

afterAll(async () => {
  ctrlC.abort(new Error('interrupted'));
  expect(await servers).toBe(0);
  await rm(folder, { recursive: true });
});

describe('diff', () => {
  it('finds two tables equal, whatever order their rows are in', async () => {
    const { code, out } = await diff(postgres, postgres, '--table', 'orders:copied', '--key', 'id', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ name: 'orders', verdict: 'equal', compared: 500, examples: [] });
  });

  it('names rows, columns and pattern of what differs, across databases', async () => {
    const list = join(folder, 'list.ndjson');
    const { code, out } = await diff(postgres, clickhouse, '--table', 'public.orders:orders', '--json', '--list', list);
    expect(code).toBe(1);
    const result = JSON.parse(out) as TableResult;
    expect(result).toMatchObject({ verdict: 'different', compared: 500, missing: 1, extra: 0, different: 8 });
    expect(result.columns).toEqual([
      { name: 'status', different: 1 },
      { name: 'placed_at', different: 7, pattern: expect.stringMatching(/1 h/) as string },
    ]);
    expect(result.examples.find(({ key }) => key.id === '42')?.cells).toEqual([
      {
        column: 'status',
        left: { shown: 'paid', canonical: '"paid"' },
        right: { shown: 'new', canonical: '"new"' },
      },
    ]);
    expect((await readFile(list, 'utf8')).trim().split('\n')).toHaveLength(9);
  });

  it('says the same to people', async () => {
    const page = join(folder, 'page.html');
    const { code, out } = await diff(postgres, clickhouse, '--table', 'orders', '--html', page);
    expect(code).toBe(1);
    expect(out).toContain('placed_at');
    expect(out).not.toContain('\u001b');
    expect(await readFile(page, 'utf8')).toContain('placed_at');
  });

  it('compares tables without a key as multisets', async () => {
    const { code, out } = await diff(postgres, clickhouse, '--table', 'keyless', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ missing: 1, extra: 1, different: 0 });
  });

  it('knows a table that is not there from one that differs', async () => {
    const { code, err } = await diff(postgres, clickhouse, '--table', 'ordres');
    expect(code).toBe(2);
    expect(err).toContain('has no table ordres');
    expect(err).toContain('orders');
  });

  it('knows a key that is not there', async () => {
    const { code, err } = await diff(postgres, clickhouse, '--table', 'orders', '--key', 'ident');
    expect(code).toBe(2);
    expect(err).toContain('ident');
  });

  it('does not take a server that is not there for a difference', async () => {
    const { code, err } = await diff(postgres, 'clickhouse://u:geheim@127.0.0.1:1/default', '--table', 'orders');
    expect(code).toBe(3);
    expect(err).not.toContain('geheim');
    expect(err.split('\n')).toHaveLength(2);
  });
});
