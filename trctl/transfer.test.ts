/** Transfers between real servers, by the compiled program. Each test has its own databases, so they run side by side. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

/** What must be said differently at the two destinations: how live rows of a table are read. */
const DESTINATIONS = {
  pg: {
    open: (...setup: string[]) => Pair.create(postgres, null, ...setup),
    from: (table: string) => `public.${table}`,
  },
  ch: {
    open: (...setup: string[]) => Pair.create(postgres, clickhouse, ...setup),
    from: (table: string) => `{db}.${table} FINAL WHERE __data_transfer_delete_time = 0`,
  },
};
const LARGE = (seed: string): string => `(SELECT string_agg(md5('${seed}' || g), '') FROM generate_series(1, 500) g)`;

describe.concurrent.each(['pg', 'ch'] as const)('to %s', (kind) => {
  const { open, from } = DESTINATIONS[kind];

  test('a snapshot brings every row, of empty tables too, and leaves no slot', async () => {
    await using pair = await open(
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 5000) i",
      'CREATE TABLE nothing (id int PRIMARY KEY)',
      'CREATE TABLE loose (v text)',
      "INSERT INTO loose VALUES ('a'), ('a'), (NULL)",
    );
    const config = await pair.config('SNAPSHOT_ONLY', { DesiredTableSize: 50_000 });
    for (const time of ['first', 'second']) {
      const { code, stderr } = await pair.work.run('activate', config);
      expect([time, code, stderr]).toEqual([time, 0, '']);
    }
    expect(await pair.destination(`SELECT count(*), count(DISTINCT v), sum(id) FROM ${from('t')}`)).toEqual([
      '5000|5000|12502500',
    ]);
    expect(await pair.destination(`SELECT count(*) FROM ${from('nothing')}`)).toEqual(['0']);
    expect(await pair.destination(`SELECT v, count(*) FROM ${from('loose')} GROUP BY v ORDER BY v`)).toEqual([
      'a|2',
      '∅|1',
    ]);
    expect(await pair.source('SELECT 1 FROM pg_replication_slots WHERE database = current_database()')).toEqual([]);
  });

  test('changes follow a snapshot: keys that move, deletes and inserts again, rollbacks, truncates', async () => {
    await using pair = await open(
      'CREATE TABLE t (a int, b text, v text, PRIMARY KEY (a, b))',
      "INSERT INTO t SELECT i, 'k', 'old' FROM generate_series(1, 20) i",
      'CREATE TABLE gone (id int PRIMARY KEY)',
      'INSERT INTO gone SELECT generate_series(1, 9)',
    );
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    expect((await pair.work.run('activate', config)).code).toBe(0);
    await using program = pair.work.start('replication', config);
    await program.printed('replicating');
    await pair.source(
      "UPDATE t SET v = 'new' WHERE a <= 5",
      'UPDATE t SET a = a + 100 WHERE a = 6',
      "BEGIN; UPDATE t SET b = 'tmp' WHERE a = 7; UPDATE t SET a = 7, b = 'k' WHERE a = 8; UPDATE t SET a = 8, b = 'k' WHERE b = 'tmp'; COMMIT",
      "BEGIN; DELETE FROM t WHERE a = 9; INSERT INTO t VALUES (9, 'k', 'again'); COMMIT",
      "BEGIN; INSERT INTO t VALUES (999, 'k', 'never'); ROLLBACK",
      "BEGIN; INSERT INTO t VALUES (500, 'k', 'x'); DELETE FROM t WHERE a = 500; COMMIT",
      'BEGIN; INSERT INTO gone VALUES (10); TRUNCATE gone; INSERT INTO gone VALUES (1), (11); COMMIT',
    );
    await pair.caughtUp();
    const rows = 'SELECT a, b, v FROM';
    expect(await pair.destination(`${rows} ${from('t')} ORDER BY a, b`)).toEqual(
      await pair.original(`${rows} t ORDER BY a, b`),
    );
    expect(await pair.destination(`SELECT id FROM ${from('gone')} ORDER BY id`)).toEqual(['1', '11']);
    const stopping = performance.now();
    expect((await program.stop('SIGTERM')).code).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(2_000);
  });

  test('a large value that an update does not touch stays, through later updates and moved keys', async () => {
    await using pair = await open(
      'CREATE TABLE t (id int PRIMARY KEY, n int, big text)',
      'ALTER TABLE t ALTER big SET STORAGE EXTERNAL',
      `INSERT INTO t SELECT i, 0, ${LARGE('one')} FROM generate_series(1, 6) i`,
    );
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    expect((await pair.work.run('activate', config)).code).toBe(0);
    await pair.source(
      'UPDATE t SET n = 1',
      `UPDATE t SET big = ${LARGE('two')} WHERE id = 2`,
      'UPDATE t SET n = 2 WHERE id = 2',
      'UPDATE t SET id = 13 WHERE id = 3',
      'UPDATE t SET n = 3 WHERE id = 13',
      'UPDATE t SET n = 1 WHERE id = 4; DELETE FROM t WHERE id = 4',
      'UPDATE t SET n = 5, big = NULL WHERE id = 5; UPDATE t SET n = 6 WHERE id = 5',
    );
    await using program = pair.work.start('replication', config);
    await program.printed('replicating');
    await pair.source(
      'UPDATE t SET n = 7 WHERE id = 6',
      `INSERT INTO t VALUES (7, 7, ${LARGE('three')})`,
      'UPDATE t SET n = 8 WHERE id = 7',
    );
    await pair.caughtUp();
    const rows = (place: string): string => `SELECT id, n, length(big), left(big, 16) FROM ${place} ORDER BY id`;
    expect(await pair.destination(rows(from('t')))).toEqual(await pair.original(rows('t')));
  });

  test('tables without a key keep as many equal rows as the source', async () => {
    await using pair = await open(
      'CREATE TABLE t (a text, b numeric, j json)',
      'ALTER TABLE t REPLICA IDENTITY FULL',
      `INSERT INTO t SELECT 'x' || i % 3, NULL, '{"a": 1}' FROM generate_series(1, 30) i`,
    );
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    expect((await pair.work.run('activate', config)).code).toBe(0);
    await using program = pair.work.start('replication', config);
    await program.printed('replicating');
    await pair.source(
      "DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 'x1' LIMIT 4)",
      "UPDATE t SET a = 'x0' WHERE ctid IN (SELECT ctid FROM t WHERE a = 'x2' LIMIT 2)",
      "INSERT INTO t VALUES ('', 1.50, 'null'), ('', 1.50, 'null'), (NULL, NULL, NULL)",
      "BEGIN; INSERT INTO t SELECT 'tx', 1, NULL FROM generate_series(1, 100); DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = 'tx' LIMIT 99); COMMIT",
    );
    await pair.caughtUp();
    const rows = (place: string): string => `SELECT a, b, count(*) FROM ${place} GROUP BY a, b ORDER BY count(*), a`;
    const expected = ['tx|1|1', '∅|∅|1', '|1.50|2', 'x1|∅|6', 'x2|∅|8', 'x0|∅|12'];
    expect(await pair.original(rows('t'))).toEqual(expected);
    expect(await pair.destination(rows(from('t')))).toEqual(expected);
  });

  test('a column that is added is there with its rows, old ones with its default; a new table is not taken', async () => {
    await using pair = await open('CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1), (2)');
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    const program = pair.work.start('replication', config);
    await program.printed('replicating');
    await pair.source(
      "ALTER TABLE t ADD COLUMN d text NOT NULL DEFAULT 'dflt', ADD COLUMN n int",
      'CREATE TABLE later (id int PRIMARY KEY)',
      "INSERT INTO t VALUES (3, 'three', 3)",
      'UPDATE t SET n = 2 WHERE id = 2',
    );
    await pair.caughtUp();
    await pair.source('ALTER TABLE t DROP COLUMN d', 'INSERT INTO t VALUES (4, 4)');
    await pair.caughtUp();
    expect(await pair.destination(`SELECT id, d, n FROM ${from('t')} ORDER BY id`)).toEqual([
      '1|dflt|∅',
      '2|dflt|2',
      '3|three|3',
      '4|∅|4',
    ]);
    expect((await program.stop('SIGINT')).code).toBe(0);
    await using again = pair.work.start('replication', config);
    await again.printed('table public.later is new since the activation and is not followed');
    await pair.source('ALTER TABLE t RENAME n TO m', 'INSERT INTO t VALUES (5, 5)');
    const { code, stderr } = await again.ended;
    expect([code, stderr]).toEqual([4, expect.stringContaining("column 'n' is gone and 'm' is new")]);
  });

  test('INCREMENT_ONLY brings what is written after activation, and goes on where it was', async () => {
    await using pair = await open('CREATE TABLE t (id int PRIMARY KEY, v text)', "INSERT INTO t VALUES (1, 'before')");
    const config = await pair.config('INCREMENT_ONLY');
    expect((await pair.work.run('activate', config)).code).toBe(0);
    await pair.source("INSERT INTO t VALUES (2, 'between')");
    const first = pair.work.start('replication', config);
    await first.printed('replicating');
    await pair.caughtUp();
    await first.stop('SIGKILL');
    await pair.source("INSERT INTO t VALUES (3, 'down')", "UPDATE t SET v = 'touched' WHERE id = 1");
    await using second = pair.work.start('replicate', config);
    await second.printed('replicating');
    await pair.caughtUp();
    expect(await pair.destination(`SELECT id, v FROM ${from('t')} ORDER BY id`)).toEqual([
      '1|touched',
      '2|between',
      '3|down',
    ]);
  });

  test('a cursor brings new and changed rows, ties at its end included', async () => {
    await using pair = await open(
      'CREATE TABLE t (id int PRIMARY KEY, at int, v text)',
      "INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 20, 'c')",
    );
    const config = await pair.config(
      'SNAPSHOT_ONLY',
      {},
      { Cleanup: 'Disabled' },
      {
        regular_snapshot: {
          enabled: true,
          incremental: [{ namespace: 'public', name: 't', cursor_field: 'at', initial_state: '10' }],
        },
      },
    );
    expect((await pair.work.run('activate', config)).code).toBe(0);
    expect(await pair.destination(`SELECT id FROM ${from('t')} ORDER BY id`)).toEqual(['2', '3']);
    await pair.source(
      "INSERT INTO t VALUES (4, 20, 'tie'), (5, 30, 'e')",
      "UPDATE t SET at = 31, v = 'changed' WHERE id = 2",
    );
    const { code, stdout } = await pair.work.run('activate', config);
    expect([code, stdout]).toEqual([0, expect.stringContaining('rows=4')]);
    expect(await pair.destination(`SELECT id, v FROM ${from('t')} ORDER BY id`)).toEqual([
      '2|changed',
      '3|c',
      '4|tie',
      '5|e',
    ]);
  });

  test('a row is at the destination within moments', async () => {
    await using pair = await open('CREATE TABLE t (id int PRIMARY KEY)');
    const config = await pair.config('SNAPSHOT_AND_INCREMENT');
    await using program = pair.work.start('replication', config);
    await program.printed('replicating');
    await pair.source('INSERT INTO t VALUES (1)');
    await pair.caughtUp();
    const begun = performance.now();
    await pair.source('INSERT INTO t VALUES (2)');
    while ((await pair.destination(`SELECT count(*) FROM ${from('t')}`))[0] !== '2')
      expect(performance.now() - begun).toBeLessThan(2_000);
  });
});
