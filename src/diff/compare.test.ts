import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison, RowBatch } from '../core/canonical.ts';
import type { Tolerance } from '../core/policy.ts';
import type { TableResult } from '../core/result.ts';
import { compare } from './compare.ts';
import { MemorySide, type TextRow } from './memory-side.ts';
import type { ComparedColumn, DiffRequest, Side } from './side.ts';

const COLUMNS: readonly ComparedColumn[] = [
  { name: 'id', as: { as: 'number' } },
  { name: 'name', as: { as: 'text' } },
  { name: 'amount', as: { as: 'number' } },
  { name: 'at', as: { as: 'instant' } },
];

function row(id: number): TextRow {
  return [String(id), `name ${id}`, `${id}.25`, new Date(1_700_000_000_000 + id * 61_001).toISOString()];
}

function rows(count: number, from = 1): TextRow[] {
  return Array.from({ length: count }, (_, index) => row(from + index));
}

interface Setting {
  columns?: readonly ComparedColumn[];
  key?: number;
  tolerate?: readonly Tolerance[];
  examples?: number;
  memory?: number;
  batch?: number;
  list?: string;
  schema?: readonly string[];
  signal?: AbortSignal;
}

function request(left: Side, right: Side, setting: Setting = {}): DiffRequest {
  return {
    table: 'orders',
    columns: setting.columns ?? COLUMNS,
    keyColumns: setting.key ?? 1,
    left,
    right,
    tolerate: setting.tolerate ?? [],
    schema: setting.schema ?? [],
    examples: setting.examples ?? 5,
    signal: setting.signal ?? AbortSignal.timeout(20_000),
    ...(setting.memory === undefined ? {} : { memory: setting.memory }),
    ...(setting.list === undefined ? {} : { listFile: setting.list }),
  };
}

function side(label: string, data: readonly TextRow[], setting: Setting = {}): MemorySide {
  return new MemorySide(label, setting.columns ?? COLUMNS, setting.key ?? 1, () => data, setting.batch ?? 100);
}

async function diff(left: readonly TextRow[], right: readonly TextRow[], setting: Setting = {}): Promise<TableResult> {
  return compare(request(side('source', left, setting), side('destination', right, setting), setting));
}

/** The same rows with one of each `every` changed. */
function changed(
  data: readonly TextRow[],
  column: number,
  change: (cell: string) => string | null,
  every = 1,
): TextRow[] {
  return data.map((cells, index) =>
    index % every === 0 ? cells.map((cell, at) => (at === column && cell !== null ? change(cell) : cell)) : cells,
  );
}

function columnOf(result: TableResult, name: string): { different: number; pattern?: string } | undefined {
  return result.columns.find((column) => column.name === name);
}

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'diff-test-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe('two sides with the same rows', () => {
  it('are equal in whatever order the rows come, after one reading', async () => {
    const data = rows(1000);
    const [left, right] = [side('a', data), side('b', [...data].reverse(), { batch: 7 })];
    const result = await compare(request(left, right));
    expect(result).toMatchObject({ verdict: 'equal', compared: 1000, leftRows: 1000, rightRows: 1000, missing: 0 });
    expect(result.examples).toEqual([]);
    expect([left.readings, right.readings]).toEqual([1, 1]);
  });

  it('are equal when both are empty, with nothing compared', async () => {
    expect(await diff([], [])).toMatchObject({ verdict: 'equal', compared: 0 });
  });

  it('are different all the same when the tables do not have the same columns', async () => {
    const result = await diff(rows(3), rows(3), { schema: ['right side has no column note'] });
    expect(result).toMatchObject({ verdict: 'different', different: 0, schema: ['right side has no column note'] });
  });

  it('are equal as multisets where there is no key', async () => {
    const data = [...rows(50), ...rows(50)];
    expect(await diff(data, [...data].reverse(), { key: 0 })).toMatchObject({ verdict: 'equal', compared: 100 });
  });
});

