// LZ4 blocks (not frames), as in the body of ClickHouse's compressed blocks: decompression,
// and the form of a block that is not compressed.
// Format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md. Must not know what is inside.
import { ClickHouseException } from '../exception.ts';

/** The shortest match; lengths are stored less this. */
const MIN_MATCH = 4;

/**
 * @param size of the result, bytes, as the frame around the block says.
 * @throws ClickHouseException CANNOT_DECOMPRESS unless `block` is one block of exactly that size.
 */
export function decompressLz4(block: Uint8Array, size: number): Uint8Array {
  const result = Buffer.allocUnsafe(size);
  let from = 0;
  let to = 0;
  /** Lengths of 15 and more go on in further bytes, the last of which is less than 255. */
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble < 15) return sum;
    for (;;) {
      const byte = block[from];
      if (byte === undefined) throw broken('it ends inside a length');
      from += 1;
      sum += byte;
      if (byte < 255) return sum;
    }
  };
  while (from < block.length) {
    const token = block[from] ?? 0;
    from += 1;
    const literals = length(token >> 4);
    if (from + literals > block.length || to + literals > size) throw broken('literals run past its end');
    result.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from === block.length) break;
    const offset = (block[from] ?? 0) | ((block[from + 1] ?? 0) << 8);
    from += 2;
    if (from > block.length || offset === 0 || offset > to) throw broken('a match lies before its beginning');
    const match = length(token & 15) + MIN_MATCH;
    if (to + match > size) throw broken('a match runs past its end');
    if (offset >= match) {
      result.copyWithin(to, to - offset, to - offset + match);
      to += match;
    } else {
      // What is copied overlaps what is written: a pattern that repeats.
      for (const end = to + match; to < end; to += 1) result[to] = result[to - offset] ?? 0;
    }
  }
  if (to !== size) throw broken(`${to} bytes of ${size}`);
  return result;
}

/** What stands before `length` bytes that are to be taken as they are, and end the block. */
export function literalsHead(length: number): Buffer {
  if (length < 15) return Buffer.from([length << 4]);
  const rest = length - 15;
  const head = Buffer.alloc(2 + Math.floor(rest / 255), 255);
  head[0] = 0xf0;
  head[head.length - 1] = rest % 255;
  return head;
}

function broken(why: string): ClickHouseException {
  return new ClickHouseException(271, 'CANNOT_DECOMPRESS', `Cannot decompress an LZ4 block: ${why}`);
}
