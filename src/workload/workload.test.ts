import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RowChoice, WriteStep } from '../core/step.ts';
import type { Change, Row, Table, Value } from '../core/table.ts';
import { FixtureCatalog } from '../fixtures/fixture-file.ts';
import { seedTables } from '../fixtures/fixture.ts';
import { Living } from './living.ts';
import { Workload } from './workload.ts';

const catalog = new FixtureCatalog();
const never = new AbortController().signal;

/** A source that does what it is told, strictly, and shows what is in it. */
class MemorySource {
  readonly changes: Change[] = [];
  readonly tables = new Map<string, Row[]>();

  readonly write = (change: Change): Promise<void> => {
    this.changes.push(change);
    this.#apply(change);
    return Promise.resolve();
  };

  rows(table: string): readonly Row[] {
    return this.tables.get(table) ?? [];
  }

  #apply(change: Change): void {
    if (change.kind === 'native') return;
    if (change.kind === 'transaction') {
      const before = new Map([...this.tables].map(([name, rows]) => [name, [...rows]]));
      for (const inner of change.changes) this.#apply(inner);
      if (change.rollback) for (const name of this.tables.keys()) this.tables.set(name, before.get(name) ?? []);
      return;
    }
    const { table } = change;
    const rows = this.tables.get(table.name) ?? [];
    const places = placesOf(table);
    const at = (key: Row): number[] => {
      const found = rows.flatMap((row, index) =>
        sameKey(
          places.map((place) => row[place] ?? null),
          key,
        )
          ? [index]
          : [],
      );
      if (found.length === 0) throw new Error(`${change.kind}: no row ${key.map(String).join()} in ${table.name}`);
      return found;
    };
    switch (change.kind) {
      case 'insert':
        rows.push(...change.rows);
        break;
      case 'update':
        for (const key of change.keys) {
          for (const index of at(key)) {
            rows[index] = table.columns.map(
              ({ name }, place) => change.set[name] ?? (name in change.set ? null : (rows[index]?.[place] ?? null)),
            );
          }
        }
        break;
      case 'rekey': {
        const moves = change.keys.map((key, index) => [at(key), change.newKeys[index] ?? []] as const);
        for (const [indexes, key] of moves) {
          for (const index of indexes) {
            const row = [...(rows[index] ?? [])];
            for (const [part, place] of places.entries()) row[place] = key[part] ?? null;
            rows[index] = row;
          }
        }
        break;
      }
      case 'delete': {
        const gone = new Set(change.keys.flatMap(at));
        this.tables.set(
          table.name,
          rows.filter((_, index) => !gone.has(index)),
        );
        return;
      }
      case 'truncate':
        rows.length = 0;
    }
    this.tables.set(table.name, rows);
    if (table.key.length === 0) return;
    const keys = rows.map((row) => places.map((place) => String(row[place])).join());
    if (new Set(keys).size !== keys.length) throw new Error(`${change.kind} made a key of ${table.name} stand twice`);
  }
}

function placesOf(table: Table): number[] {
  const names = table.key.length > 0 ? table.key : (table.locator ?? []);
  return names.map((name) => table.columns.findIndex((column) => column.name === name));
}

function sameKey(a: Row, b: Row): boolean {
  return a.every((value, index) => String(value) === String(b[index]));
}

/** A workload on a fixture's tables with `rows` rows each. */
async function begin(
  fixture: string,
  rows: number,
  seed = 's',
): Promise<{ source: MemorySource; workload: Workload; run: (step: WriteStep) => Promise<void> }> {
  const source = new MemorySource();
  const tables = seedTables([catalog.get(fixture)], { seed, rows });
  const workload = new Workload({ tables, seed, write: source.write });
  const run = (step: WriteStep): Promise<void> => workload.run(step, never);
  for (const { table, count } of tables) await run({ kind: 'insert', table: table.name, rows: count });
  source.changes.length = 0;
  return { source, workload, run };
}

const every = (n: number): RowChoice => ({ by: 'every', n });
const ids = (source: MemorySource, table = 'customers'): Value[] => source.rows(table).map((row) => row[0] ?? null);