describe('a row that is not on both sides', () => {
  it('is missing, with its key as the database shows it', async () => {
    const data = rows(500);
    const result = await diff(data, data.toSpliced(41, 1));
    expect(result).toMatchObject({ verdict: 'different', missing: 1, extra: 0, different: 0, compared: 500 });
    expect(result.examples).toEqual([{ kind: 'missing', key: { id: '42' } }]);
  });

  it('is extra when only the right has it', async () => {
    const result = await diff(rows(500), rows(501));
    expect(result).toMatchObject({ verdict: 'different', missing: 0, extra: 1, different: 0, rightRows: 501 });
    expect(result.examples).toEqual([{ kind: 'extra', key: { id: '501' } }]);
  });

  it('is extra when it is a second copy of a row that is there, and is called a duplicate', async () => {
    for (const twice of [
      [...rows(300), row(7)],
      [row(7), ...rows(300)],
    ]) {
      const result = await diff(rows(300), twice);
      expect(result).toMatchObject({ verdict: 'different', missing: 0, extra: 1, different: 0 });
      expect(result.patterns).toEqual([
        'extra rows: it is a further copy (duplicate) of a key that the left side has too',
      ]);
    }
  });

  it('is told from a duplicate that lost its twin', async () => {
    const result = await diff([...rows(10), row(3)], rows(10));
    expect(result).toMatchObject({ verdict: 'different', missing: 1, extra: 0 });
    expect(result.patterns[0]).toContain('a key that the right side has too');
  });

  it('is named in full where there is no key, with how many copies there are', async () => {
    const data = rows(20);
    const result = await diff([...data, row(5), row(5)], data.toSpliced(9, 1), { key: 0 });
    expect(result).toMatchObject({ verdict: 'different', missing: 3, extra: 0, different: 0 });
    expect(result.examples.map(({ key, copies }) => [key.name, copies])).toEqual([
      ['name 5', 2],
      ['name 10', undefined],
    ]);
  });

  it('leaves nothing on the right when nothing was copied', async () => {
    const result = await diff(rows(2000), []);
    expect(result).toMatchObject({ verdict: 'different', missing: 2000, extra: 0, rightRows: 0 });
    expect(result.patterns).toEqual(['missing rows: all 2,000, that is every row of that side']);
  });
});

describe('a row whose cells differ', () => {
  it('is named with its key, its column and both values, shown and canonical', async () => {
    const data = rows(400);
    const other = data.map((cells) => (cells[0] === '77' ? ['77', 'name 77', '77.250001', cells[3] ?? ''] : cells));
    const result = await diff(data, other);
    expect(result).toMatchObject({ verdict: 'different', missing: 0, extra: 0, different: 1 });
    expect(result.columns.map(({ name, different }) => [name, different])).toEqual([['amount', 1]]);
    expect(result.examples).toEqual([
      {
        kind: 'different',
        key: { id: '77' },
        cells: [
          {
            column: 'amount',
            left: { shown: '77.25', canonical: '77.25' },
            right: { shown: '77.250001', canonical: '77.250001' },
          },
        ],
      },
    ]);
  });

  it('is counted once however many columns differ, and in each of them', async () => {
    const data = rows(100);
    const result = await diff(
      data,
      changed(
        changed(data, 1, () => 'x', 10),
        2,
        () => '0',
        5,
      ),
    );
    expect(result.different).toBe(20);
    expect(columnOf(result, 'name')?.different).toBe(10);
    expect(columnOf(result, 'amount')?.different).toBe(20);
  });

  it('is paired with the likest of several rows of its key', async () => {
    const left = [row(1), ['1', 'twin', '9', '2024-01-01 00:00:00Z']];
    const right = [['1', 'twin', '8', '2024-01-01 00:00:00Z'], row(1)];
    const result = await diff(left, right);
    expect(result).toMatchObject({ different: 1, missing: 0, extra: 0 });
    expect(result.columns.map(({ name }) => name)).toEqual(['amount']);
  });
});

describe('rows that are alike but for a column or two', () => {
  it('tell which column differs and how, where there is no key', async () => {
    const data = rows(300);
    const late = changed(data, 3, (cell) => new Date(Date.parse(cell) + 3_600_000).toISOString(), 3);
    const result = await diff(data, late, { key: 0 });
    expect(result).toMatchObject({ missing: 100, extra: 100, different: 0 });
    expect(result.columns).toEqual([
      { name: 'at', different: 100, pattern: 'all 100 are exactly 1 h later on the right' },
    ]);
    expect(result.patterns).toContain(
      'missing rows: all 100 are among the extra ones with other values in one or two columns',
    );
  });

  it('tell two columns that changed places, where there is no key', async () => {
    const columns: readonly ComparedColumn[] = ['a', 'b', 'c'].map((name) => ({ name, as: { as: 'text' } }));
    const data = Array.from({ length: 30 }, (_, id): TextRow => [`a${id}`, `b${id}`, `c${id}`]);
    const swapped = data.map(([a = null, b = null, c = null]): TextRow => [a, c, b]);
    const result = await diff(data, swapped, { key: 0, columns });
    expect(result.columns).toEqual([
      { name: 'b', different: 30, pattern: 'all 30 are swapped with c' },
      { name: 'c', different: 30, pattern: 'all 30 are swapped with b' },
    ]);
  });

  it('are seen to have come under another key', async () => {
    const data = rows(50);
    const moved = data.map((cells) => (Number(cells[0]) > 40 ? cells.with(0, String(Number(cells[0]) + 1000)) : cells));
    const result = await diff(data, moved);
    expect(result).toMatchObject({ missing: 10, extra: 10, different: 0, columns: [] });
    expect(result.patterns).toContain(
      'missing rows: all 10 are among the extra ones under another key (id: all 10 are exactly 1000 more on the right)',
    );
  });
});

