import { expect, test } from 'vitest';
import { Deadline } from '../core/deadline.ts';
import { attached, consumed } from './barriers.ts';
import { Fence, fenceTable } from './fence.ts';
import { MemorySession } from './stand-ins.ts';
import type { Supervision } from './supervision.ts';

interface Flow {
  readonly source: MemorySession;
  readonly destination: MemorySession;
  readonly flow: Parameters<typeof attached>[0];
}

async function flow(check: () => void = () => undefined): Promise<Flow> {
  const source = new MemorySession();
  const destination = new MemorySession();
  const table = fenceTable(undefined);
  await source.create(table);
  const supervision = { check, lastError: () => 'ERROR: cannot reach the destination' } as unknown as Supervision;
  return {
    source,
    destination,
    flow: { source, fence: new Fence(source, destination, table, { name: table.name }), supervision },
  };
}

const consumer = { name: 'slot s', attached: true, reached: true, state: 'confirmed 0/1' };

test('a connected consumer is an attached engine; one that is not connected is none', async () => {
  const { source, flow: waiting } = await flow();
  source.consumersNow = [{ ...consumer, attached: false }];
  await expect(attached(waiting, Deadline.after(60))).rejects.toThrow(/waited .* for the engine to attach/);
  source.consumersNow = [consumer];
  await expect(attached(waiting, Deadline.after(60))).resolves.toBeUndefined();
});

test('an engine that needs no change log is attached once a row written after its start arrives', async () => {
  const { source, destination, flow: waiting } = await flow();
  await destination.create(fenceTable(undefined));
  source.onWrite = (change) => void destination.write(change);
  await expect(attached(waiting, Deadline.after(5_000))).resolves.toBeUndefined();
});

test('an engine that never attaches is told of with its own last error', async () => {
  const { flow: waiting } = await flow();
  await expect(attached(waiting, Deadline.after(60))).rejects.toThrow(/ERROR: cannot reach the destination/);
});

test('all is consumed only when the fence has arrived and every consumer has confirmed', async () => {
  const { source, destination, flow: waiting } = await flow();
  await destination.create(fenceTable(undefined));
  source.consumersNow = [consumer];
  await expect(consumed(waiting, Deadline.after(80))).rejects.toThrow(/fence row 1 to arrive.*0 of 1 fence rows/);

  source.onWrite = (change) => void destination.write(change);
  source.consumersNow = [consumer, { ...consumer, name: 'slot late', reached: false, state: '9 bytes behind' }];
  await expect(consumed(waiting, Deadline.after(80))).rejects.toThrow(
    /position 0\/1 to be confirmed.*slot late: 9 bytes behind/,
  );

  source.consumersNow = [consumer];
  await expect(consumed(waiting, Deadline.after(5_000))).resolves.toBeUndefined();
});

test('an old fence row is not taken for the new one', async () => {
  const { source, destination, flow: waiting } = await flow();
  await destination.create(fenceTable(undefined));
  source.onWrite = (change) => void destination.write(change);
  await consumed(waiting, Deadline.after(5_000));
  source.onWrite = () => undefined;
  await expect(consumed(waiting, Deadline.after(80))).rejects.toThrow(/fence row 2 to arrive.*1 of 2/);
});

test('an engine that ends meanwhile ends the wait at once', async () => {
  const { flow: waiting } = await flow(() => {
    throw new Error('the engine ended');
  });
  await expect(attached(waiting, Deadline.after(60_000))).rejects.toThrow('the engine ended');
  await expect(consumed(waiting, Deadline.after(60_000))).rejects.toThrow('the engine ended');
});
