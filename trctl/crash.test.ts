/** Transfers that are killed, and sources that are: whoever comes back ends with the same rows. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestClickHouse } from './testing/clickhouse.ts';
import { Pair } from './testing/pair.ts';
import { TestPostgres } from './testing/postgres.ts';
import { setTimeout as delay } from 'node:timers/promises';

/** More by hand: TRCTL_KILLS=20. */
const KILLS = Number(process.env.TRCTL_KILLS ?? '2');
const ROWS = 30_000;

let postgres: TestPostgres;
let clickhouse: TestClickHouse;

beforeAll(async () => {
  [postgres, clickhouse] = await Promise.all([TestPostgres.start(), TestClickHouse.start()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([postgres[Symbol.asyncDispose](), clickhouse[Symbol.asyncDispose]()]);
});

describe.each(['pg', 'ch'] as const)('to %s', (kind) => {
  const open = (...setup: string[]): Promise<Pair> =>
    Pair.create(postgres, kind === 'ch' ? clickhouse : null, ...setup);
  const from = (table: string): string =>
    kind === 'ch' ? `{db}.${table} FINAL WHERE __data_transfer_delete_time = 0` : `public.${table}`;

  test(`a transfer that is killed ${KILLS} times while the source is written ends equal`, async () => {
    await using pair = await open(
      'CREATE TABLE t (id int PRIMARY KEY, v text, n int)',
      `INSERT INTO t SELECT i, 'v' || i, 0 FROM generate_series(1, ${ROWS}) i`,
      'CREATE TABLE loose (v int)',
      'ALTER TABLE loose REPLICA IDENTITY FULL',
      'INSERT INTO loose SELECT i % 20 FROM generate_series(1, 1000) i',
    );
    const config = await pair.config('SNAPSHOT_AND_INCREMENT', { DesiredTableSize: 300_000 });
    const workloadState = { writing: true };
    const workload = (async () => {
      for (let i = 1; workloadState.writing; i += 1) {
        await pair.source(
          `INSERT INTO t VALUES (${ROWS + i}, 'new', 0); DELETE FROM t WHERE id = ${i * 3}`,
          `UPDATE t SET n = n + 1 WHERE id % 97 = ${i % 97}`,
          `UPDATE t SET id = ${-i} WHERE id = ${i * 5 + 1}`,
          `INSERT INTO loose VALUES (${i % 20}), (${i % 20})`,
          `DELETE FROM loose WHERE ctid IN (SELECT ctid FROM loose WHERE v = ${(i * 7) % 20} LIMIT 3)`,
        );
      }
    })();
    workload.catch(() => undefined); // looked at below
    for (let kill = 0; kill < KILLS; kill += 1) {
      const program = pair.work.start('replication', config);
      await delay(300 + Math.random() * 900); // any moment will do
      expect((await program.stop('SIGKILL')).stderr).toBe('');
    }
    await using program = pair.work.start('replication', config);
    await program.printed('replicating');
    workloadState.writing = false;
    await workload;
    await pair.caughtUp();
    const rows = (table: string): string => `SELECT id, v, n FROM ${table} ORDER BY id`;
    const counts = (table: string): string => `SELECT v, count(*) FROM ${table} GROUP BY v ORDER BY v`;
    expect(await pair.destination(counts(from('loose')))).toEqual(await pair.original(counts('loose')));
    const [there, here] = [await pair.destination(rows(from('t'))), await pair.original(rows('t'))];
    expect([there.length, there.find((row, at) => row !== here[at])]).toEqual([here.length, undefined]);
  }, 60_000);

  test('a log that comes a second time changes nothing, in tables without a key either', async () => {
    await using pair = await open(
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      'CREATE TABLE loose (v text)',
      'ALTER TABLE loose REPLICA IDENTITY FULL',
      "INSERT INTO loose VALUES ('a'), ('a'), ('a'), ('b')",
    );
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    expect((await pair.work.run('activate', config)).code).toBe(0);
    const one = (value: string): string => `(SELECT ctid FROM loose WHERE v = '${value}' LIMIT 1)`;
    await pair.source(`SELECT pg_copy_logical_replication_slot('${pair.id}', '${pair.id}_before', false, 'pgoutput')`);
    for (let time = 0; time < 2; time += 1) {
      await using program = pair.work.start('replication', config);
      await program.printed('replicating');
      if (time === 0) {
        await pair.source(
          `DELETE FROM loose WHERE ctid = ${one('a')}`,
          "INSERT INTO loose VALUES ('b'), ('c'), ('c')",
          `DELETE FROM loose WHERE ctid = ${one('c')}`,
          `UPDATE loose SET v = 'a' WHERE ctid = ${one('b')}`,
          "INSERT INTO t VALUES (1, 'x'), (2, 'y'); UPDATE t SET id = 3 WHERE id = 1; DELETE FROM t WHERE id = 2",
        );
      }
      await pair.caughtUp();
      expect((await program.stop('SIGTERM')).code).toBe(0);
      expect(await pair.destination(`SELECT v, count(*) FROM ${from('loose')} GROUP BY v ORDER BY v`)).toEqual([
        'a|3',
        'b|1',
        'c|1',
      ]);
      expect(await pair.destination(`SELECT id, v FROM ${from('t')} ORDER BY id`)).toEqual(['3|x']);
      if (time > 0) break;
      // As if the program had been killed after it wrote everything and before it confirmed anything.
      await pair.source(
        `SELECT pg_drop_replication_slot('${pair.id}')`,
        `SELECT pg_copy_logical_replication_slot('${pair.id}_before', '${pair.id}', false, 'pgoutput')`,
        `SELECT pg_drop_replication_slot('${pair.id}_before')`,
      );
    }
  }, 60_000);

  test('a source that crashes is taken up again', async () => {
    await using pair = await open('CREATE TABLE t (id int PRIMARY KEY)');
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    await using program = pair.work.start('replication', config);
    await program.printed('replicating');
    await postgres.crash();
    await pair.source('INSERT INTO t VALUES (1)');
    await pair.caughtUp();
    expect(await pair.destination(`SELECT id FROM ${from('t')}`)).toEqual(['1']);
  }, 60_000);
});

test('an activation that goes on later counts no row twice', async () => {
  await using pair = await Pair.create(
    postgres,
    clickhouse,
    'CREATE TABLE a (id int PRIMARY KEY, n numeric(10,2))',
    "INSERT INTO a VALUES (1, 'NaN'), (2, 2)",
    'CREATE TABLE b (v int)',
    'ALTER TABLE b REPLICA IDENTITY FULL',
    'INSERT INTO b VALUES (1), (1), (2)',
  );
  const config = await pair.config('SNAPSHOT_AND_INCREMENT', { SnapshotDegreeOfParallelism: 1 });
  expect((await pair.work.run('activate', config)).code).toBe(4);
  // These are in the log of the slot that stays, and in the snapshot that the second run reads table b at.
  await pair.source(
    'UPDATE a SET n = 1 WHERE id = 1',
    'INSERT INTO b VALUES (1), (3)',
    'DELETE FROM b WHERE v = 2',
    'INSERT INTO a VALUES (3, 3)',
  );
  const again = await pair.work.run('activate', config);
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('going on with an interrupted activation')]);
  await using program = pair.work.start('replication', config);
  await program.printed('replicating');
  await pair.source('INSERT INTO b VALUES (3)');
  await pair.caughtUp();
  const live = 'FINAL WHERE __data_transfer_delete_time = 0';
  expect(await pair.destination(`SELECT v, count() FROM {db}.b ${live} GROUP BY v ORDER BY v`)).toEqual(['1|3', '3|2']);
  expect(await pair.destination(`SELECT id, n FROM {db}.a ${live} ORDER BY id`)).toEqual(['1|1', '2|2', '3|3']);
}, 60_000);