describe('the complete list', () => {
  it('has every differing row once, and is not made when there is none', async () => {
    const list = join(scratch, 'list.ndjson');
    const data = rows(3000);
    const other = changed(data, 2, () => '0', 3).slice(0, 2900);
    const result = await diff(data, other, { list });
    expect(result.list).toBe(list);
    const lines = (await readFile(list, 'utf8')).trimEnd().split('\n');
    const listed = lines.map((line) => JSON.parse(line) as { kind: string; key: { id: string }; cells?: object });
    expect(listed.filter(({ kind }) => kind === 'missing')).toHaveLength(100);
    expect(listed.filter(({ kind }) => kind === 'different')).toHaveLength(967);
    expect(listed.find(({ key }) => key.id === '4')).toEqual({
      kind: 'different',
      key: { id: '4' },
      cells: { amount: ['4.25', '0'] },
    });
    expect(await diff(data, data, { list: join(scratch, 'none.ndjson') })).not.toHaveProperty('list');
    await expect(readFile(join(scratch, 'none.ndjson'))).rejects.toThrow('ENOENT');
  });

  it('that cannot be written ends the comparison with its name', async () => {
    const list = join(scratch, 'no', 'such', 'folder');
    await expect(diff(rows(10), [], { list })).rejects.toMatchObject({ code: 'DIFF_LIST' });
  });
});

describe('tolerances', () => {
  const tolerance = (column: string, policy: Tolerance['policy']): Tolerance => ({
    column,
    policy,
    because: 'the test',
  });

  it('are counted where they were needed and reported where they were not', async () => {
    const data = rows(100);
    const result = await diff(
      data,
      changed(data, 2, (cell) => `${cell}000001`, 4),
      {
        tolerate: [tolerance('amount', { absolute: 0.0001 }), tolerance('name', { ignoreCase: true })],
      },
    );
    expect(result).toMatchObject({ verdict: 'equal', different: 0 });
    expect(result.policies).toEqual([
      { column: 'amount', policy: 'absolute 0.0001', because: 'the test', used: 25 },
      { column: 'name', policy: 'ignoreCase', because: 'the test', used: 0 },
    ]);
  });

  it('do not cover what goes beyond them', async () => {
    const data = rows(10);
    const result = await diff(
      data,
      changed(data, 2, (cell) => String(Number(cell) + 0.01)),
      {
        tolerate: [tolerance('amount', { absolute: 0.001 })],
      },
    );
    expect(result).toMatchObject({ verdict: 'different', different: 10 });
  });

  it('work without a key, where rows are matched by their other columns', async () => {
    const data = [...rows(20), row(3)];
    const other = changed(data, 2, (cell) => `${cell}0001`);
    const setting = { key: 0, tolerate: [tolerance('amount', { absolute: 0.01 })] };
    expect(await diff(data, [...other].reverse(), setting)).toMatchObject({ verdict: 'equal' });
    const wrong = changed(other, 2, () => '77', 100);
    expect(await diff(data, wrong, setting)).toMatchObject({ verdict: 'different', missing: 1, extra: 1 });
  });

  it('on a key column are a wrong request', async () => {
    await expect(diff([], [], { tolerate: [tolerance('id', { absolute: 1 })] })).rejects.toMatchObject({
      code: 'POLICY_ON_KEY',
      exitCode: 2,
    });
  });
});

