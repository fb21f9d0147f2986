/** What goes wrong ends with one line that names the thing and the remedy, and with the exit code of its kind. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestClickHouse } from './testing/clickhouse.ts';
import { Pair } from './testing/pair.ts';
import { TestPostgres, freePort } from './testing/postgres.ts';
import { Program, Workplace } from './testing/program.ts';

let postgres: TestPostgres;
let clickhouse: TestClickHouse;
let pg: Pair;
let ch: Pair;

const SETUP = [
  'CREATE TABLE orders (id int PRIMARY KEY)',
  'CREATE TABLE loose (v int)',
  'CREATE TABLE days (id int PRIMARY KEY, d date)',
  "INSERT INTO days VALUES (1, '2024-02-29'), (2, 'infinity')",
  'CREATE TABLE amounts (id int PRIMARY KEY, n numeric(10,2))',
  "INSERT INTO amounts VALUES (7, 'NaN')",
  'CREATE SCHEMA other; CREATE TABLE other.orders (id int PRIMARY KEY)',
];

beforeAll(async () => {
  [postgres, clickhouse] = await Promise.all([TestPostgres.start(), TestClickHouse.start()]);
  await postgres.query('postgres', "CREATE ROLE locked LOGIN SUPERUSER PASSWORD 'right'");
  pg = await Pair.create(postgres, null, ...SETUP);
  ch = await Pair.create(postgres, clickhouse, ...SETUP);
}, 60_000);

afterAll(async () => {
  for (const one of [pg, ch, postgres, clickhouse]) await one[Symbol.asyncDispose]();
});

describe('a transfer that cannot run', () => {
  test.each([
    [
      'an unknown key',
      () => pg,
      { DBTabels: [] },
      {},
      2,
      "transfer.yaml:12:5: unknown key 'DBTabels'; did you mean 'DBTables'?",
    ],
    [
      'a port where nobody listens',
      () => pg,
      { Port: 1 },
      {},
      3,
      'cannot reach Postgres at 127.0.0.1:1 (ECONNREFUSED); check Hosts and Port',
    ],
    [
      'a host that does not exist',
      () => pg,
      { Hosts: ['nowhere.invalid'] },
      {},
      3,
      'cannot reach Postgres at nowhere.invalid',
    ],
    [
      'a wrong password',
      () => pg,
      { User: 'locked', Password: 'hunter2' },
      {},
      3,
      "refuses the login as user 'locked'",
    ],
    [
      'a missing source database',
      () => pg,
      { Database: 'nope' },
      {},
      3,
      'database "nope" does not exist; check Database',
    ],
    ['a missing destination database', () => pg, {}, { Name: 'nope' }, 3, 'database "nope" does not exist'],
    [
      'a missing table',
      () => pg,
      { DBTables: ['public.order'] },
      {},
      3,
      "Tables not found. Missed: [public.order]; did you mean 'public.orders'?",
    ],
    [
      'a ClickHouse where nobody listens',
      () => ch,
      { DBTables: ['public.orders'] },
      { HTTPPort: 1 },
      3,
      'cannot reach ClickHouse at 127.0.0.1:1 (ECONNREFUSED); check ShardsList and HTTPPort',
    ],
    [
      'a missing ClickHouse database',
      () => ch,
      { DBTables: ['public.orders'] },
      { Database: 'nope' },
      3,
      "database 'nope' does not exist at ClickHouse; create it",
    ],
    [
      'two tables of one name',
      () => ch,
      { DBTables: ['public.orders', 'other.orders'] },
      {},
      2,
      'tables other.orders and public.orders would both become',
    ],
    [
      'a date that ClickHouse does not have',
      () => ch,
      { DBTables: ['days'] },
      {},
      4,
      'table public.days, column d (date), row id = 2: value infinity cannot be carried',
    ],
    [
      'a number that a Decimal does not have',
      () => ch,
      { DBTables: ['amounts'] },
      {},
      4,
      'table public.amounts, column n (numeric(10,2)), row id = 7: value NaN cannot be carried',
    ],
  ] as const)('for %s', async (_, at, src, dst, exit, message) => {
    const config = await at().config('SNAPSHOT_ONLY', src, dst);
    const { code, stdout, stderr } = await at().work.run('activate', config);
    expect(stderr).toContain(message);
    expect([code, stderr.split('\n').length]).toEqual([exit, 2]);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test('for a table whose changes cannot be followed, or a type that has none', async () => {
    const config = await pg.config('SNAPSHOT_AND_INCREMENT', { DBTables: ['loose'] });
    const { code, stderr } = await pg.work.run('activate', config);
    expect([code, stderr]).toEqual([3, expect.stringContaining('run ALTER TABLE public.loose REPLICA IDENTITY FULL')]);
    const snapshot = await pg.config('SNAPSHOT_ONLY');
    expect((await pg.work.run('replication', snapshot)).stderr).toContain(
      'is SNAPSHOT_ONLY and has nothing to replicate',
    );
  });

  test('for a value in the log that ClickHouse does not have, and keeps the slot where it was', async () => {
    const config = await ch.config('SNAPSHOT_AND_INCREMENT', {
      DBTables: ['orders', 'amounts'],
      ExcludedTables: ['amounts'],
    });
    await ch.source('ALTER TABLE orders ADD COLUMN d date');
    await using program = ch.work.start('replication', config);
    await program.printed('replicating');
    await ch.source("INSERT INTO orders VALUES (3, '0001-01-01')");
    const { code, stderr } = await program.ended;
    expect([code, stderr]).toEqual([
      4,
      expect.stringContaining('column d (date), row id = 3: value 0001-01-01 cannot be carried'),
    ]);
    expect(await ch.source(`SELECT 1 FROM pg_replication_slots WHERE slot_name = '${ch.id}'`)).toHaveLength(1);
  });

  test('for changes of a database that has no log of them', async () => {
    await using work = await Workplace.create();
    const src = "src: {type: ch, params: {Hosts: ['127.0.0.1'], Database: d}}";
    const config = await work.config('t', `id: x\ntype: SNAPSHOT_AND_INCREMENT\n${src}\ndst: {type: pg}\n`);
    const { code, stderr } = await work.run('validate', config);
    expect(code).toBe(2);
    expect(stderr).toMatch(/:3:\d+: .*ClickHouse cannot be replicated from: it has no change log; use SNAPSHOT_ONLY/);
  });

  test('for a slot that is gone', async () => {
    await using pair = await Pair.create(postgres, null, 'CREATE TABLE t (id int PRIMARY KEY)');
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    expect((await pair.work.run('activate', config)).code).toBe(0);
    await pair.source(`SELECT pg_drop_replication_slot('${pair.id}')`);
    const { code, stderr } = await pair.work.run('replication', config);
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining('is gone, and with it the changes since; run activate again'),
    ]);
  });
});

describe('the command line', () => {
  test.each([
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['--help'], 0, /Examples:/],
    [['activate', '--help'], 0, /--coordinator-dir/],
    [['activate'], 2, /missing option --file/],
    [['activate', '--file', '/nope.yaml'], 2, /\/nope.yaml: cannot be read: there is no such file/],
    [['activate', '--flie', 'x'], 2, /unknown option '--flie' \(Did you mean --file\?\)/],
    [['replicatoin'], 2, /unknown command 'replicatoin'/],
    [['activate', '--coordinator', 'etcd'], 2, /Allowed choices are memory, file, s3/],
  ])('%o ends with %i', async (args, exit, text) => {
    const { code, stdout, stderr } = await new Program(args).ended;
    expect(stdout + stderr).toMatch(text);
    expect(code).toBe(exit);
  });

  test('an activation that is stopped ends at once with the code of its signal, and without a slot if nobody could go on', async () => {
    await using pair = await Pair.create(
      postgres,
      null,
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 200000) i",
    );
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    for (const [signal, exit] of [
      ['SIGTERM', 143],
      ['SIGINT', 130],
    ] as const) {
      const program = new Program(['activate', '--file', config, '--log-config', 'json', '--log-level', 'debug']);
      await pair.until(`SELECT 1 FROM pg_replication_slots WHERE slot_name = '${pair.id}'`);
      const { code } = await program.stop(signal);
      expect(code).toBe(exit);
      expect(await pair.source(`SELECT 1 FROM pg_replication_slots WHERE slot_name = '${pair.id}'`)).toEqual([]);
    }
  });

  test('the health check answers while replication runs', async () => {
    await using pair = await Pair.create(postgres, null, 'CREATE TABLE t (id int PRIMARY KEY)');
    const config = await pair.config('INCREMENT_ONLY');
    const port = await freePort();
    await using program = pair.work.start('replication', config, '--health-check-port', String(port));
    await program.printed('replicating');
    expect(await (await fetch(`http://127.0.0.1:${port}/ping`)).json()).toEqual({ ping: 'pong' });
    const second = await pair.work.run('check', config, '--health-check-port', String(port));
    expect([second.code, second.stderr]).toEqual([3, expect.stringContaining(`cannot listen on port ${port}`)]);
  });
});