describe('steps', () => {
  test('insert the fixture’s rows first, in their order', async () => {
    const { source } = await begin('shop', 30);
    const made = seedTables([catalog.get('shop')], { seed: 's', rows: 30 })[0]?.maker;
    expect(source.rows('customers')).toEqual(Array.from({ length: 30 }, (_, ordinal) => made?.row(ordinal)));
  });

  test('address every n-th row that is alive', async () => {
    const { source, run, workload } = await begin('shop', 10);
    await run({ kind: 'delete', table: 'customers', choice: every(3) });
    expect(ids(source)).toEqual([2n, 3n, 5n, 6n, 8n, 9n]);
    await run({ kind: 'delete', table: 'customers', choice: every(3) });
    expect(ids(source)).toEqual([3n, 5n, 8n, 9n]);
    expect(workload.alive('customers')).toBe(4);
  });

  test('never use a key again that was deleted, unless asked to', async () => {
    const { source, run } = await begin('shop', 4);
    await run({ kind: 'delete', table: 'customers', choice: { by: 'all' } });
    await run({ kind: 'insert', table: 'customers', rows: 2 });
    expect(ids(source)).toEqual([5n, 6n]);
    const before = seedTables([catalog.get('shop')], { seed: 's', rows: 4 })[0]?.maker.row(0);
    await run({ kind: 'reinsert', table: 'customers' });
    expect(ids(source)).toEqual([5n, 6n, 1n, 2n, 3n, 4n]);
    expect(source.rows('customers')[2]).not.toEqual(before);
  });

  test('bring back as many as asked for', async () => {
    const { source, run } = await begin('shop', 6);
    await run({ kind: 'truncate', table: 'customers' });
    await run({ kind: 'reinsert', table: 'customers', rows: 2 });
    expect(ids(source)).toEqual([1n, 2n]);
  });

  test('set what they say, and let growing columns grow', async () => {
    const { source, run } = await begin('orders', 5);
    await run({
      kind: 'update',
      table: 'orders',
      choice: every(2),
      set: { note: { to: 'value', value: null }, status: { to: 'value', value: 'x' } },
    });
    const rows = source.rows('orders');
    expect(rows.map((row) => row[2] === 'x')).toEqual([true, false, true, false, true]);
    expect(rows.map((row) => row.at(-1))).toEqual([6n, 2n, 6n, 4n, 6n]);
    await run({ kind: 'insert', table: 'orders', rows: 1 });
    expect(source.rows('orders').at(-1)?.at(-1)).toBe(7n);
    await run({ kind: 'update', table: 'orders', choice: every(1), set: { quantity: { to: 'random' } } });
    expect(new Set(source.rows('orders').map((row) => row[4])).size).toBeGreaterThan(2);
  });

  test('move keys by a number, or to keys never used', async () => {
    const { source, run } = await begin('shop', 4);
    await run({ kind: 'rekey', table: 'customers', choice: { by: 'keys', keys: [[2n]] }, by: 100n });
    await run({ kind: 'rekey', table: 'customers', choice: { by: 'keys', keys: [[3n]] } });
    expect(ids(source)).toEqual([1n, 102n, 5n, 4n]);
    await run({ kind: 'delete', table: 'customers', choice: { by: 'keys', keys: [[102n]] } });
    await run({ kind: 'reinsert', table: 'customers' });
    expect(ids(source)).toEqual([1n, 5n, 4n, 102n]);
    await run({ kind: 'rekey', table: 'customers', choice: { by: 'keys', keys: [[1n]] }, by: 6n });
    await run({ kind: 'insert', table: 'customers', rows: 2 });
    // 5 was given away by the move, 7 is taken by it.
    expect(ids(source)).toEqual([7n, 5n, 4n, 102n, 6n, 8n]);
  });

  test('refuse a move onto a key that is taken, and a row that is not there', async () => {
    const { run } = await begin('shop', 4);
    const move = run({ kind: 'rekey', table: 'customers', choice: { by: 'keys', keys: [[1n]] }, by: 1n });
    await expect(move).rejects.toThrow('customers has a row with the key (2) already');
    const gone = run({ kind: 'rekey', table: 'customers', choice: { by: 'keys', keys: [[9n]] } });
    await expect(gone).rejects.toThrow('customers has no row with the key (9)');
    await expect(run({ kind: 'insert', table: 'nobody', rows: 1 })).rejects.toThrow(
      'knows no table nobody; it knows customers, orders',
    );
  });

  test('count nothing of a transaction that is rolled back', async () => {
    const { source, run, workload } = await begin('shop', 6);
    const before = ids(source);
    await run({
      kind: 'transaction',
      rollback: true,
      steps: [
        { kind: 'insert', table: 'customers', rows: 3 },
        { kind: 'rekey', table: 'customers', choice: every(2) },
        { kind: 'delete', table: 'customers', choice: every(3) },
        { kind: 'truncate', table: 'orders' },
      ],
    });
    expect(source.changes).toMatchObject([{ kind: 'transaction', rollback: true }]);
    expect(ids(source)).toEqual(before);
    expect([workload.alive('customers'), workload.alive('orders')]).toEqual([6, 6]);
    await run({ kind: 'delete', table: 'customers', choice: { by: 'all' } });
    await run({ kind: 'insert', table: 'customers', rows: 1 });
    expect(ids(source)).toHaveLength(1);
    await run({ kind: 'reinsert', table: 'customers' });
    expect(ids(source).slice(1)).toEqual(before);
  });

  test('give keys that a rolled-back transaction moved to out again', async () => {
    const { source, run } = await begin('shop', 4);
    const move: WriteStep = { kind: 'rekey', table: 'customers', choice: { by: 'keys', keys: [[4n]] }, by: 1n };
    await run({ kind: 'transaction', rollback: true, steps: [move] });
    await run({ kind: 'insert', table: 'customers', rows: 1 });
    expect(ids(source)).toEqual([1n, 2n, 3n, 4n, 5n]);
  });

  test('put a committed transaction’s changes into one', async () => {
    const { source, run, workload } = await begin('shop', 4);
    const steps: WriteStep[] = [
      { kind: 'insert', table: 'customers', rows: 2 },
      { kind: 'delete', table: 'orders', choice: { by: 'all' } },
      { kind: 'sql', run: 'SELECT 1' },
    ];
    await run({ kind: 'transaction', rollback: false, steps });
    expect(source.changes).toHaveLength(1);
    expect([workload.alive('customers'), workload.alive('orders')]).toEqual([6, 0]);
    const [change] = source.changes;
    expect(change?.kind === 'transaction' ? change.changes.map(({ kind }) => kind) : []).toEqual([
      'insert',
      'delete',
      'native',
    ]);
  });

  test('delete all copies of a row without a key together', async () => {
    const { source, run, workload } = await begin('keyless', 12);
    await run({ kind: 'delete', table: 'events', choice: every(5) });
    // Rows 1, 6 and 11 of six pairs: the pairs of the 1st, the 3rd and the 6th.
    expect(source.rows('events')).toHaveLength(6);
    expect(workload.alive('events')).toBe(6);
    await run({ kind: 'update', table: 'events', choice: { by: 'all' }, set: { note: { to: 'value', value: 'n' } } });
    expect(source.rows('events').every((row) => row[3] === 'n')).toBe(true);
  });

  test('end with the data of a package', async () => {
    const { run } = await begin('movies', 3201);
    await expect(run({ kind: 'insert', table: 'movies', rows: 1 })).rejects.toThrow(
      'movies has no more than 3201 rows of data',
    );
  });

  test('refuse to address rows that cannot be told apart', async () => {
    const { run } = await begin('flights', 3);
    await expect(run({ kind: 'delete', table: 'flights', choice: every(2) })).rejects.toThrow(
      'rows of flights cannot be addressed',
    );
  });

  test('stop when the caller gives up', async () => {
    const { workload, source } = await begin('shop', 1);
    const stop = new AbortController();
    const running = workload.run(
      { kind: 'workload', table: 'customers', forMs: 60_000, perSecond: 100, mix: MIX },
      stop.signal,
    );
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow();
    expect(source.changes.length).toBeLessThan(5);
  });
});

