import { describe, expect, it } from 'vitest';
import { headerLength, streaming } from './formats.ts';

describe('headers of blocks', () => {
  it.each([
    ['TSVWithNames', 'a\tb\n1\t2\n', 'a\tb\n'],
    ['TabSeparatedWithNamesAndTypes', 'a\nInt8\n1\n', 'a\nInt8\n'],
    ['CSVWithNames', '"a\n""x""","b"\n1,2\n', '"a\n""x""","b"\n'],
    ['JSONCompactEachRowWithNames', '["a"]\n[1]\n', '["a"]\n'],
    ['csvwithnamesandtypes', '"a"\n"Int8"\n1\n', '"a"\n"Int8"\n'],
    ['RowBinaryWithNames', '\u0002\u0001a\u0001bDATA', '\u0002\u0001a\u0001b'],
    ['RowBinaryWithNamesAndTypes', '\u0001\u0001a\u0004Int8DATA', '\u0001\u0001a\u0004Int8'],
    ['CSV', '1,2\n', ''],
  ])('%s', (format, block, header) => {
    expect(headerLength(format, Buffer.from(block, 'latin1'))).toBe(header.length);
  });

  it('of more than 127 columns are measured', () => {
    const names = Array.from({ length: 300 }, (_, index) => `c${index}`);
    const strings = names.map((name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name)]));
    const header = Buffer.concat([Buffer.from([0xac, 0x02]), ...strings]);
    expect(headerLength('RowBinaryWithNames', Buffer.concat([header, Buffer.from('rows')]))).toBe(header.length);
  });

  it('only formats that join are streamed', () => {
    expect(['CSV', 'RowBinary', 'Native', 'JSONEachRow'].map(streaming)).toEqual(['plain', 'plain', 'plain', 'plain']);
    expect(['JSON', 'Parquet', 'Arrow', 'Pretty', 'XML', 'Values', 'NoSuchFormat'].map(streaming)).toEqual(
      Array(7).fill('whole'),
    );
  });
});
