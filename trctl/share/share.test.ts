/** Activations shared by processes: each part once, whoever is killed, whenever. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestClickHouse } from '../testing/clickhouse.ts';
import { Pair } from '../testing/pair.ts';
import { TestPostgres } from '../testing/postgres.ts';
import type { Ended } from '../testing/program.ts';
import { Program } from '../testing/program.ts';
import { TestS3 } from '../testing/s3.ts';

const ROWS = 30_000;
const LEASE_MS = 1_500;

let postgres: TestPostgres;
let clickhouse: TestClickHouse;
let s3: TestS3;

beforeAll(async () => {
  [postgres, clickhouse, s3] = await Promise.all([TestPostgres.start(), TestClickHouse.start(), TestS3.start()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([postgres, clickhouse, s3].map((server) => server[Symbol.asyncDispose]()));
});

/** Programs of one shared activation, killed when disposed. */
class Crew implements AsyncDisposable {
  readonly #config: string;
  readonly #count: number;
  readonly #started: Program[] = [];
  readonly #coordinator: readonly string[];

  constructor(config: string, count: number, coordinator: readonly string[] = s3.arguments) {
    this.#config = config;
    this.#count = count;
    this.#coordinator = coordinator;
  }

  start(index: number): Program {
    const program = new Program(
      [
        ...['activate', '--file', this.#config, ...this.#coordinator, '--coordinator-lease', String(LEASE_MS)],
        ...['--coordinator-job-count', String(this.#count), '--coordinator-job-index', String(index)],
        ...['--coordinator-process-count', '2'],
      ],
      s3.env,
    );
    this.#started.push(program);
    return program;
  }

  startAll(): Program[] {
    return Array.from({ length: this.#count + 1 }, (_, index) => this.start(index));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((program) => program[Symbol.asyncDispose]()));
  }
}

const SETUP = [
  'CREATE TABLE t (id int PRIMARY KEY, v text)',
  `INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, ${ROWS}) i`,
  'CREATE TABLE loose (v int)',
  'ALTER TABLE loose REPLICA IDENTITY FULL',
  'INSERT INTO loose SELECT i % 20 FROM generate_series(1, 5000) i',
];
const PARTS = { DesiredTableSize: 100_000 };

function codes(ended: readonly Ended[]): unknown {
  return ended.map(({ code, stderr }) => [code, stderr]);
}

/** Lines of "copied", by who printed them, and the rows that they tell of. */
function copiedRows(ended: readonly Ended[]): number {
  return ended.reduce(
    (sum, { stdout }) =>
      sum + [...stdout.matchAll(/ copied .* rows=(\d+) ms=/g)].reduce((rows, [, n]) => rows + Number(n), 0),
    0,
  );
}

describe.each(['pg', 'ch'] as const)('to %s', (kind) => {
  const open = (): Promise<Pair> => Pair.create(postgres, kind === 'ch' ? clickhouse : null, ...SETUP);
  const from = (table: string): string =>
    kind === 'ch' ? `{db}.${table} FINAL WHERE __data_transfer_delete_time = 0` : `public.${table}`;
  const expectEqual = async (pair: Pair): Promise<void> => {
    const sum = (table: string): string => `SELECT count(*), sum(id), min(v), max(v) FROM ${table}`;
    expect(await pair.destination(sum(from('t')))).toEqual(await pair.original(sum('t')));
    const loose = (table: string): string => `SELECT v, count(*) FROM ${table} GROUP BY v ORDER BY v`;
    expect(await pair.destination(loose(from('loose')))).toEqual(await pair.original(loose('loose')));
  };

  test('three workers copy each part once, at one snapshot', async () => {
    await using pair = await open();
    const config = await pair.config('SNAPSHOT_ONLY', PARTS);
    await using crew = new Crew(config, 3);
    const [main, ...workers] = crew.startAll();
    await main?.printed('open to workers');
    await pair.source('UPDATE t SET v = v WHERE id < 10', "INSERT INTO t VALUES (0, 'too late')");
    const ended = await Promise.all(
      [main, ...workers].map(async (program) => program?.ended ?? Promise.reject(new Error())),
    );
    expect(codes(ended)).toEqual(Array(4).fill([0, '']));
    expect(copiedRows(ended.slice(1))).toBe(ROWS + 5000);
    await pair.source('DELETE FROM t WHERE id = 0');
    await expectEqual(pair);
  }, 60_000);

  test('the parts of a killed worker are taken over, and one that comes late goes home', async () => {
    await using pair = await open();
    const config = await pair.config('SNAPSHOT_AND_INCREMENT', PARTS);
    await using crew = new Crew(config, 2);
    const main = crew.start(0);
    await main.printed('open to workers');
    {
      await using hold = await holdUp(pair, kind);
      const first = crew.start(1);
      await hold.caught(first);
      await first.stop('SIGKILL');
    }
    const second = crew.start(2);
    const ended = await Promise.all([main.ended, second.ended]);
    expect(codes(ended)).toEqual(Array(2).fill([0, '']));
    // By the second worker, or by the main one where that found itself alone for a lease before the second came.
    // A worker that was killed before its claim was written leaves nothing to take over.
    if (kind === 'pg') {
      expect(ended.map(({ stdout }) => stdout).join('')).toMatch(/taken_over=true|the main worker copies parts itself/);
    }
    await expectEqual(pair);
    const late = await crew.start(1).ended;
    expect(late).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('complete before this worker came') as string,
    });
  }, 60_000);

  test('a main worker that is killed is followed by the next, and its workers by themselves', async () => {
    await using pair = await open();
    const config = await pair.config('SNAPSHOT_AND_INCREMENT', PARTS);
    await using crew = new Crew(config, 2);
    const main = crew.start(0);
    await main.printed('open to workers');
    const one = crew.start(1);
    const workers = [one, crew.start(2)];
    {
      await using hold = await holdUp(pair, kind);
      await hold.caught(one);
      await main.stop('SIGKILL');
    }
    const next = crew.start(0);
    const ended = await Promise.all([next, ...workers].map((program) => program.ended));
    expect(codes(ended)).toEqual(Array(3).fill([0, '']));
    expect(ended[0]?.stdout).toContain('going on with an interrupted activation');
    await expectEqual(pair);
  }, 60_000);
});

/** Holds up who copies table t, where that can be done: at Postgres. Elsewhere any moment will do. */
async function holdUp(
  pair: Pair,
  kind: 'pg' | 'ch',
): Promise<AsyncDisposable & { caught: (worker: Program) => Promise<void> }> {
  const client = kind === 'pg' ? await postgres.connect(`${pair.id}_dst`) : null;
  await client?.query('BEGIN; LOCK TABLE t IN EXCLUSIVE MODE');
  return {
    caught: (worker) =>
      client === null
        ? worker.printed(' copied ')
        : pair.until(
            `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY%' AND datname = '${pair.id}_dst'`,
          ),
    async [Symbol.asyncDispose]() {
      await client?.end();
    },
  };
}

test('without any worker the main one copies by itself', async () => {
  await using pair = await Pair.create(postgres, null, ...SETUP);
  await using crew = new Crew(await pair.config('SNAPSHOT_ONLY', PARTS), 2);
  const main = await crew.start(0).ended;
  expect(codes([main])).toEqual([[0, '']]);
  expect(main.stdout).toContain('the main worker copies parts itself');
}, 30_000);

test('what a worker cannot carry fails the activation, with its words and its code', async () => {
  await using pair = await Pair.create(
    postgres,
    clickhouse,
    'CREATE TABLE t (id int PRIMARY KEY, n numeric(5,2))',
    "INSERT INTO t VALUES (1, 'NaN')",
  );
  await using crew = new Crew(await pair.config('SNAPSHOT_ONLY'), 2);
  const [main, one, two] = crew.startAll();
  const said = await main?.ended;
  expect(said?.code).toBe(4);
  expect(said?.stderr).toMatch(/trctl: worker [12]: .*NaN/);
  const others = await Promise.all([one?.ended, two?.ended]);
  expect(others.map((ended) => ended?.code).sort()).toEqual([3, 4]);
}, 30_000);

test('a worker that wakes up after its lease gives up what others have by then', async () => {
  await using pair = await Pair.create(postgres, null, ...SETUP);
  await using crew = new Crew(await pair.config('SNAPSHOT_ONLY', PARTS), 2);
  const main = crew.start(0);
  const paused = crew.start(1);
  await main.printed('worker=1');
  paused.child.kill('SIGSTOP');
  const other = crew.start(2);
  await delay(2 * LEASE_MS);
  paused.child.kill('SIGCONT');
  expect(codes(await Promise.all([main.ended, other.ended]))).toEqual(Array(2).fill([0, '']));
  // 3: it had a part in hand, which is another's by now; 0: it had just written one down.
  expect([0, 3]).toContain((await paused.ended).code);
  expect(await pair.destination('SELECT count(*), count(DISTINCT id) FROM t')).toEqual([`${ROWS}|${ROWS}`]);
}, 40_000);

test('two activations one after the other, by the same workers, do not mistake each other’s notes', async () => {
  await using pair = await Pair.create(postgres, null, ...SETUP);
  await using crew = new Crew(await pair.config('SNAPSHOT_ONLY', PARTS), 2);
  expect(codes(await Promise.all(crew.startAll().map((program) => program.ended)))).toEqual(Array(3).fill([0, '']));
  await pair.source('INSERT INTO t VALUES (-1, null)');
  const workers = [crew.start(1), crew.start(2)];
  await delay(700); // they find the notes of the first activation and must wait on
  const main = crew.start(0);
  expect(codes(await Promise.all([main, ...workers].map((program) => program.ended)))).toEqual(Array(3).fill([0, '']));
  expect(await pair.destination('SELECT count(*) FROM t')).toEqual([String(ROWS + 1)]);
}, 60_000);

test('the file coordinator serves the processes of one machine as well', async () => {
  await using pair = await Pair.create(postgres, null, ...SETUP);
  const config = await pair.config('SNAPSHOT_ONLY', PARTS);
  await using crew = new Crew(config, 2, ['--coordinator', 'file', '--coordinator-dir', pair.work.folder]);
  const ended = await Promise.all(crew.startAll().map((program) => program.ended));
  expect(codes(ended)).toEqual(Array(3).fill([0, '']));
  expect(copiedRows(ended.slice(1))).toBe(ROWS + 5000);
}, 40_000);

test.each([
  [['--coordinator', 's3'], 'needs a bucket'],
  [['--coordinator-job-count', '3'], 'known to one process only'],
  [['--coordinator-job-count', '3', '--coordinator-job-index', '4'], 'is beyond 3'],
  [['--coordinator-job-count', '1', '--coordinator-job-index', '1'], 'is beyond 0'],
  [['--coordinator-lease', '5'], 'at least 500 ms'],
  [['--coordinator-process-count', '0'], 'at least 1'],
])('%j is refused: %s', async (args, message) => {
  await using pair = await Pair.create(postgres, null);
  const config = await pair.config('SNAPSHOT_ONLY');
  const ended = await new Program(['activate', '--file', config, ...args]).ended;
  expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining(message)]);
});
