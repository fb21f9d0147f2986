import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CanonicalWriter } from '../core/canonical.ts';
import { RowStore } from './row-store.ts';
import { Row } from './row.ts';

const COLUMNS = 3;

function rowOf(id: number, width: number): Row {
  const writer = new CanonicalWriter();
  // A row before it, so that nothing depends on a batch's beginning.
  for (const text of ['x', 'yy', '', String(id), 'z'.repeat(width), '']) {
    writer.text(text);
    writer.endCell();
  }
  const batch = writer.take(COLUMNS);
  if (batch === undefined) throw new RangeError('nothing was written');
  return Row.of(batch, 1, COLUMNS);
}

function cellsOf(row: Row): string[] {
  return row.cells(COLUMNS).map((cell) => Buffer.from(cell).toString('latin1'));
}

describe('the store of waiting rows', () => {
  it('gives back what was kept, whatever was let go and moved in between', () => {
    // Around a piece (1 MB) and beyond, so that pieces fill, break and are left over.
    const width = fc.oneof(
      { weight: 6, arbitrary: fc.nat(300) },
      { weight: 2, arbitrary: fc.integer({ min: 200_000, max: 600_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1_040_000, max: 1_060_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1_100_000, max: 2_500_000 }) },
    );
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('keep' as const), width }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('drop' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('tidy' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = new RowStore(COLUMNS);
        const kept = new Map<number, { address: number; row: Row }>();
        let next = 1;
        for (const one of steps) {
          if (one.do === 'keep') {
            const row = rowOf(next, one.width);
            kept.set(next, { row, address: store.keep(row, next, next * 2, next % 2 === 0 ? 1 : -1, next) });
            next += 1;
          } else if (one.do === 'drop') {
            const id = [...kept.keys()][one.which % Math.max(1, kept.size)];
            const entry = id === undefined ? undefined : kept.get(id);
            if (id === undefined || entry === undefined) continue;
            store.letGo(entry.address);
            kept.delete(id);
          } else {
            store.tidy(
              (owner, address) => kept.get(owner)?.address === address,
              (owner, address) => {
                const entry = kept.get(owner);
                if (entry !== undefined) entry.address = address;
              },
            );
            expect(store.dead).toBe(0);
          }
        }
        for (const [id, { address, row }] of kept) {
          const stored = store.at(address);
          expect(cellsOf(stored.row)).toEqual(cellsOf(row));
          expect(stored).toMatchObject({ low: id, high: id * 2, sign: id % 2 === 0 ? 1 : -1 });
        }
        expect(store.live > 0).toBe(kept.size > 0);
      }),
      { numRuns: 60 },
    );
  });
});
