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
