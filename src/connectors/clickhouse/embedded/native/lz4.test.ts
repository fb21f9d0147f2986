import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decompressLz4, literalsHead } from './lz4.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('an LZ4 block', () => {
  it('has literals, matches, and matches that repeat themselves', () => {
    // "abcd", a match of 8 from 4 back, "!": 4 literals and match length 8-4, then one literal.
    expect(decompressLz4(hex('44 61626364 0400 10 21'), 13).toString()).toBe('abcdabcdabcd!');
    expect(decompressLz4(hex('1f 61 0100 00 50 7878787878'), 25).toString()).toBe(`${'a'.repeat(20)}xxxxx`);
  });

  it('of literals alone becomes what it was made of', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), (length) => {
        const bytes = Buffer.alloc(length, 'x');
        expect(decompressLz4(Buffer.concat([literalsHead(length), bytes]), length)).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['a length that goes on', 'ff', 100],
    ['literals past the end', '50 61', 5],
    ['an offset of 0', '14 61 0000', 9],
    ['an offset before the beginning', '14 61 0200', 9],
    ['a result that is too short', '50 6161616161', 6],
    ['a result that is too long', '50 6161616161', 4],
  ])('is refused for %s', (_, block, size) => {
    expect(() => decompressLz4(hex(block), size)).toThrow('Cannot decompress an LZ4 block');
  });

  it('of garbage is refused or has the right length, and never reads beyond', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 500 }), (bytes, size) => {
        try {
          expect(decompressLz4(bytes, size)).toHaveLength(size);
        } catch (error) {
          expect(error).toMatchObject({ code: 271 });
        }
      }),
    );
  });
});
