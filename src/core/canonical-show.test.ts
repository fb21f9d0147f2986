import { describe, expect, it } from 'vitest';
import { CanonicalWriter, type Comparison } from './canonical.ts';
import { plainCell, showCell } from './canonical-show.ts';
import { writeText } from './canonical-text.ts';

function shown(text: string, as: Comparison): string {
  const writer = new CanonicalWriter();
  writeText(writer, text, as);
  return showCell(writer.cut(0));
}

describe('a canonical cell for people', () => {
  it.each<readonly [Comparison['as'], string, string]>([
    ['number', '12.500', '12.5'],
    ['number', '-0.00012', '-0.00012'],
    ['number', '1200', '1200'],
    ['number', '9223372036854775808', '9223372036854775808'],
    ['number', '1e-130000', '1e-130000'],
    ['number', '12e400', '1.2e401'],
    ['number', 'nan', 'NaN'],
    ['number', '-inf', '-infinity'],
    ['float', '-0', '-0.0'],
    ['float', '1e300', '1e+300'],
    ['float', 'nan', 'NaN'],
    ['bool', 't', 'true'],
    ['text', 'a \t', '"a \\t"'],
    ['text', 'a\u00a0\u202eb', '"a\\u00a0\\u202eb"'],
    ['bytes', '\\x00Ff', '\\x00ff'],
    ['uuid', '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['date', '0044-03-15 BC', '0044-03-15 BC'],
    ['date', '12024-02-29', '12024-02-29'],
    ['date', 'infinity', 'infinity'],
    ['time', '-838:59:58.9', '-838:59:58.9'],
    ['time', '24:00:00', '24:00:00'],
    ['timestamp', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999'],
    ['timestamp', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00 BC'],
    ['instant', '2024-02-29 12:00:00+05:30', '2024-02-29T06:30:00Z'],
    ['interval', '1 year 2 mons -3 days +04:05:06.7', '1 y 2 mon -3 d 04:05:06.7'],
    ['interval', '2562047788:00:54.775807', '2562047788:00:54.775807'],
    ['interval', '-00:00:00.000001', '-00:00:00.000001'],
    ['interval', '-2562047788:00:54.775808', '-2562047788:00:54.775808'],
    ['interval', '00:00:00', '00:00:00'],
    ['json', '{"b":1,"a":[]}', '{"a":[],"b":1}'],
    ['number', 'x', 'not of this type: "x"'],
  ])('of %s %s reads %s', (as, text, expected) => {
    expect(shown(text, { as } as Comparison)).toBe(expected);
  });

  it('shows what is inside arrays, maps and tuples', () => {
    expect(shown('{a,NULL,"b\\"c"}', { as: 'array', of: { as: 'text' } })).toBe('["a", NULL, "b\\"c"]');
    expect(shown('{{1,2},{3,NULL}}', { as: 'array', of: { as: 'number' } })).toBe('[[1, 2], [3, NULL]]');
    expect(shown(`{'k':[1]}`, { as: 'map', key: { as: 'text' }, value: { as: 'array', of: { as: 'number' } } })).toBe(
      '{"k": [1]}',
    );
    expect(shown("(1,'a')", { as: 'tuple', of: [{ as: 'number' }, { as: 'text' }] })).toBe('(1, "a")');
  });

  it('says when text is not UTF-8, and leaves a real U+FFFD alone', () => {
    const writer = new CanonicalWriter();
    writer.textBytes(Buffer.from([0x61, 0xff]), 0, 2);
    expect(showCell(writer.cut(0))).toBe('"a\ufffd" (not UTF-8: \\x61ff)');
    writer.text('\ufffd');
    expect(showCell(writer.cut(0))).toBe('"\ufffd"');
  });

  it('leaves text as it is where a plain form is wanted', () => {
    const writer = new CanonicalWriter();
    writer.text('a b');
    expect(plainCell(writer.cut(0))).toBe('a b');
  });
});
