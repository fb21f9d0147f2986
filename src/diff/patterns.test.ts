import { describe, expect, it } from 'vitest';
import { CanonicalWriter, type Comparison } from '../core/canonical.ts';
import { writeText } from '../core/canonical-text.ts';
import { Patterns } from './patterns.ts';
import { Row } from './row.ts';

type Cell = string | null | Uint8Array;

function rowOf(cells: readonly Cell[], as: readonly Comparison[]): Row {
  const writer = new CanonicalWriter();
  for (const [column, cell] of cells.entries()) {
    if (cell === null) writer.null();
    else if (typeof cell !== 'string') writer.textBytes(cell, 0, cell.length);
    else writeText(writer, cell, as[column] ?? { as: 'text' });
    writer.endCell();
  }
  const batch = writer.take(cells.length);
  if (batch === undefined) throw new RangeError('nothing was written');
  return Row.of(batch, 0, cells.length);
}

/** What is said of one column with these differences. */
function said(as: Comparison['as'] | Comparison, pairs: readonly (readonly [Cell, Cell])[]): string | undefined {
  const comparison = typeof as === 'string' ? ({ as } as Comparison) : as;
  const patterns = new Patterns([{ name: 'c', as: comparison }]);
  for (const [left, right] of pairs) patterns.add(rowOf([left], [comparison]), rowOf([right], [comparison]), [0], 1);
  return patterns.describe(0);
}

type Case = readonly [as: Comparison['as'], pairs: readonly (readonly [Cell, Cell])[], says: string];

