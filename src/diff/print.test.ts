import { describe, expect, it } from 'vitest';
import type { TableResult } from '../core/result.ts';
import { cutMiddle, cutPair, visible } from './cut.ts';
import { htmlReport } from './html.ts';
import { printTable } from './print.ts';

const EQUAL: TableResult = {
  name: 'public.orders',
  verdict: 'equal',
  compared: 5000,
  leftRows: 5000,
  rightRows: 5000,
  missing: 0,
  extra: 0,
  different: 0,
  columns: [],
  patterns: [],
  examples: [],
  policies: [],
  schema: [],
  durationMs: 12,
};

const DIFFERENT: TableResult = {
  ...EQUAL,
  verdict: 'different',
  rightRows: 4990,
  missing: 10,
  different: 3214,
  columns: [
    { name: 'at', different: 3214, pattern: 'all 3,214 are exactly 1 h later on the right' },
    { name: 'note', different: 1 },
  ],
  patterns: ['missing rows: all id ≥ 4,991'],
  examples: [
    {
      kind: 'different',
      key: { id: '42' },
      cells: [
        {
          column: 'at',
          left: { shown: '2024-01-01 00:00:00+00', canonical: '2024-01-01T00:00:00Z' },
          right: { shown: '2024-01-01 01:00:00+00', canonical: '2024-01-01T01:00:00Z' },
        },
        {
          column: 'note',
          left: { shown: 'a\u001b[31m <b>', canonical: '"a\\u001b[31m <b>"' },
          right: { shown: 'NULL', canonical: 'NULL' },
        },
      ],
    },
    { kind: 'missing', key: { id: '4991' } },
  ],
  policies: [
    { column: 'amount', policy: 'relative 1e-12', because: 'double there', used: 25 },
    { column: 'name', policy: 'trimEnd', because: 'char(n)', used: 0 },
  ],
  list: 'reports/orders.ndjson',
};

describe('the report for a terminal', () => {
  it('is one line when the tables are equal', () => {
    expect(printTable(EQUAL, { colour: false })).toBe('public.orders: equal, 5,000 rows compared');
    expect(printTable({ ...EQUAL, compared: 0 }, { colour: false })).toContain('both sides are empty');
  });

  it('says what differs, what the differences share, and shows rows with both forms of both values', () => {
    expect(printTable(DIFFERENT, { colour: false })).toBe(
      [
        'public.orders: different: 10 missing, 3,214 with other values (5,000 rows on the left, 4,990 on the right)',
        '  columns that differ',
        '    at    3,214 differ  all 3,214 are exactly 1 h later on the right',
        '    note      1 differs no pattern found',
        '  missing and extra rows',
        '    missing rows: all id ≥ 4,991',
        '  examples (2 of 3,224)',
        '    different  id = 42',
        '      at    left   2024-01-01 00:00:00+00  2024-01-01T00:00:00Z',
        '            right  2024-01-01 01:00:00+00  2024-01-01T01:00:00Z',
        '      note  left   a\\u001b[31m <b>  "a\\u001b[31m <b>"',
        '            right  NULL',
        '    missing  id = 4991',
        '  tolerated',
        '    amount: relative 1e-12, used 25 times (double there)',
        '    name: trimEnd, never needed (char(n))',
        '  complete list  reports/orders.ndjson',
      ].join('\n'),
    );
  });

  it('has colours only where they are wanted, and lets no control character of the data through', () => {
    expect(printTable(DIFFERENT, { colour: true })).toContain('\u001b[31m');
    expect(printTable(DIFFERENT, { colour: false })).not.toMatch(/[\0-\x09\x0b-\x1f]/);
  });
});

describe('the HTML page', () => {
  it('has every part of the result, escaped, and needs nothing from a network', () => {
    const page = htmlReport([EQUAL, DIFFERENT]);
    expect(page).toContain('all 3,214 are exactly 1 h later on the right');
    expect(page).toContain('a\\u001b[31m &lt;b&gt;');
    expect(page).toContain('the complete list is reports/orders.ndjson');
    expect(page).toContain('never needed');
    expect(page).not.toContain('<b>"');
    expect(page).not.toMatch(/https?:|src=|@import|url\(/);
    expect(page.startsWith('<!doctype html>')).toBe(true);
  });

  it('stays below 1 MB whatever there is to show, and says what did not fit', () => {
    const wide = '🦆<&'.repeat(400);
    const examples = Array.from({ length: 20_000 }, (_, id) => ({
      kind: 'different' as const,
      key: { id: String(id) },
      cells: [{ column: wide, left: { shown: wide, canonical: wide }, right: { shown: 'x', canonical: `"x"` } }],
    }));
    const columns = Array.from({ length: 500 }, (_, id) => ({ name: `c${id}${wide}`, different: 1, pattern: wide }));
    const big: TableResult = { ...DIFFERENT, examples, columns, different: 20_000 };
    const page = htmlReport([big, big, DIFFERENT]);
    expect(Buffer.byteLength(page)).toBeLessThanOrEqual(1_000_000);
    expect(page).toMatch(/[\d,]+ of 20,010 rows are shown/);
    expect(page).toContain('4991');
    expect(page.endsWith('</html>\n')).toBe(true);
  });
});

describe('wide values', () => {
  it('keep the place where they differ in sight', () => {
    const same = 'x'.repeat(100_000);
    const [left, right] = cutPair(`${same}LEFT${same}`, `${same}RIGHT${same}`, 200);
    expect(left).toContain('LEFT');
    expect(right).toContain('RIGHT');
    expect(left).toContain('…[99,940 characters the same]…');
    expect(left.length).toBeLessThan(300);
    expect(cutPair(same, `${same}y`, 200)[1].endsWith('xy')).toBe(true);
    expect(cutPair('a', 'b', 10)).toEqual(['a', 'b']);
  });

  it('are cut in the middle with their length', () => {
    expect(cutMiddle('a'.repeat(70) + 'b'.repeat(1000) + 'c'.repeat(30), 100)).toBe(
      `${'a'.repeat(70)}…[1,100 characters]…${'c'.repeat(30)}`,
    );
    expect(cutMiddle('🦆'.repeat(100), 101)).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  });

  it('show what would not show', () => {
    expect(visible('a\r\n\u0000\u202e\ufeff\ud800é🦆')).toBe('a\\r\\n\\u0000\\u202e\\ufeff\\ud800é🦆');
  });
});
