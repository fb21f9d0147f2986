import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../core/root.ts';
import type { Mode } from '../core/words.ts';
import { knownScenarios } from '../scenario/known.ts';
import { filesOfShard } from './matrix.ts';
import { scenarioFiles } from './scenario-files.ts';
import { parseShard, plan, readDurations, weigh } from './shards.ts';

const MODES = new Map<string, Mode>([
  ['a', 'snapshot'],
  ['b', 'snapshot'],
  ['c', 'snapshot'],
  ['d', 'replication'],
  ['e', 'replication'],
]);

describe('a plan', () => {
  it('has every scenario exactly once and no empty shard, whatever the durations', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 12, maxLength: 200 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 12 }), (durations, count) => {
        const scenarios = durations.map((ms, index) => ({ file: `s${index}`, ms, recorded: true }));
        const { shards } = plan(scenarios, count);
        expect(shards.flatMap((shard) => shard.scenarios).sort()).toEqual(scenarios.map(({ file }) => file).sort());
        expect(shards.every((shard) => shard.scenarios.length > 0)).toBe(true);
      }),
    );
  });

  it('is the same in whatever order the files were found', () => {
    const scenarios = Array.from({ length: 40 }, (_, index) => ({
      file: `s${index}`,
      ms: 1000 + (index % 7),
      recorded: true,
    }));
    expect(plan([...scenarios].reverse(), 5)).toMatchObject({ shards: plan(scenarios, 5).shards });
  });

  it('balances durations, and names what is longer than an average shard', () => {
    const scenarios = [90, 10, 10, 10].map((ms, index) => ({ file: `s${index}`, ms, recorded: index > 0 }));
    expect(plan(scenarios, 2)).toEqual({
      shards: [
        { shard: '1/2', ms: 90, scenarios: ['s0'] },
        { shard: '2/2', ms: 30, scenarios: ['s1', 's2', 's3'] },
      ],
      spread: 60 / 90,
      tooLong: ['s0'],
      unrecorded: ['s0'],
    });
  });

  it('takes the median of its mode for a scenario that was never recorded, and of all where the mode is not known', () => {
    const weighed = weigh(['c', 'e', 'x'], MODES, { a: 10, b: 20, d: 500 });
    expect(weighed.map(({ ms }) => ms)).toEqual([20, 500, 20]);
    expect(weighed.some(({ recorded }) => recorded)).toBe(false);
  });

  it.each(['', '0/2', '3/2', '1', '1/2/3', 'a/b'])('is not asked for by %j', (text) => {
    expect(() => parseShard(text)).toThrow(/it is I\/N/);
  });
});

describe('the scenarios of this project', () => {
  it('have recorded durations only of scenarios that are there', async () => {
    const there = await scenarioFiles(PROJECT_ROOT);
    expect(Object.keys(readDurations(PROJECT_ROOT)).filter((file) => !there.includes(file))).toEqual([]);
  });

  it('make five shards whose planned durations are within 20 %', async () => {
    const files = await scenarioFiles(PROJECT_ROOT);
    const modes = new Map(knownScenarios(PROJECT_ROOT).map(({ file, mode }) => [file, mode]));
    expect(plan(weigh(files, modes, readDurations(PROJECT_ROOT)), 5).spread).toBeLessThan(0.2);
  });

  it('are each in one shard of a selection', async () => {
    const shards = await Promise.all(['1/3', '2/3', '3/3'].map((shard) => filesOfShard(['pg-ch'], shard)));
    const selected = (await scenarioFiles(PROJECT_ROOT)).filter((file) => file.includes('pg-ch'));
    expect(shards.flat().sort()).toEqual(selected);
  });
});
