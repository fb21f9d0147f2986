import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CanonicalWriter, TAG } from './canonical.ts';

function hex(write: (writer: CanonicalWriter) => void): string {
  const writer = new CanonicalWriter(16);
  write(writer);
  return Buffer.from(writer.cut(0)).toString('hex');
}

describe('the writer', () => {
  it('writes an integer the same way by every door', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const expected = hex((writer) => writer.int(value));
        const big = BigInt(value);
        const digits = (big < 0n ? -big : big).toString();
        expect(hex((writer) => writer.bigint(big))).toBe(expected);
        expect(hex((writer) => writer.number(value < 0, `00${digits}000`, digits.length + 2))).toBe(expected);
        const low = Number(BigInt.asIntN(32, big));
        expect(hex((writer) => writer.int64(low, Number(big >> 32n)))).toBe(expected);
      }),
    );
  });

  it('writes a number beyond 64 bits the same way as a bigint and as digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (value) => {
        const digits = (value < 0n ? -value : value).toString();
        expect(hex((writer) => writer.number(value < 0n, digits, digits.length))).toBe(
          hex((writer) => writer.bigint(value)),
        );
      }),
    );
    expect(hex((writer) => writer.bigint(2n ** 63n)).startsWith(TAG.big.toString(16))).toBe(true);
    expect(hex((writer) => writer.bigint(2n ** 63n - 1n)).startsWith(TAG.int.toString(16))).toBe(true);
    expect(hex((writer) => writer.bigint(-(2n ** 63n))).startsWith(TAG.int.toString(16))).toBe(true);
  });

  it('knows one NaN, and two zeros', () => {
    const payload = new Float64Array(new Uint8Array([1, 0, 0, 0, 0, 0, 0xf8, 0xff]).buffer)[0] ?? 0;
    expect(hex((writer) => writer.float(payload))).toBe(hex((writer) => writer.float(Number.NaN)));
    expect(hex((writer) => writer.float(-0))).not.toBe(hex((writer) => writer.float(0)));
  });

  it('keeps moments before 1970 and wide intervals apart', () => {
    const cells = [
      hex((writer) => writer.instant(-1, 999_999_999)),
      hex((writer) => writer.instant(0, 999_999_999)),
      hex((writer) => writer.instant(-62_135_596_800, 0)),
      hex((writer) => writer.timestamp(-1, 999_999_999)),
      hex((writer) => writer.interval(0, 0, 9_223_372_036_854_775_807_000n)),
      hex((writer) => writer.interval(0, 0, -9_223_372_036_854_775_808_000n)),
      hex((writer) => writer.interval(0, 0, -1n)),
      hex((writer) => writer.interval(0, -1, 0n)),
      hex((writer) => writer.interval(-1, 0, 0n)),
    ];
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('orders the entries of a map by their keys', () => {
    const cell = (text: string): Buffer =>
      Buffer.from(
        hex((writer) => writer.text(text)),
        'hex',
      );
    const [a, b] = [cell('a'), cell('b')];
    expect(
      hex((writer) =>
        writer.map([
          [a, b],
          [b, a],
        ]),
      ),
    ).toBe(
      hex((writer) =>
        writer.map([
          [b, a],
          [a, b],
        ]),
      ),
    );
  });

  it('hands over rows with the ends of their cells, and grows as it must', () => {
    const writer = new CanonicalWriter(16);
    expect(writer.take(2)).toBeUndefined();
    for (let row = 0; row < 3000; row += 1) {
      writer.text(`row ${row}`);
      writer.endCell();
      writer.null();
      writer.endCell();
    }
    const batch = writer.take(2);
    expect(batch?.rows).toBe(3000);
    expect(batch?.cellEnds).toHaveLength(6000);
    expect(batch?.cellEnds[5999]).toBe(batch?.bytes.length);
    expect([writer.length, writer.cells]).toEqual([0, 0]);
  });

  it('writes over the memory of a batch only once that is given back, and gives it out once', () => {
    const writer = new CanonicalWriter();
    const take = (text: string) => {
      writer.text(text);
      writer.endCell();
      const batch = writer.take(1);
      if (batch === undefined) throw new RangeError('nothing was written');
      return batch;
    };
    const text = (batch: { bytes: Uint8Array }): string => Buffer.from(batch.bytes.subarray(5)).toString();
    const first = take('first');
    first.release?.();
    first.release?.();
    const batches = ['second', 'third', 'fourth', 'fifth'].map(take);
    expect(batches.map(text)).toEqual(['second', 'third', 'fourth', 'fifth']);
    expect(batches.some(({ bytes }) => bytes.buffer === first.bytes.buffer)).toBe(true);
  });
});
