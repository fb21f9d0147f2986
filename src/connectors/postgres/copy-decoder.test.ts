import { describe, expect, it } from 'vitest';
import { CanonicalWriter } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import { CopyDecoder } from './copy-decoder.ts';
import { type Decode, decoderOf } from './decode.ts';

function decoder(wire: 'int4' | 'text', as: 'number' | 'text'): Decode {
  const found = decoderOf({ of: wire, array: false }, { as });
  if (found === undefined) throw new Error(`no decoder of ${wire}`);
  return found;
}

const DECODERS = [decoder('int4', 'number'), decoder('text', 'text')];

function field(bytes: Buffer | null): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes === null ? -1 : bytes.length);
  return bytes === null ? length : Buffer.concat([length, bytes]);
}

function row(id: number, text: string | null): Buffer {
  const count = Buffer.from([0, 2]);
  const value = Buffer.alloc(4);
  value.writeInt32BE(id);
  return Buffer.concat([count, field(value), field(text === null ? null : Buffer.from(text))]);
}

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);
const ROWS = [row(1, 'one'), row(-2, null), row(3, ''), row(4, 'x'.repeat(300))];
const STREAM = Buffer.concat([HEADER, ...ROWS, TRAILER]);

function decodeAll(chunks: readonly Buffer[]): { rows: number | undefined; bytes: string } {
  const writer = new CanonicalWriter();
  const decode = new CopyDecoder(DECODERS, writer);
  for (const chunk of chunks) decode.push(chunk);
  decode.finish();
  const batch = writer.take(2);
  return { rows: batch?.rows, bytes: Buffer.from(batch?.bytes ?? []).toString('hex') };
}

describe('the decoder of binary COPY', () => {
  const whole = decodeAll([STREAM]);

  it('reads rows, NULL and empty text apart', () => {
    expect(whole.rows).toBe(4);
  });

  it('reads the same from chunks that end anywhere', () => {
    for (let cut = 0; cut <= STREAM.length; cut += 1) {
      expect(decodeAll([STREAM.subarray(0, cut), STREAM.subarray(cut)])).toEqual(whole);
    }
    for (const size of [1, 2, 3, 7, 64]) {
      const chunks = Array.from({ length: Math.ceil(STREAM.length / size) }, (_, index) =>
        STREAM.subarray(index * size, index * size + size),
      );
      expect(decodeAll(chunks)).toEqual(whole);
    }
  });

  it('tells an empty table from a stream that ended early, wherever it ended', () => {
    expect(decodeAll([HEADER, TRAILER])).toEqual({ rows: undefined, bytes: '' });
    for (let cut = 0; cut < STREAM.length; cut += 1) {
      expect(() => decodeAll([STREAM.subarray(0, cut)]), `cut at ${cut}`).toThrow(E2eError);
    }
  });

  it('refuses another format, and another number of columns', () => {
    expect(() => decodeAll([Buffer.from('1\tone\n2\ttwo\n'.repeat(5))])).toThrow(/not its binary format/);
    const three = Buffer.concat([Buffer.from([0, 3]), field(null), field(null), field(null)]);
    expect(() => decodeAll([HEADER, three])).toThrow(/3 columns where 2 were asked for/);
  });

  it('skips an extension of the header', () => {
    const header = Buffer.from(HEADER);
    header.writeInt32BE(3, 15);
    expect(decodeAll([header, Buffer.from('ext'), ...ROWS, TRAILER])).toEqual(whole);
  });
});