const CASES: readonly Case[] = [
  [
    'instant',
    [
      ['2024-01-01 00:00:00Z', '2024-01-01 01:00:00Z'],
      ['1969-12-31 23:30:00.5Z', '1970-01-01 00:30:00.5Z'],
    ],
    'all 2 are exactly 1 h later on the right',
  ],
  [
    'timestamp',
    [
      ['2024-01-01 12:00:00', '2024-01-01 06:30:00'],
      ['2024-06-01 00:00:00', '2024-05-31 18:30:00'],
    ],
    'all 2 are exactly 5 h 30 min earlier on the right',
  ],
  [
    'instant',
    [
      ['2024-01-01 12:00:00Z', '2024-01-01 07:00:00Z'],
      ['2024-06-01 12:00:00Z', '2024-06-01 08:00:00Z'],
      ['2024-02-01 12:00:00Z', '2024-02-01 07:00:00Z'],
    ],
    'all 3 are exactly 5 h earlier or 4 h earlier on the right: a time zone with summer time',
  ],
  [
    'instant',
    [
      ['2024-01-01 00:00:00.123456Z', '2024-01-01 00:00:00.123Z'],
      ['1960-01-01 00:00:00.999999Z', '1960-01-01 00:00:00.999Z'],
    ],
    'all 2 are truncated to milliseconds on the right',
  ],
  [
    'instant',
    [
      ['2024-01-01 00:00:00.6Z', '2024-01-01 00:00:01Z'],
      ['2024-01-01 00:00:00.2Z', '2024-01-01 00:00:00Z'],
    ],
    'all 2 are rounded to seconds on the right',
  ],
  [
    'timestamp',
    [
      ['2024-01-01 10:11:12', '2024-01-01 00:00:00'],
      ['2024-03-01 23:00:00.5', '2024-03-01 00:00:00'],
    ],
    'all 2 are without their time of day on the right',
  ],
  [
    'instant',
    [
      ['2024-01-01 10:11:12Z', '1970-01-20 17:21:43.872Z'],
      ['2024-01-02 10:11:12Z', '1970-01-20 17:23:10.272Z'],
    ],
    'all 2 are 1,000 times nearer to 1970 on the right (a unit of time mistaken for another)',
  ],
  [
    'date',
    [
      ['2024-03-01', '2024-02-29'],
      ['2024-01-01', '2023-12-31'],
    ],
    'all 2 are exactly 1 day earlier on the right',
  ],
  [
    'time',
    [
      ['10:00:00.5', '10:00:00'],
      ['11:00:00.25', '11:00:00'],
    ],
    'all 2 are truncated to seconds on the right',
  ],
  [
    'text',
    [
      ['', null],
      ['', null],
    ],
    "all 2 are NULL on the right where '' on the left",
  ],
  [
    'text',
    [
      [null, ''],
      [null, ''],
    ],
    "all 2 are '' on the right where NULL on the left",
  ],
  [
    'text',
    [
      ['x', null],
      ['', null],
    ],
    'all 2 are NULL on the right',
  ],
  [
    'number',
    [
      [null, '0'],
      [null, '0'],
    ],
    'all 2 are 0 on the right where NULL on the left',
  ],
  ['number', [['NaN', null]], 'NULL on the right where NaN on the left'],
  [
    'json',
    [
      ['null', null],
      ['null', null],
    ],
    'all 2 are NULL on the right where JSON null on the left',
  ],
  [
    'date',
    [
      [null, '1970-01-01'],
      [null, '1970-01-01'],
    ],
    'all 2 are 1970-01-01 on the right where NULL on the left',
  ],
  [
    'number',
    [
      ['12.345', '12.35'],
      ['-1.005', '-1.01'],
      ['7.123', '7.12'],
    ],
    'all 3 are rounded to 2 decimals on the right',
  ],
  [
    'number',
    [
      ['12.349', '12.34'],
      ['-1.999', '-1.99'],
    ],
    'all 2 are truncated to 2 decimals on the right',
  ],
  [
    'number',
    [
      ['1.5', '2'],
      ['2.4', '2'],
    ],
    'all 2 are rounded to whole numbers on the right',
  ],
  [
    'number',
    [
      ['0.1', '0.100000001490116119384765625'],
      ['16777217', '16777216'],
    ],
    'all 2 are rounded to float32 on the right',
  ],
  [
    'float',
    [
      ['0.1', '0.10000000149011612'],
      ['3.3', '3.299999952316284'],
    ],
    'all 2 are rounded to float32 on the right',
  ],
  [
    'number',
    [
      ['0.1', '0.1000000000000000055511151231257827021181583404541015625'],
      ['0.3', '0.299999999999999988897769753748434595763683319091796875'],
    ],
    'all 2 are rounded to float64 on the right',
  ],
  [
    'number',
    [
      ['1234567890123456789', '1234567890123456800'],
      ['9007199254740993', '9007199254740992'],
    ],
    'all 2 are rounded to float64 on the right',
  ],
  [
    'number',
    [
      ['1.5', '-1.5'],
      ['-2', '2'],
    ],
    'all 2 are of the opposite sign on the right',
  ],
  [
    'number',
    [
      ['12.34', '1234'],
      ['0.5', '50'],
    ],
    'all 2 are 10^2 times larger on the right',
  ],
  [
    'number',
    [
      ['1200', '12'],
      ['7', '0.07'],
    ],
    'all 2 are 10^2 times smaller on the right',
  ],
  [
    'number',
    [
      ['4294967297', '1'],
      ['8589934599', '7'],
    ],
    'all 2 are wrapped around at 32 bits on the right',
  ],
  [
    'number',
    [
      ['10', '11'],
      ['-5', '-4'],
      ['0', '1'],
    ],
    'all 3 are exactly 1 more on the right',
  ],
  [
    'number',
    [
      ['1', '0'],
      ['7', '0'],
      ['9', '0'],
    ],
    'all 3 are 0 on the right',
  ],
  [
    'number',
    [
      ['2147483650', '2147483647'],
      ['9999999999', '2147483647'],
      ['3000000000', '2147483647'],
    ],
    'all 3 are always 2147483647 on the right',
  ],
  [
    'text',
    [
      ['abcdefgh', 'abcde'],
      ['héllö wörld', 'héllö'],
    ],
    'all 2 are cut to 5 characters on the right',
  ],
  [
    'text',
    [
      ['aaaaaaaaaa', 'aaaaaa'],
      ['éééééé', 'ééé'],
    ],
    'all 2 are cut to 6 bytes on the right',
  ],
  [
    'text',
    [
      ['abcdef', 'abc'],
      ['wxyz', 'w'],
    ],
    'all 2 are cut short on the right',
  ],
  [
    'text',
    [
      ['a  ', 'a'],
      ['b ', 'b'],
    ],
    'all 2 are without trailing spaces on the right',
  ],
  [
    'text',
    [
      ['a', 'a   '],
      ['bb', 'bb  '],
    ],
    'all 2 are with trailing spaces added on the right',
  ],
  [
    'text',
    [
      ['Abc', 'abc'],
      ['X', 'x'],
    ],
    'all 2 are in lower case on the right',
  ],
  [
    'text',
    [
      ['Abc', 'aBC'],
      ['x', 'X'],
    ],
    'all 2 are in other case on the right',
  ],
  [
    'text',
    [
      ['é', 'Ã©'],
      ['Zürich', 'ZÃ¼rich'],
    ],
    'all 2 are UTF-8 read as latin1 on the right',
  ],
  [
    'text',
    [
      ['Ã©', 'é'],
      ['Ã¼', 'ü'],
    ],
    'all 2 are UTF-8 read as latin1 on the left',
  ],
  [
    'text',
    [
      ['5 €', '5 â‚¬'],
      ['“x”', 'â€œxâ€\u009d'],
    ],
    'all 2 are UTF-8 read as windows-1252 on the right',
  ],
  [
    'text',
    [
      ['é', '?'],
      ['Zürich', 'Z?rich'],
    ],
    "all 2 are with '?' for what is not ASCII on the right",
  ],
  [
    'text',
    [
      ['a🦆', 'a'],
      ['🦆🦆b', 'b'],
    ],
    'all 2 are without characters beyond U+FFFF on the right',
  ],
  [
    'text',
    [
      ['a\r\nb', 'a\nb'],
      ['\r\n\r\nx', '\n\nx'],
    ],
    'all 2 are with \\n for \\r\\n on the right',
  ],
  [
    'text',
    [
      ['e\u0301', 'é'],
      ['u\u0308', 'ü'],
    ],
    'all 2 are in Unicode form NFC on the right',
  ],
  [
    'text',
    [
      ['a', '"a"'],
      ['b"c', '"b\\"c"'],
    ],
    'all 2 are in double quotes, as a JSON string, on the right',
  ],
  [
    'text',
    [
      ['a\\b', 'a\\\\b'],
      ['\\', '\\\\'],
    ],
    'all 2 are with backslashes doubled on the right',
  ],
  [
    'text',
    [
      ['a', 'a!'],
      ['b', 'b!'],
    ],
    'all 2 are with "!" added at the end on the right',
  ],
  [
    'text',
    [
      ['x', 'pending'],
      ['y', 'pending'],
    ],
    'all 2 are always "pending" on the right',
  ],
  [
    'text',
    [
      ['shipped', 'pending'],
      ['shipped', 'pending'],
    ],
    'all 2 are "pending" on the right where "shipped" on the left',
  ],
  [
    'text',
    [
      ['x', ''],
      ['y', ''],
    ],
    "all 2 are '' on the right",
  ],
  [
    'bytes',
    [
      ['\\x00ff11', '\\x00ff'],
      ['\\x010203', '\\x0102'],
    ],
    'all 2 are cut to 2 bytes on the right',
  ],
  [
    'bytes',
    [
      ['\\x00ff', '\\x5c7830306666'],
      ['\\x41', '\\x5c783431'],
    ],
    'all 2 are written as \\x hex on the right',
  ],
  [
    'bool',
    [
      ['t', 'f'],
      ['f', 't'],
    ],
    'all 2 are inverted',
  ],
  [
    'json',
    [
      ['{"a":9007199254740993}', '{"a":9007199254740992}'],
      ['0.12345678901234567890', '0.12345678901234568'],
    ],
    'all 2 are with numbers as float64 on the right',
  ],
  [
    'json',
    [
      ['{"a":1}', '"{\\"a\\":1}"'],
      ['[]', '"[]"'],
    ],
    'all 2 are inside a JSON string on the right',
  ],
  [
    'number',
    [
      ['1', 'one'],
      ['2', 'two'],
    ],
    'all 2 are text on the right that is no number',
  ],
];

