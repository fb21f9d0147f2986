import { expect, test } from 'vitest';
import { momentsOf, strike, type EngineTarget } from './fault.ts';

const signal = new AbortController().signal;

function target(up: () => boolean): EngineTarget & { kills: number; paused: string[] } {
  const seen = {
    kills: 0,
    paused: [] as string[],
    ready: () => Promise.resolve(up()),
    kill: () => {
      seen.kills += 1;
      return Promise.resolve();
    },
    pause: () => void seen.paused.push('paused'),
    resume: () => void seen.paused.push('resumed'),
  };
  return seen;
}

test('moments are within the time, in order, many, and the same for the same seed', () => {
  const moments = momentsOf(20, 1_000, 7);
  expect(moments).toHaveLength(20);
  expect(moments).toEqual([...moments].sort((a, b) => a - b));
  expect(Math.min(...moments)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...moments)).toBeLessThanOrEqual(1_000);
  expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThan(300);
  expect(momentsOf(20, 1_000, 7)).toEqual(moments);
  expect(momentsOf(20, 1_000, 8)).not.toEqual(moments);
});

test('an engine is killed as often as asked, and each strike is told of', async () => {
  const engine = target(() => true);
  const strikes = await strike({ kind: 'kill', target: 'engine', times: 3, withinMs: 20 }, engine, 1, signal);
  expect(engine.kills).toBe(3);
  expect(strikes.map(({ what }) => what)).toEqual(['engine killed', 'engine killed', 'engine killed']);
});

test('a pause ends, also when the scenario is given up meanwhile', async () => {
  const engine = target(() => true);
  await strike({ kind: 'pause', target: 'engine', forMs: 5 }, engine, 1, signal);
  const caller = new AbortController();
  const pausing = strike({ kind: 'pause', target: 'engine', forMs: 60_000 }, engine, 1, caller.signal);
  await Promise.resolve();
  caller.abort();
  await expect(pausing).rejects.toThrow();
  expect(engine.paused).toEqual(['paused', 'resumed', 'paused', 'resumed']);
});

test('a fault that strikes nothing is an error', async () => {
  const nothing = target(() => false);
  await expect(strike({ kind: 'kill', target: 'engine', times: 1, withinMs: 1 }, nothing, 1, signal)).rejects.toThrow(
    /kill engine/,
  );
  await expect(strike({ kind: 'pause', target: 'engine', forMs: 1 }, nothing, 1, signal)).rejects.toThrow(
    /pause engine/,
  );
  let looks = 0;
  const ends = target(() => ++looks === 1);
  await expect(strike({ kind: 'kill', target: 'engine', times: 1, withinMs: 1 }, ends, 1, signal)).rejects.toThrow(
    /no running engine/,
  );
});
