import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Step } from '../core/step.ts';
import { act, type Scene } from './acting.ts';

const STEPS: readonly Step[] = [
  { kind: 'insert', table: 'orders', rows: 1 },
  { kind: 'truncate', table: 'orders' },
];

function scene(run: (step: Step, signal: AbortSignal) => Promise<void>): Scene {
  return {
    scenario: { file: 'x.yaml' },
    seed: '1',
    signal: new AbortController().signal,
    supervision: { check: () => undefined },
    workload: { run },
    course: { events: [] },
  } as unknown as Scene;
}

test('steps run in file order, one after the other, and are written down', async () => {
  const done: string[] = [];
  const one = scene(async ({ kind }) => {
    await delay(kind === 'insert' ? 20 : 0);
    done.push(kind);
  });
  await act(one, STEPS);
  expect(done).toEqual(['insert', 'truncate']);
  expect(one.course.events.map((event) => event.replace(/ \(.*/, ''))).toEqual([
    'insert 1 row into orders',
    'truncate orders',
  ]);
});

test('what fails beside the steps stops them, and is what is told', async () => {
  const begun: string[] = [];
  const one = scene(async (step, signal) => {
    begun.push(step.kind);
    await delay(60_000, undefined, { signal });
  });
  const failing = act(one, STEPS, () => Promise.reject(new Error('the engine ended')));
  await expect(failing).rejects.toThrow('the engine ended');
  expect(begun.length).toBeLessThan(2);
});

test('a step that fails is what is told, and no later step runs', async () => {
  const begun: string[] = [];
  const one = scene((step) => {
    begun.push(step.kind);
    return Promise.reject(new Error('duplicate key'));
  });
  await expect(act(one, STEPS, () => delay(10))).rejects.toThrow('duplicate key');
  expect(begun).toEqual(['insert']);
});

test('steps at once start together', async () => {
  let running = 0;
  let most = 0;
  const one = scene(async () => {
    most = Math.max(most, ++running);
    await delay(20);
    running -= 1;
  });
  await act(one, [{ kind: 'concurrently', steps: STEPS }]);
  expect(most).toBe(2);
});