describe('patterns of a column', () => {
  it.each(CASES)('of %s %j: %s', (as, pairs, says) => {
    expect(said(as, pairs)).toBe(says);
  });

  it('name nothing where nothing is shared', () => {
    expect(
      said('text', [
        ['apple', 'pear'],
        ['plum', 'cherry'],
        ['fig', 'lime'],
      ]),
    ).toBeUndefined();
    expect(
      said('uuid', [['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']]),
    ).toBeUndefined();
  });

  it('say so when they hold for a part only, and what the rest is', () => {
    const hour = (index: number): readonly [Cell, Cell] => [
      `2024-01-01 00:00:${String(index % 60).padStart(2, '0')}Z`,
      `2024-01-01 01:00:${String(index % 60).padStart(2, '0')}Z`,
    ];
    const most = Array.from({ length: 90 }, (_, index) => hour(index));
    const rest = Array.from({ length: 10 }, (): readonly [Cell, Cell] => ['2024-01-01 00:00:00Z', null]);
    expect(said('instant', [...most, ...rest])).toBe(
      '90 of 100 are exactly 1 h later on the right; 10 are NULL on the right',
    );
    expect(said('instant', [...rest.slice(0, 1), ...most])).toBe('90 of 91 are exactly 1 h later on the right');
  });

  it('count exactly what is shared by most among many that are not', () => {
    const pairs = Array.from({ length: 5000 }, (_, index): readonly [Cell, Cell] => {
      const seconds = index % 10 === 0 ? index : 3600;
      return [
        `1970-01-01 00:00:00.${String(index).padStart(6, '0')}Z`,
        new Date(seconds * 1000).toISOString().replace('.000Z', `.${String(index).padStart(6, '0')}Z`),
      ];
    });
    expect(said('instant', pairs.slice(1))).toBe('4,501 of 4,999 are exactly 1 h later on the right');
  });

  it('do not take text that is not UTF-8 for a cut', () => {
    expect(said('text', [[Buffer.from([0x61, 0xff, 0x62]), Buffer.from([0x61, 0xfe, 0x62])]])).toBeUndefined();
  });
});

