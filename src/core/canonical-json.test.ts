import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

describe('canonical JSON', () => {
  it.each([
    ['1', ['1.0', '1e0', '10e-1', '0.1E+1', ' 1 ']],
    ['0', ['-0', '0.00', '0e99', '-0.0']],
    ['1e400', ['10e399', '0.1e401']],
    ['0.1', ['1e-1', '0.10']],
    ['12345678901234567890.123456789', ['12345678901234567890.1234567890', '1.2345678901234567890123456789e19']],
    ['"a/\\n\\u0001é"', ['"\\u0061\\/\\u000a\\u0001\\u00e9"', '"a/\\n\\u0001\\u00E9"']],
    ['"🦆"', ['"\\ud83e\\udd86"', '"\\uD83E\\uDD86"']],
    ['"\\ud800"', ['"\\uD800"']],
    ['{"a":1,"b":2}', ['{"b":2,"a":1}', '{"a":0,"b":2,"a":1}', '{"\\u0061":1,"b":2}']],
    ['{"__proto__":1,"constructor":2}', ['{"constructor":2,"__proto__":1}']],
    ['[{},[],null,true,false,""]', ['[ { } , [ ] , null , true , false , "" ]']],
  ])('%s has one form', (form, spellings) => {
    expect(canonicalJson(form)).toBe(form);
    for (const spelling of spellings) expect(canonicalJson(spelling)).toBe(form);
  });

  it('keeps apart what differs in the last digit, in order, in type or in a lone surrogate', () => {
    const texts = [
      '1',
      '"1"',
      '[1]',
      '9007199254740993',
      '9007199254740992',
      '[1,2]',
      '[2,1]',
      '"\\ud800"',
      '"\\udc00"',
      '"\ufffd"',
      'null',
      '{}',
      '""',
      '{"a":null}',
      '1e400',
      '1e401',
      '-1',
    ];
    expect(new Set(texts.map((text) => canonicalJson(text))).size).toBe(texts.length);
  });

  it.each([
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    '{,}',
    '01',
    '1.',
    '.5',
    '+1',
    'NaN',
    "'a'",
    '"\t"',
    '"a',
    '[1 2]',
    '{"a" 1}',
    'nulll',
    '[]]',
    '"\\x"',
    '{"a":1]',
  ])('refuses %s', (text) => {
    expect(canonicalJson(text)).toBeUndefined();
  });

  it('bears nesting that would overflow a stack', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(canonicalJson(deep)).toBe(deep);
    const objects = '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000);
    expect(canonicalJson(objects)?.length).toBe(objects.length);
  });

  it('is the same for any order of keys and any indentation, and says what JSON.parse says', () => {
    const shuffle = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffle);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, shuffle(inner)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const form = canonicalJson(JSON.stringify(value));
        expect(form).toBeDefined();
        expect(canonicalJson(JSON.stringify(shuffle(value), undefined, 2))).toBe(form);
        expect(canonicalJson(form ?? '')).toBe(form);
        expect(JSON.parse(form ?? '')).toEqual(JSON.parse(JSON.stringify(value), (_, v: unknown) => (v === 0 ? 0 : v)));
      }),
    );
  });
});