test('a workload at full speed stops when the caller gives up', async () => {
  const stop = new AbortController();
  let writes = 0;
  const tables = seedTables([catalog.get('shop')], { seed: 's', rows: 1 });
  const write = (): Promise<void> => {
    writes += 1;
    if (writes === 3) stop.abort(new Error('enough'));
    return Promise.resolve();
  };
  const workload = new Workload({ tables, seed: 's', write });
  const step: WriteStep = { kind: 'workload', table: 'customers', operations: 50, mix: { ...MIX, update: 0 } };
  await expect(workload.run(step, stop.signal)).rejects.toThrow('enough');
  expect(writes).toBe(3);
});

test('the account of rows comes back whole to a checkpoint', () => {
  const living = new Living();
  for (let row = 0; row < 4; row += 1) living.live(living.take());
  living.die(0);
  const restore = living.checkpoint();
  living.die(1);
  living.die(2);
  living.live(0);
  living.live(living.take());
  restore();
  expect([living.alive, living.dead, living.next]).toEqual([3, 1, 5]);
  expect([...living.aliveOnes()]).toEqual([1, 2, 3]);
  expect([living.near(1, 'dead'), living.near(4, 'alive'), living.isAlive(4)]).toEqual([0, 1, false]);
});

const MIX = { insert: 3, update: 3, delete: 3, rekey: 2, reinsert: 2 };