describe('columns whose values changed places', () => {
  const as: readonly Comparison[] = [{ as: 'number' }, { as: 'text' }, { as: 'text' }, { as: 'text' }];
  const columns = ['id', 'a', 'b', 'c'].map((name, index) => ({ name, as: as[index] ?? { as: 'text' as const } }));

  it('are named, whatever the values', () => {
    const patterns = new Patterns(columns);
    for (let id = 0; id < 20; id += 1) {
      const [a, b] = [id % 3 === 0 ? null : `a${id}`, id % 2 === 0 ? '' : 'b'];
      patterns.add(rowOf([String(id), a, b, 'c'], as), rowOf([String(id), b, a, 'c'], as), [1, 2], 1);
    }
    expect(patterns.describe(1)).toBe('all 20 are swapped with b');
    expect(patterns.describe(2)).toBe('all 20 are swapped with a');
  });

  it('are told from a column that merely holds what another held', () => {
    const patterns = new Patterns(columns);
    for (let id = 0; id < 20; id += 1) {
      const [a, b] = [`first ${id}`, `second ${id}`];
      patterns.add(rowOf([String(id), a, b, 'c'], as), rowOf([String(id), b, b, 'c'], as), [1], 1);
    }
    expect(patterns.describe(1)).toBe('all 20 are what b holds on the left');
  });
});
