import { expect, test } from 'vitest';
import { Deadline, done, notYet, until } from '../core/deadline.ts';
import type { Transfer } from '../core/transfer.ts';
import { strike } from '../faults/fault.ts';
import { HandEngine } from './stand-ins.ts';
import { Supervision } from './supervision.ts';

const signal = new AbortController().signal;

function supervise(engine: HandEngine): Supervision {
  return new Supervision(engine, { id: 't' } as Transfer, signal);
}

test('an activation that ends with 0 is done; any other end is told of with the engine’s words', async () => {
  const engine = new HandEngine();
  await using supervision = supervise(engine);
  const first = supervision.activate(Deadline.after(5_000));
  (await engine.process(0)).end(0);
  await first;

  engine.said = 'Error: no such table';
  const second = supervision.activate(Deadline.after(5_000));
  (await engine.process(1)).end(1);
  await expect(second).rejects.toThrow('activate: the engine ended by itself with exit code 1: Error: no such table');

  const third = supervision.activate(Deadline.after(5_000));
  (await engine.process(2)).end(null, 'SIGSEGV');
  await expect(third).rejects.toThrow(/signal SIGSEGV/);
});

test('an activation that a fault kills is started again; one that hangs is ended at its deadline', async () => {
  const engine = new HandEngine();
  await using supervision = supervise(engine);
  const activation = supervision.activate(Deadline.after(5_000));
  await engine.process(0);
  const kill = { kind: 'kill', target: 'engine', times: 1, withinMs: 1 } as const;
  expect(await strike(kill, supervision.target(), 1, signal)).toHaveLength(1);
  (await engine.process(1)).end(0);
  await activation;
  expect(supervision.kills).toBe(1);

  const hung = supervision.activate(Deadline.after(50));
  await expect(hung).rejects.toThrow(/waited .* for the activation to end/);
  expect((await engine.process(2)).exit?.signal).toBe('SIGKILL');
});

test('a replication that a fault kills is started again; one that ends by itself fails every barrier', async () => {
  const engine = new HandEngine();
  await using supervision = supervise(engine);
  await supervision.replicate();
  await supervision.target().kill();
  const second = await engine.process(1);
  supervision.check();
  second.end(3);
  await until('the failure', Deadline.after(2_000), () => {
    try {
      supervision.check();
      return Promise.resolve(notYet('none'));
    } catch {
      return Promise.resolve(done());
    }
  });
  expect(() => supervision.check()).toThrow(/replicate: the engine ended by itself with exit code 3/);
});

test('a stopped replication is not a failure and is not started again', async () => {
  const engine = new HandEngine();
  await using supervision = supervise(engine);
  await supervision.replicate();
  await supervision.stop(1_000);
  supervision.check();
  expect(engine.started).toHaveLength(1);
  expect(engine.started[0]?.stops).toBe(1);
});

test('a fault that finds nothing to strike is an error, not a fault survived', async () => {
  const engine = new HandEngine();
  await using supervision = supervise(engine);
  const activation = supervision.activate(Deadline.after(5_000));
  (await engine.process(0)).end(0);
  await activation;
  const kill = { kind: 'kill', target: 'engine', times: 1, withinMs: 1 } as const;
  await expect(strike(kill, supervision.target(), 1, signal)).rejects.toThrow(/found no running engine/);
});
