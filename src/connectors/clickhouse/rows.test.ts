import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Comparison, RowBatch } from '../../core/canonical.ts';
import { cellWriter } from './cell-writers.ts';
import { RowBinaryWriter } from './row-binary-writer.ts';
import { decodeRows } from './rows.ts';
import { parseTypeName } from './type-name.ts';
import type { Value } from '../../core/table.ts';

const COLUMNS: readonly (readonly [type: string, as: Comparison, value: fc.Arbitrary<Value>])[] = [
  ['Int64', { as: 'number' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['Nullable(String)', { as: 'text' }, fc.option(fc.string({ unit: 'binary' }))],
  ['Array(Nullable(Float64))', { as: 'array', of: { as: 'float' } }, fc.array(fc.option(fc.double()))],
  ['Array(Array(String))', { as: 'array', of: { as: 'array', of: { as: 'text' } } }, fc.array(fc.array(fc.string()))],
  ['UInt256', { as: 'number' }, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })],
  [
    'Map(String, Nullable(Int8))',
    { as: 'map', key: { as: 'text' }, value: { as: 'number' } },
    fc.uniqueArray(fc.string()).map((keys) => keys.map((key, index): Value => [key, index % 2 === 0 ? null : 7n])),
  ],
];
const AS = COLUMNS.map(([, as]) => as);
const rows = fc.array(fc.tuple(...COLUMNS.map(([, , value]) => value)), { maxLength: 20 });

/** An answer in RowBinaryWithNamesAndTypes. */
function answer(types: readonly string[], values: readonly (readonly Value[])[]): Buffer {
  const out = new RowBinaryWriter();
  const text = cellWriter(parseTypeName('String'));
  out.varint(types.length);
  types.forEach((_, index) => text(`c${index}`, out));
  for (const type of types) text(type, out);
  const writers = types.map((type) => cellWriter(parseTypeName(type)));
  for (const row of values) writers.forEach((write, index) => write(row[index] ?? null, out));
  return out.take();
}

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer, void, undefined> {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const place of [...places, bytes.length]) {
    await Promise.resolve();
    yield bytes.subarray(start, place);
    start = place;
  }
}

async function decoded(pieces: AsyncIterable<Buffer>, as: readonly Comparison[] = AS): Promise<readonly RowBatch[]> {
  const batches: RowBatch[] = [];
  for await (const batch of decodeRows(pieces, as, 't')) batches.push(batch);
  return batches;
}

/** All cells as one text. */
function cells(batches: readonly RowBatch[]): string[] {
  return batches.flatMap((batch) =>
    [...batch.cellEnds].map((end, index) =>
      Buffer.from(batch.bytes.subarray(index === 0 ? 0 : batch.cellEnds[index - 1], end)).toString('hex'),
    ),
  );
}

const TYPES = COLUMNS.map(([type]) => type);

describe('rows', () => {
  it('are the same however the answer is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(fc.nat(), { maxLength: 30 }), async (values, cuts) => {
        const bytes = answer(TYPES, values);
        const whole = cells(await decoded(inPieces(bytes, [])));
        expect(cells(await decoded(inPieces(bytes, cuts)))).toEqual(whole);
        expect(whole).toHaveLength(values.length * TYPES.length);
      }),
      { numRuns: 60 },
    );
  });

  it('are the same when the answer comes byte by byte', async () => {
    const bytes = answer(TYPES, [
      [1n, 'text', [1.5, null], [['a'], []], 2n ** 255n, [['k', 1n]]],
      [-1n, null, [], [], 0n, []],
    ]);
    const whole = cells(await decoded(inPieces(bytes, [])));
    const single = inPieces(
      bytes,
      Array.from(bytes, (_, index) => index),
    );
    expect(cells(await decoded(single))).toEqual(whole);
  });

  it('of an answer that ends early are an error wherever it ends, unless between two rows', async () => {
    const values = [
      [1n, 'a'],
      [2n, null],
    ] as const;
    const bytes = answer(['Int64', 'Nullable(String)'], values);
    const firstRow = answer(['Int64', 'Nullable(String)'], values.slice(0, 1)).length;
    const header = answer(['Int64', 'Nullable(String)'], []).length;
    for (let length = 0; length < bytes.length; length += 1) {
      const reading = decoded(inPieces(bytes.subarray(0, length), []), [{ as: 'number' }, { as: 'text' }]);
      if (length === header || length === firstRow) await expect(reading).resolves.toBeDefined();
      else await expect(reading).rejects.toThrow(/rows of t ended within (its header|a row)/);
    }
  });

  it('come in batches of about a megabyte, and one value may be larger than that', async () => {
    const wide = 'x'.repeat(5_000_000);
    const values = [[wide], ...Array.from({ length: 40 }, () => ['y'.repeat(100_000)])];
    const batches = await decoded(
      inPieces(
        answer(['String'], values),
        Array.from({ length: 200 }, (_, i) => i * 45_001),
      ),
      [{ as: 'text' }],
    );
    expect(batches.map(({ rows: count }) => count)).toEqual([1, 11, 11, 11, 7]);
    expect(batches[0]?.bytes.length).toBe(5_000_005);
  });

  it('with other columns than were asked for are refused', async () => {
    const bytes = answer(['Int64'], []);
    await expect(decoded(inPieces(bytes, []), [{ as: 'number' }, { as: 'text' }])).rejects.toThrow(
      /asked for 2 columns of t, got 1/,
    );
    await expect(decoded(inPieces(bytes, []), [{ as: 'uuid' }])).rejects.toThrow(/c0 came as Int64, .* read as uuid/);
  });
});