describe('a live workload', () => {
  test('is the same for the same seed, and another for another', async () => {
    const changesOf = async (seed: string): Promise<string> => {
      const { source, run } = await begin('shop', 20, seed);
      await run({ kind: 'workload', table: 'customers', operations: 40, mix: MIX });
      return JSON.stringify(source.changes, (_key, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      );
    };
    expect(await changesOf('a')).toBe(await changesOf('a'));
    expect(await changesOf('a')).not.toBe(await changesOf('b'));
  });

  test('is another each time in one scenario', async () => {
    const { source, run } = await begin('shop', 50);
    const kindsOf = async (): Promise<string> => {
      source.changes.length = 0;
      await run({ kind: 'workload', table: 'customers', operations: 30, mix: MIX });
      return source.changes.map(({ kind }) => kind).join();
    };
    expect(await kindsOf()).not.toBe(await kindsOf());
  });

  test('draws each operation about as often as its weight says', async () => {
    const { source, run } = await begin('shop', 500);
    await run({
      kind: 'workload',
      table: 'customers',
      operations: 600,
      mix: { insert: 4, update: 2, delete: 0, rekey: 0, reinsert: 0 },
    });
    const inserts = source.changes.filter(({ kind }) => kind === 'insert').length;
    expect(source.changes.every(({ kind }) => kind === 'insert' || kind === 'update')).toBe(true);
    expect(inserts / 600).toBeGreaterThan(0.6);
    expect(inserts / 600).toBeLessThan(0.73);
  });

  test('goes on for the time it is given, no faster than told', async () => {
    const { source, run } = await begin('shop', 20);
    const started = performance.now();
    await run({ kind: 'workload', table: 'customers', forMs: 200, perSecond: 100, mix: MIX });
    expect(performance.now() - started).toBeGreaterThanOrEqual(195);
    expect(source.changes.length).toBeGreaterThan(2);
    expect(source.changes.length).toBeLessThan(25);
  });

  test('needs a number of operations inside a transaction', async () => {
    const { run } = await begin('shop', 2);
    const steps: WriteStep[] = [{ kind: 'workload', table: 'customers', forMs: 10, mix: MIX }];
    await expect(run({ kind: 'transaction', rollback: false, steps })).rejects.toThrow('needs "operations"');
  });
});

test('whatever the steps, the source holds the rows that the workload takes for alive', async () => {
  const table = fc.constantFrom('customers', 'orders');
  const choice = fc.integer({ min: 1, max: 5 }).map(every);
  const flat: fc.Arbitrary<WriteStep> = fc.oneof(
    fc.record({ kind: fc.constant('insert' as const), table, rows: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('reinsert' as const), table }),
    fc.record({ kind: fc.constant('delete' as const), table, choice }),
    fc.record({ kind: fc.constant('rekey' as const), table, choice }),
    fc.record({ kind: fc.constant('truncate' as const), table }),
    fc.record({
      kind: fc.constant('workload' as const),
      table,
      operations: fc.integer({ min: 1, max: 8 }),
      mix: fc.constant(MIX),
    }),
    fc.constant<WriteStep>({ kind: 'update', table: 'customers', choice: every(2), set: { name: { to: 'random' } } }),
  );
  const step: fc.Arbitrary<WriteStep> = fc.oneof(
    { weight: 4, arbitrary: flat },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('transaction' as const),
        rollback: fc.boolean(),
        steps: fc.array(flat, { minLength: 1, maxLength: 4 }),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const { source, workload, run } = await begin('shop', 12);
      for (const one of steps) {
        await run(one);
        for (const name of ['customers', 'orders']) expect(source.rows(name)).toHaveLength(workload.alive(name));
      }
    }),
    { numRuns: 60 },
  );
});

test('a maker’s columns that grow never stand still over inserts, updates and rows that come back', async () => {
  const { source, run } = await begin('orders', 20);
  await run({ kind: 'delete', table: 'orders', choice: every(3) });
  await run({ kind: 'workload', table: 'orders', operations: 60, mix: { ...MIX, rekey: 0 } });
  const ticks: bigint[] = [];
  for (const change of source.changes) {
    if (change.kind === 'insert') ticks.push(...change.rows.map((row) => BigInt(String(row.at(-1)))));
    if (change.kind === 'update') ticks.push(BigInt(String(change.set.revision)));
  }
  expect(ticks.length).toBeGreaterThan(30);
  expect(ticks.every((tick, index) => index === 0 || tick > (ticks[index - 1] ?? 0n))).toBe(true);
  expect(ticks[0]).toBeGreaterThan(20n);
});
