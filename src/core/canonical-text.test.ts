import { describe, expect, it } from 'vitest';
import { CanonicalWriter, TAG, type Comparison } from './canonical.ts';
import { writeText } from './canonical-text.ts';
import { civilOf, daysOf } from './canonical-text-time.ts';

function cell(text: string, as: Comparison): Buffer {
  const writer = new CanonicalWriter();
  writeText(writer, text, as);
  return Buffer.from(writer.cut(0));
}

const hex = (text: string, as: Comparison): string => cell(text, as).toString('hex');

const number: Comparison = { as: 'number' };
const numbers: Comparison = { as: 'array', of: number };
const texts: Comparison = { as: 'array', of: { as: 'text' } };

/** Every spelling of a group is the same value; no two groups of one comparison are. */
const SAME: readonly (readonly [Comparison, readonly (readonly string[])[]])[] = [
  [
    number,
    [
      ['1', '1.0', '+1', '01', '1e0', '10e-1', '0.1e1', '1.'],
      ['0', '-0', '0.000', '.0', '0e5'],
      ['-1', '-1.00'],
      ['9223372036854775807', '9223372036854775807.0', '9.223372036854775807e18'],
      ['9223372036854775808'],
      ['-9223372036854775808', '-9223372036854775808.000'],
      ['1e400', '10e399'],
      ['1e-130000', '0.1e-129999'],
      ['123456789012345678901234567890.123456789', '123456789012345678901234567890.1234567890'],
      ['123456789012345678901234567890.123456788'],
      ['NaN', 'nan', '-nan'],
      ['Infinity', 'inf', '+inf', '+Infinity'],
      ['-Infinity', '-inf'],
      ['1e-20'],
      ['5e-20'],
    ],
  ],
  [
    { as: 'bool' },
    [
      ['t', 'true', 'TRUE', '1'],
      ['f', 'false', '0', 'False'],
    ],
  ],
  [
    { as: 'float' },
    [
      ['0.1', '1e-1', '0.1000000000000000055511151231257827'],
      ['0.10000000000000002'],
      ['0', '0.0'],
      ['-0', '-0.0'],
      ['NaN', 'nan'],
      ['inf', 'Infinity'],
      ['-inf', '-Infinity'],
    ],
  ],
  [{ as: 'float', bits: 32 }, [['0.1', '0.10000000149011612', '0.1000000015'], ['3.4e38', '3.4E38'], ['0.10000001']]],
  [
    { as: 'uuid' },
    [
      [
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
        'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
        '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}',
        'a0eebc999c0b4ef8bb6d6bb9bd380a11',
      ],
      ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'],
    ],
  ],
  [
    { as: 'date' },
    [
      ['1970-01-01'],
      ['2024-02-29'],
      ['0001-12-31 BC', '0000-12-31'],
      ['0044-03-15 BC', '-0043-03-15'],
      ['infinity'],
      ['-infinity'],
      ['294276-12-31'],
      ['5874897-12-31'],
      ['4713-01-01 BC'],
    ],
  ],
  [
    { as: 'time' },
    [
      ['00:00:00', '00:00', '-00:00:00'],
      ['24:00:00'],
      ['23:59:59.999999', '23:59:59.999999000'],
      ['-838:59:59'],
      ['12:00:00.000000001'],
    ],
  ],
  [
    { as: 'timestamp' },
    [
      ['2024-02-29 12:34:56.5', '2024-02-29T12:34:56.500', '2024-02-29T12:34:56.500000Z', '2024-02-29 12:34:56.5+00'],
      ['2024-02-29 12:34:56.500001'],
      ['2024-03-01 00:00:00', '2024-02-29 24:00:00', '2024-03-01', '2024-03-01T00:00'],
      ['0044-03-15 12:00:00 BC', '-0043-03-15T12:00:00'],
      ['294276-12-31 23:59:59.999999', '294276-12-31T23:59:59.999999'],
      ['infinity'],
      ['-infinity'],
    ],
  ],
  [
    { as: 'instant' },
    [
      [
        '2024-02-29 12:00:00+00',
        '2024-02-29T15:00:00+03',
        '2024-02-29T17:30:00+05:30',
        '2024-02-29 12:00:00',
        '2024-02-29T12:00:00Z',
        '2024-02-29 12:00:00 UTC',
        '2024-02-29 07:00:00-0500',
      ],
      ['2024-02-29 11:59:60'.replace('60', '59') + '.999999999Z'],
      ['1883-11-18 12:00:00-04:56:02', '1883-11-18 16:56:02+00'],
      ['0001-01-01 00:00:00+00 BC'],
      ['infinity'],
    ],
  ],
  [
    { as: 'interval' },
    [
      [
        '1 year 2 mons -3 days +04:05:06.7',
        'P1Y2M-3DT4H5M6.7S',
        '14 months -3 days 4 hours 5 minutes 6.7 seconds',
        '@ 1 year 2 mons -3 days 4 hours 5 mins 6.7 secs',
      ],
      ['-1 years', '@ 1 year ago', 'P-1Y', '-P1Y', '-12 mons'],
      ['1 mon', 'P1M'],
      ['30 days', 'P30D'],
      ['00:00:00', 'PT0S', '0', '@ 0'].slice(0, 2),
      ['-00:00:00.000001', 'PT-0.000001S'],
      ['24:00:00', 'PT24H'],
      ['1 day', 'P1D'],
      ['2562047788:00:54.775807'],
      ['infinity'],
      ['-infinity'],
    ],
  ],
  [
    { as: 'json' },
    [
      ['{"a":1,"b":[true,null]}', '{ "b" : [ true , null ] , "a" : 1.0 }', '{"a":2,"a":1e0,"b":[true,null]}'],
      ['null'],
      ['"null"'],
      ['{"a":1,"b":[null,true]}'],
    ],
  ],
  [{ as: 'bytes' }, [['\\x00ff', '\\x00FF'], ['abc', '\\x616263'], ['\\x'], ['\\x0']]],
  [
    numbers,
    [
      ['{1,NULL,3}', '[1,null,3]', '[1.0, NULL ,3]', '{1,null,3}', '{"1",NULL,"3"}'],
      ['{}', '[]', '[ ]'],
      ['{{1,2},{3,4}}', '[[1,2],[3,4]]', '[1:2][0:1]={{1,2},{3,4}}'],
      ['[0:2]={5,6,7}', '{5,6,7}'],
      ['{1}'],
    ],
  ],
  [
    texts,
    [
      [
        '{a,"b,c","d\\"e","f\\\\g",NULL,"NULL",""}',
        `['a','b,c','d"e','f\\\\g',NULL,'NULL','']`,
        '["a","b,c","d\\"e","f\\\\g",null,"NULL",""]',
      ],
      [`['it\\'s']`, `{it's}`, `["it's"]`],
      ['{" x "}', '[" x "]'],
      ['{x}', '{ x }'],
      ['{"{1}"}', '["{1}"]'],
      ['{🦆}', '["\\ud83e\\udd86"]'],
    ],
  ],
  [{ as: 'array', of: numbers }, [['{{1},{2}}', '[[1],[2]]'], ['{{1,2}}']]],
  [{ as: 'array', of: { as: 'json' } }, [['{"{\\"a\\": 1}",NULL}', `['{"a":1}',NULL]`, '[{"a":1.0},NULL]']]],
  [
    { as: 'map', key: { as: 'text' }, value: number },
    [
      ['{"a":1,"b":2}', `{'b':2,'a':1}`, '"b"=>"2", "a"=>"1"', '{"a":9,"a":1,"b":2}'],
      ['{}', ''],
      ['"a"=>NULL', '{"a":null}'],
    ],
  ],
  [{ as: 'tuple', of: [number, { as: 'text' }] }, [[`(1,'a')`, '[1,"a"]', '(1.0,a)'], [`(1,NULL)`]]],
];

