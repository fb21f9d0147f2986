/** One number for all rows of a side, whatever their order: enough to see whether two readings saw the same. */
import xxhash from 'xxhash-wasm';
import type { RowBatch } from '../core/canonical.ts';

/** @returns `rows:hash`. Equal rows give equal fingerprints; two different sets collide with a chance of about 2^-64. */
export async function fingerprint(batches: AsyncIterable<RowBatch>): Promise<string> {
  const hash = await xxhash();
  let rows = 0;
  let sum = 0n;
  for await (const batch of batches) {
    const columns = batch.cellEnds.length / batch.rows;
    let start = 0;
    for (let row = 0; row < batch.rows; row += 1) {
      const end = batch.cellEnds[(row + 1) * columns - 1] ?? 0;
      // A sum, not an xor: two equal rows must not cancel out.
      sum = BigInt.asUintN(64, sum + hash.h64Raw(batch.bytes.subarray(start, end)));
      start = end;
    }
    rows += batch.rows;
    batch.release?.();
  }
  return `${rows}:${sum.toString(16)}`;
}