describe('a comparison that cannot be finished has no verdict', () => {
  const failing = (data: readonly TextRow[], after: number, reading: number): Side => {
    const inner = side('destination', data);
    return {
      label: inner.label,
      async *read(signal: AbortSignal): AsyncIterable<RowBatch> {
        let batches = 0;
        for await (const batch of inner.read(signal)) {
          if (inner.readings === reading && batches === after) throw new Error('connection lost');
          batches += 1;
          yield batch;
        }
      },
      show: (keys) => inner.show(keys),
      statementFor: (key) => inner.statementFor(key),
    };
  };

  it('when a side fails half-way, at either reading', async () => {
    const right = failing(rows(500), 2, 1);
    await expect(compare(request(side('source', rows(500)), right))).rejects.toMatchObject({
      code: 'DIFF_SIDE_FAILED',
      message: 'orders: reading the right side (destination) failed after 200 rows: connection lost',
    });
    const later = failing(rows(499), 3, 2);
    await expect(compare(request(side('source', rows(500)), later))).rejects.toMatchObject({
      code: 'DIFF_SIDE_FAILED',
    });
  });

  it('when a side has fewer rows, or others, at the second reading', async () => {
    let reading = 0;
    const shrinking = new MemorySide('destination', COLUMNS, 1, () => rows(reading++ === 0 ? 400 : 399));
    await expect(compare(request(side('source', rows(500)), shrinking))).rejects.toMatchObject({
      code: 'DIFF_TABLE_CHANGED',
      message: expect.stringContaining('400 rows, then 399') as string,
    });
    reading = 0;
    const moving = new MemorySide('destination', COLUMNS, 1, () => rows(400, ++reading));
    await expect(compare(request(side('source', rows(500)), moving))).rejects.toMatchObject({
      code: 'DIFF_TABLE_CHANGED',
    });
  });

  it('when the row that differed is gone, though others are the same', async () => {
    let reading = 0;
    const healed = new MemorySide('destination', COLUMNS, 1, () =>
      reading++ === 0 ? changed(rows(9), 1, () => 'x', 9) : rows(9),
    );
    await expect(compare(request(side('source', rows(9)), healed))).rejects.toMatchObject({
      code: 'DIFF_TABLE_CHANGED',
    });
  });

  it('when a row changed that was not even suspected', async () => {
    let reading = 0;
    const other = changed(rows(9), 1, () => 'x', 9);
    const moving = new MemorySide('destination', COLUMNS, 1, () =>
      reading++ === 0 ? other : other.map((cells) => (cells[0] === '5' ? cells.with(1, 'y') : cells)),
    );
    await expect(compare(request(side('source', rows(9)), moving))).rejects.toMatchObject({
      code: 'DIFF_TABLE_CHANGED',
      message: expect.stringContaining('9 rows both times, not the same') as string,
    });
  });

  it('when both sides changed alike between two parts of the first reading', async () => {
    const shrinking = (label: string, order: (data: TextRow[]) => TextRow[]): Side => {
      let reading = 0;
      return new MemorySide(label, COLUMNS, 1, () => order(rows(reading++ === 0 ? 300 : 299)), 10);
    };
    const [left, right] = [shrinking('a', (data) => data), shrinking('b', (data) => data.reverse())];
    await expect(compare(request(left, right, { memory: 2000 }))).rejects.toMatchObject({ code: 'DIFF_TABLE_CHANGED' });
  });

  it('when it is aborted while a side hangs', async () => {
    const hanging: Side = {
      label: 'stuck',
      read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }),
      show: () => Promise.resolve([]),
      statementFor: () => '',
    };
    const stop = new AbortController();
    const comparison = compare(request(side('source', rows(5)), hanging, { signal: stop.signal }));
    stop.abort(new Error('enough'));
    await expect(comparison).rejects.toThrow('enough');
  });

  it('when a reader yields cells that are no whole rows', async () => {
    const setting = { columns: COLUMNS.slice(0, 3) };
    const narrow = side(
      'destination',
      rows(5).map((cells) => cells.slice(0, 3)),
      setting,
    );
    await expect(compare(request(side('source', rows(5)), narrow))).rejects.toMatchObject({ code: 'DIFF_BAD_BATCH' });
  });
});

describe('memory', () => {
  it('bounds the comparison by reading again, with the same result', async () => {
    const data = rows(1500);
    const other = changed([...data].reverse().slice(17), 1, (cell) => cell.toUpperCase(), 2);
    const whole = await diff(data, other);
    const tight = await diff(data, other, { memory: 40_000 });
    expect({ ...tight, durationMs: 0 }).toEqual({ ...whole, durationMs: 0 });
    expect(whole).toMatchObject({ missing: 17, different: 742 });
  });
});

describe('columns without a value of the agreed type', () => {
  it('differ from every value, and are equal only to themselves', async () => {
    const columns: readonly ComparedColumn[] = [COLUMNS[0], { name: 'n', as: { as: 'number' } as Comparison }].filter(
      (column) => column !== undefined,
    );
    const result = await diff(
      [
        ['1', 'abc'],
        ['2', 'x'],
      ],
      [
        ['1', 'abc'],
        ['2', '5'],
      ],
      { columns },
    );
    expect(result).toMatchObject({ different: 1 });
    expect(columnOf(result, 'n')?.pattern).toBe('text on the left that is no number');
  });
});
