import { expect, test } from 'vitest';
import { Deadline } from '../core/deadline.ts';
import type { Scene } from './acting.ts';
import { Fence, fenceTable } from './fence.ts';
import { settle } from './settling.ts';
import { MemorySession } from './stand-ins.ts';

/** A destination that gets a further row at each of the first `moving` readings of its table. */
async function scene(
  moving: number,
): Promise<{ readonly scene: Scene; readonly source: MemorySession; readonly readings: () => number }> {
  const source = new MemorySession();
  const destination = new MemorySession();
  const table = fenceTable(undefined);
  await source.create(table);
  await destination.create(table);
  await destination.create({ name: 'orders', columns: [], key: ['id'] });
  source.onWrite = (change) => void destination.write(change);
  let readings = 0;
  const read = destination.read.bind(destination);
  destination.read = (request) => {
    if (request.table.name === 'orders') {
      readings += 1;
      if (readings <= moving) destination.rows.get('orders')?.push(BigInt(readings));
    }
    return read(request);
  };
  const settled = {
    source,
    destination,
    fence: new Fence(source, destination, table, { name: table.name }),
    supervision: { check: () => undefined, lastError: () => undefined },
    tablesToCompare: () =>
      Promise.resolve([{ name: 'orders', left: { name: 'orders' }, right: { name: 'orders' }, tolerate: [] }]),
    signal: new AbortController().signal,
  };
  return { scene: settled as unknown as Scene, source, readings: () => readings };
}

test('a destination at rest is read twice, and no oftener', async () => {
  const { scene: still, readings } = await scene(0);
  await settle(still, Deadline.after(5_000));
  expect(readings()).toBe(2);
});

test('a destination that still changes is waited for until two readings in a row agree', async () => {
  const { scene: moving, readings } = await scene(4);
  await settle(moving, Deadline.after(10_000));
  expect(readings()).toBe(5);
});

test('a destination that never comes to rest is told of by table', async () => {
  const { scene: restless } = await scene(Infinity);
  await expect(settle(restless, Deadline.after(300))).rejects.toThrow(/two readings .* orders still changing/);
});

test('a destination at rest is not settled while what was written last has not arrived', async () => {
  const { scene: still, source, readings } = await scene(0);
  source.onWrite = () => undefined;
  await expect(settle(still, Deadline.after(100))).rejects.toThrow(/fence row 1 to arrive/);
  expect(readings()).toBe(0);
});
