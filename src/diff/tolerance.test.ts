import { describe, expect, it } from 'vitest';
import { CanonicalWriter, type Comparison } from '../core/canonical.ts';
import { readCell, type CellValue } from '../core/canonical-show.ts';
import { writeText } from '../core/canonical-text.ts';
import type { Policy } from '../core/policy.ts';
import { near } from './tolerance.ts';

function value(text: string | null, as: Comparison): CellValue {
  const writer = new CanonicalWriter();
  if (text === null) writer.null();
  else writeText(writer, text, as);
  return readCell(writer.cut(0));
}

type Case = readonly [policy: Policy, as: Comparison, allowed: Twins, refused: Twins];
type Twins = readonly (readonly [string | null, string | null])[];

const number: Comparison = { as: 'number' };
const float: Comparison = { as: 'float' };
const text: Comparison = { as: 'text' };
const timestamp: Comparison = { as: 'timestamp' };

const CASES: readonly Case[] = [
  [
    { ulp: 1 },
    float,
    [
      ['1', '1.0000000000000002'],
      ['0', '5e-324'],
      ['0', '-0'],
      ['-5e-324', '0'],
    ],
    [
      ['1', '1.0000000000000004'],
      ['1', '-1'],
      ['nan', '1'],
      ['inf', '1.7976931348623157e308'],
      [null, '0'],
    ],
  ],
  [
    { absolute: 0.01 },
    number,
    [
      ['1', '1.01'],
      ['-1.005', '-0.995'],
      ['1e30', '1000000000000000000000000000000.01'],
    ],
    [
      ['1', '1.0100000000000000000001'],
      ['NaN', '1'],
      [null, '0'],
      ['inf', '-inf'],
    ],
  ],
  [{ absolute: 1e-12 }, float, [['1', '1.0000000000000002']], [['1', '1.00000000001']]],
  [
    { relative: 1e-3 },
    number,
    [
      ['1000', '1001'],
      ['-1000', '-999'],
      ['0', '0.0'],
    ],
    [
      ['1000', '1002'],
      ['0', '0.0000001'],
      ['1', '-1'],
    ],
  ],
  [
    { precision: { digits: 3, how: 'truncate' } },
    timestamp,
    [
      ['2024-01-01 00:00:00.123999', '2024-01-01 00:00:00.123'],
      ['1969-12-31 23:59:59.9999', '1969-12-31 23:59:59.999'],
    ],
    [
      ['2024-01-01 00:00:00.124', '2024-01-01 00:00:00.123999'],
      ['infinity', '2024-01-01 00:00:00'],
    ],
  ],
  [
    { precision: { digits: 0, how: 'round' } },
    timestamp,
    [
      ['2024-01-01 00:00:00.5', '2024-01-01 00:00:01'],
      ['1969-12-31 23:59:59.5', '1970-01-01 00:00:00'],
    ],
    [['2024-01-01 00:00:00.499999999', '2024-01-01 00:00:01']],
  ],
  [
    { precision: { digits: 2, how: 'round' } },
    number,
    [
      ['1.005', '1.01'],
      ['-1.005', '-1.01'],
      ['1.004', '1'],
    ],
    [['1.0049999', '1.01']],
  ],
  [
    { precision: { digits: 2, how: 'truncate' } },
    number,
    [
      ['1.009', '1'],
      ['-1.009', '-1'],
    ],
    [['1.01', '1']],
  ],
  [
    { precision: { digits: 6, how: 'truncate' } },
    { as: 'time' },
    [['10:00:00.1234567', '10:00:00.123456']],
    [['10:00:00.123457', '10:00:00.123456']],
  ],
  [
    { ignoreCase: true },
    text,
    [
      ['Straße', 'sTRASSE'.replace('SS', 'ß')],
      ['É', 'é'],
    ],
    [
      ['a', 'b'],
      ['a', 'a '],
      [null, ''],
    ],
  ],
  [
    { trimEnd: true },
    text,
    [
      ['a', 'a  '],
      ['', '   '],
    ],
    [
      ['a', 'a\t'],
      ['a', ' a'],
      ['', null],
    ],
  ],
  [
    { emptyIsNull: true },
    text,
    [
      ['', null],
      [null, ''],
    ],
    [
      [' ', null],
      ['x', null],
    ],
  ],
  [{ emptyIsNull: true }, { as: 'bytes' }, [['\\x', null]], [['\\x00', null]]],
  [
    { zeroDateIsNull: true },
    { as: 'date' },
    [
      ['0000-00-00', null],
      ['1970-01-01', null],
    ],
    [['1970-01-02', null]],
  ],
  [
    { zeroDateIsNull: true },
    timestamp,
    [
      ['0000-00-00 00:00:00', null],
      ['1970-01-01 00:00:00', null],
    ],
    [['1970-01-01 00:00:00.000001', null]],
  ],
  [
    { jsonNullIsNull: true },
    { as: 'json' },
    [['null', null]],
    [
      ['"null"', null],
      ['{}', null],
    ],
  ],
  [
    { lossy: true },
    number,
    [
      ['1', '2'],
      ['1', null],
    ],
    [],
  ],
  [
    { ignore: true },
    text,
    [
      ['a', 'b'],
      ['a', null],
    ],
    [],
  ],
  [
    { precision: { digits: 0, how: 'truncate' } },
    { as: 'array', of: number },
    [['{1.5,NULL}', '{1,NULL}']],
    [
      ['{1.5,2}', '{1}'],
      ['{1.5,NULL}', '{1,0}'],
    ],
  ],
];

describe('a tolerance', () => {
  it.each(CASES)('%j of %j allows what it says and nothing beyond', (policy, as, allowed, refused) => {
    for (const [left, right] of allowed) {
      expect(near([policy], value(left, as), value(right, as)), `${left} ~ ${right}`).toBe(true);
      expect(near([policy], value(right, as), value(left, as)), `${right} ~ ${left}`).toBe(true);
    }
    for (const [left, right] of refused) {
      expect(near([policy], value(left, as), value(right, as)), `${left} ≁ ${right}`).toBe(false);
      expect(near([policy], value(right, as), value(left, as)), `${right} ≁ ${left}`).toBe(false);
    }
  });

  it('works together with others of its column', () => {
    const both: readonly Policy[] = [{ trimEnd: true }, { ignoreCase: true }, { emptyIsNull: true }];
    expect(near(both, value('ABC  ', text), value('abc', text))).toBe(true);
    expect(near(both, value('  ', text), value(null, text))).toBe(true);
    expect(near(both, value('ABC x', text), value('abc', text))).toBe(false);
  });

  it('bears numbers that are very far from 1', () => {
    expect(near([{ relative: 0.1 }], value('1e-130000', number), value('2e-130000', number))).toBe(false);
    expect(near([{ absolute: 1 }], value('1e400', number), value('1e401', number))).toBe(false);
  });
});
