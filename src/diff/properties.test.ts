import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CanonicalWriter, type Comparison, type RowBatch } from '../core/canonical.ts';
import { showCell } from '../core/canonical-show.ts';
import { writeText } from '../core/canonical-text.ts';
import type { TableResult } from '../core/result.ts';
import { compare } from './compare.ts';
import type { ListedRow } from './list.ts';
import { MemorySide, type TextRow } from './memory-side.ts';
import type { ComparedColumn, Side } from './side.ts';

/** Values of a kind; those of one line are all different. */
const VALUES: readonly (readonly [Comparison, readonly (string | null)[]])[] = [
  [
    { as: 'number' },
    [null, '0', '1', '-1', '1.5', '9223372036854775807', '9223372036854775808', '1e-20', '5e-20', 'NaN'],
  ],
  [{ as: 'text' }, [null, '', ' ', 'a', 'A', 'a ', 'é', 'e\u0301', '<null>', 'NULL', '0', '🦆']],
  [{ as: 'float' }, [null, '0', '-0', '0.1', '0.10000000000000002', 'nan', 'inf', '-inf', '3.4e38']],
  [
    { as: 'instant' },
    [null, '1970-01-01 00:00:00Z', '1970-01-01 00:00:00.000001Z', '1969-12-31 23:59:59Z', 'infinity'],
  ],
  [{ as: 'json' }, [null, 'null', '{}', '[]', '{"a":1}', '{"a":1.5}', '"a"', '[null]']],
  [{ as: 'array', of: { as: 'number' } }, [null, '{}', '{NULL}', '{1}', '{1,1}', '{{1},{1}}']],
  [{ as: 'bytes' }, [null, '\\x', '\\x00', '\\x0000']],
];
const COLUMNS: readonly ComparedColumn[] = [
  { name: 'id', as: { as: 'number' } },
  ...VALUES.map(([as], index) => ({ name: `c${index}`, as })),
];

const cells = VALUES.map(([, values]) => fc.constantFrom(...values));
const row = fc.tuple(...cells);
/** Rows with unique keys. */
const table = fc
  .uniqueArray(fc.tuple(fc.integer({ min: -50, max: 1000 }), row), { selector: ([id]) => id, maxLength: 40 })
  .map((rows) => rows.map(([id, values]): TextRow => [String(id), ...values]));

interface Shape {
  readonly order: readonly number[];
  readonly batch: number;
}
const shape = fc.record({
  order: fc.array(fc.nat(), { minLength: 90, maxLength: 90 }),
  batch: fc.integer({ min: 1, max: 50 }),
});
const memory = fc.constantFrom(undefined, 2000, 10_000);

function permuted(rows: readonly TextRow[], { order }: Shape): TextRow[] {
  return rows
    .map((one, index) => [order[index % order.length] ?? 0, index, one] as const)
    .sort(([a, i], [b, j]) => a - b || i - j)
    .map(([, , one]) => one);
}

interface Run {
  readonly left: readonly TextRow[];
  readonly right: readonly TextRow[];
  readonly key: number;
  readonly shapes?: readonly [Shape, Shape];
  readonly memory?: number | undefined;
  readonly list?: string;
}

async function run({ left, right, key, shapes, memory: bytes, list }: Run): Promise<TableResult> {
  const side = (label: string, rows: readonly TextRow[], how: Shape | undefined): Side =>
    new MemorySide(label, COLUMNS, key, () => (how === undefined ? rows : permuted(rows, how)), how?.batch ?? 100);
  return compare({
    table: 't',
    columns: COLUMNS,
    keyColumns: key,
    left: side('left', left, shapes?.[0]),
    right: side('right', right, shapes?.[1]),
    tolerate: [],
    schema: [],
    examples: 4,
    signal: AbortSignal.timeout(10_000),
    ...(bytes === undefined ? {} : { memory: bytes }),
    ...(list === undefined ? {} : { listFile: list }),
  });
}

/** Canonical form by the shortest way, for what the result must say. */
function canonical(text: string | null, column: number): string {
  const writer = new CanonicalWriter();
  if (text === null) writer.null();
  else writeText(writer, text, COLUMNS[column]?.as ?? { as: 'text' });
  return showCell(writer.cut(0));
}