const FOREIGN: readonly (readonly [Comparison, readonly string[]])[] = [
  [number, ['', ' 1', '1 ', '1,000', '0x10', '1e', '.', 'one', '1e99999999999', '∞', '--1']],
  [{ as: 'bool' }, ['', 'yes', 'on', '2', ' t', 'null', 'constructor', 'toString']],
  [{ as: 'float' }, ['1e400', '-1e-400', 'x', '']],
  [{ as: 'float', bits: 32 }, ['1e39']],
  [{ as: 'uuid' }, ['a0eebc99', '{a0eebc999c0b4ef8bb6d6bb9bd380a11', 'g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '']],
  [
    { as: 'date' },
    [
      '2023-02-29',
      '2024-13-01',
      '2024-00-01',
      '0000-00-00',
      '2024-1-1',
      '2024-01-01 00:00:00',
      '0000-01-01 BC',
      'today',
      '',
    ],
  ],
  [{ as: 'time' }, ['12', '12:60:00', '12:00:61', '12:00:00.0000000001', '12:00:00+02', '']],
  [
    { as: 'timestamp' },
    [
      '2024-02-29 12:00:00+03',
      '2024-02-30 00:00:00',
      '2024-02-29 24:00:01',
      '2024-02-29 12:00:00.0000000001',
      '2024-02-29x12:00:00',
      '0000-00-00 00:00:00',
    ],
  ],
  [{ as: 'instant' }, ['2024-02-29 12:00:00 MSK', '2024-02-29 25:00:00Z', 'now']],
  [
    { as: 'interval' },
    ['', '1', 'P', 'PT', '1 fortnight', '1.5 months', '1 day ago ago', '00:99:00', '99999999999 days', '1 constructor'],
  ],
  [{ as: 'json' }, ['', '{', '{a:1}', "{'a':1}", '[1,]', '01', 'nul', '1 2', '"\u0001"', '{"a"}', '[1}']],
  [numbers, ['', '1', '{1', '{1}}', '{1,}', '{,1}', '{1 "2"}', '[1', '[1]]', '["a]', '{{1},2}x', '{"1"2}', '{1}{2}']],
  [{ as: 'map', key: { as: 'text' }, value: number }, ['{1}', '{"a"}', 'a=>1', '"a"=>"1",', '{"a":1', '[1]']],
  [{ as: 'tuple', of: [number, number] }, ['(1)', '(1,2,3)', '1,2', '{1,2}']],
];

describe('text that carries a value of another type', () => {
  for (const [as, groups] of SAME) {
    it(`is the same ${JSON.stringify(as)} in every spelling, and another value in no spelling`, () => {
      const seen = new Map<string, string>();
      for (const group of groups) {
        const [first = ''] = group;
        const expected = hex(first, as);
        expect(seen.get(expected), `${first} is another value than`).toBeUndefined();
        seen.set(expected, first);
        for (const text of group) {
          expect(hex(text, as), `${text} is ${first}`).toBe(expected);
          expect(cell(text, as)[0], text).not.toBe(TAG.foreign);
        }
      }
    });
  }

  for (const [as, texts] of FOREIGN) {
    it(`is foreign to ${JSON.stringify(as)} where it does not parse, and equal only to itself`, () => {
      for (const text of texts) {
        const writer = new CanonicalWriter();
        writer.foreign(text);
        expect(hex(text, as), JSON.stringify(text)).toBe(Buffer.from(writer.cut(0)).toString('hex'));
      }
    });
  }

  it('keeps what was written before a cell that does not parse', () => {
    const writer = new CanonicalWriter();
    writer.int(7);
    writer.endCell();
    writeText(writer, '{1,2', numbers);
    writer.endCell();
    const batch = writer.take(2);
    expect([...(batch?.cellEnds ?? [])]).toEqual([9, 9 + 5 + 4]);
    expect(batch?.bytes[9]).toBe(TAG.foreign);
  });

  it('writes an element that is no value of its type as foreign inside a sound array', () => {
    const writer = new CanonicalWriter();
    writer.array(2);
    writer.int(1);
    writer.foreign('x');
    expect(hex('{1,x}', numbers)).toBe(Buffer.from(writer.cut(0)).toString('hex'));
  });

  it('does not overflow the stack on hostile nesting', () => {
    expect(cell('['.repeat(100_000) + ']'.repeat(100_000), numbers)[0]).toBe(TAG.foreign);
    expect(cell('{'.repeat(100_000) + '}'.repeat(100_000), numbers)[0]).toBe(TAG.foreign);
  });
});

describe('the calendar', () => {
  it('agrees with the platform on every day of 800 years and inverts itself', () => {
    for (let days = -200_000; days <= 100_000; days += 1) {
      const { year, month, day } = civilOf(days);
      if (daysOf(year, month, day) !== days) expect.fail(`day ${days} is ${year}-${month}-${day}`);
      if (days % 97 === 0) {
        const date = new Date(days * 86_400_000);
        expect([year, month, day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
      }
    }
  });
});