/** The same comparison by a plain map. */
function counts(left: readonly TextRow[], right: readonly TextRow[], key: number): Partial<TableResult> {
  const text = (one: TextRow, upTo: number): string =>
    one
      .slice(0, upTo)
      .map((cell, at) => canonical(cell, at))
      .join('\u0001');
  const all = COLUMNS.length;
  const bag = new Map<string, number>();
  for (const one of left) bag.set(text(one, all), (bag.get(text(one, all)) ?? 0) + 1);
  for (const one of right) bag.set(text(one, all), (bag.get(text(one, all)) ?? 0) - 1);
  const byKey = new Map<string, { left: number; right: number }>();
  for (const [one, more] of bag) {
    const name = key === 0 ? one : one.split('\u0001', key).join('\u0001');
    const entry = byKey.get(name) ?? { left: 0, right: 0 };
    if (more > 0) entry.left += more;
    else entry.right -= more;
    byKey.set(name, entry);
  }
  let [missing, extra, different] = [0, 0, 0];
  for (const { left: l, right: r } of byKey.values()) {
    const paired = key === 0 ? 0 : Math.min(l, r);
    missing += l - paired;
    extra += r - paired;
    different += paired;
  }
  return { missing, extra, different, verdict: missing + extra + different === 0 ? 'equal' : 'different' };
}

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'diff-properties-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe('for random tables', () => {
  it('any order of rows, batches and memory gives the same result as a plain comparison', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        table,
        shape,
        shape,
        memory,
        fc.constantFrom(0, 1),
        async (one, two, a, b, bytes, key) => {
          // Half of the right side is the left's, so that there is something to match.
          const right = [
            ...one.filter((_, index) => index % 2 === 0),
            ...two.filter(([id]) => !one.some(([other]) => other === id)),
            ...two.filter(([id]) => one.some(([other], at) => other === id && at % 2 === 1)),
          ];
          const plain = await run({ left: one, right, key });
          expect(plain).toMatchObject(counts(one, right, key));
          const shaped = await run({ left: one, right, key, shapes: [a, b], memory: bytes });
          expect({ ...shaped, durationMs: 0 }).toEqual({ ...plain, durationMs: 0 });
        },
      ),
      { numRuns: 150 },
    );
  }, 30_000);

  it('with repeated keys and rows the counts are those of a plain comparison, in any order', async () => {
    const repeated = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom('a', 'b', 'c')), { maxLength: 30 })
      .map((rows) => rows.map(([id, name]): TextRow => [String(id), '1', name, '0', null, null, null, null]));
    await fc.assert(
      fc.asyncProperty(
        repeated,
        repeated,
        shape,
        shape,
        memory,
        fc.constantFrom(0, 1),
        async (left, right, a, b, bytes, key) => {
          const expected = counts(left, right, key);
          const plain = await run({ left, right, key });
          expect(plain).toMatchObject(expected);
          const shaped = await run({ left, right, key, shapes: [a, b], memory: bytes });
          expect({ ...shaped, durationMs: 0 }).toEqual({ ...plain, durationMs: 0 });
        },
      ),
      { numRuns: 150 },
    );
  }, 30_000);

  it('a change of a single cell is named exactly: key, column, both values', async () => {
    const file = join(scratch, 'one.ndjson');
    await fc.assert(
      fc.asyncProperty(table, fc.nat(), fc.nat(), fc.nat(), shape, shape, async (rows, at, which, other, a, b) => {
        fc.pre(rows.length > 0);
        const index = at % rows.length;
        const column = 1 + (which % VALUES.length);
        const values = VALUES[column - 1]?.[1] ?? [];
        const from = rows[index]?.[column] ?? null;
        const to = values[(values.indexOf(from) + 1 + (other % (values.length - 1))) % values.length] ?? null;
        const changed = rows.map((one, i) => (i === index ? one.with(column, to) : one));
        const result = await run({ left: rows, right: changed, key: 1, shapes: [a, b], list: file });
        expect(result).toMatchObject({ verdict: 'different', missing: 0, extra: 0, different: 1 });
        expect(result.columns.map(({ name, different }) => [name, different])).toEqual([[`c${column - 1}`, 1]]);
        const [left, right] = [canonical(from, column), canonical(to, column)];
        expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
          kind: 'different',
          key: { id: rows[index]?.[0] },
          cells: { [`c${column - 1}`]: [left, right] },
        } satisfies ListedRow | object);
        const cell = result.examples[0]?.cells?.[0];
        expect([cell?.left.canonical, cell?.right.canonical]).toEqual([left, right]);
        expect([cell?.left.shown, cell?.right.shown]).toEqual([from ?? 'NULL', to ?? 'NULL']);
      }),
      { numRuns: 300 },
    );
  }, 30_000);
});

describe('a million rows a side', () => {
  const rows = 1_000_000;
  const columns: readonly ComparedColumn[] = [
    { name: 'id', as: { as: 'number' } },
    { name: 'at', as: { as: 'instant' } },
    { name: 'amount', as: { as: 'number' } },
  ];
  /** @param step coprime to the number of rows: the order in which they come. */
  const side = (label: string, step: number, wrong: (id: number) => boolean): Side => ({
    label,
    async *read(): AsyncIterable<RowBatch> {
      const writer = new CanonicalWriter();
      for (let index = 0; index < rows; index += 1) {
        const id = (index * step) % rows;
        writer.int(id);
        writer.endCell();
        writer.instant(1_700_000_000 + id + (wrong(id) ? 3600 : 0), 0);
        writer.endCell();
        writer.int(id * 7);
        writer.endCell();
        if (index % 20_000 !== 19_999) continue;
        const batch = writer.take(columns.length);
        await Promise.resolve();
        if (batch !== undefined) yield batch;
      }
    },
    show: () => Promise.resolve([]),
    statementFor: () => '',
  });

  it('in opposite orders, a hundred of them wrong: named, in bounded memory', async () => {
    let peak = 0;
    const before = process.memoryUsage().arrayBuffers;
    const result = await compare({
      table: 't',
      columns,
      keyColumns: 1,
      left: side('left', 1, () => false),
      right: side('right', rows - 1, (id) => id % 10_000 === 77),
      tolerate: [],
      schema: [],
      examples: 3,
      signal: AbortSignal.timeout(60_000),
      onProgress: () => {
        peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
      },
    });
    expect(result).toMatchObject({ different: 100, missing: 0, extra: 0, compared: rows });
    expect(result.columns).toEqual([
      { name: 'at', different: 100, pattern: 'all 100 are exactly 1 h later on the right' },
    ]);
    expect(result.examples.map(({ key }) => key.id)).toEqual(['77', '10077', '20077']);
    expect(peak).toBeLessThan(100 * 2 ** 20);
  }, 60_000);
});
