import { describe, expect, it } from 'vitest';
import { MODES } from '../core/words.ts';
import { parseScenario } from '../scenario/load.ts';
import { scenarioText, sketchOf } from './new.ts';
import { surroundings } from './registry/surroundings.ts';

const ends = { source: 'postgres', destination: 'clickhouse' } as const;

describe('a scenario made by `new`', () => {
  it.each(MODES)('can be read, in mode %s', (mode) => {
    const text = scenarioText(ends, 'mine', mode, 'orders', sketchOf('orders'));
    const scenario = parseScenario('scenarios/pg-ch/mine.yaml', text, surroundings());
    expect(scenario).toMatchObject({ title: 'mine', pair: 'pg-ch', mode, expect: { kind: 'equal', tables: [] } });
    expect(scenario.steps.length).toBe(
      { snapshot: 0, incremental: 1, replication: 3, 'snapshot-replication': 3 }[mode],
    );
  });

  it.each(
    surroundings()
      .fixtures.names()
      .filter((name) => surroundings().fixtures.get(name).tables.length > 0),
  )('can start from fixture %s', (fixture) => {
    const text = scenarioText(ends, 'mine', 'snapshot', fixture, sketchOf(fixture));
    expect(parseScenario('scenarios/pg-ch/mine.yaml', text, surroundings()).fixtures[0]?.name).toBe(fixture);
  });

  it('names its schema, so that editors complete', () => {
    const [first] = scenarioText(ends, 'mine', 'snapshot', 'orders', sketchOf('orders')).split('\n');
    expect(first).toBe('# yaml-language-server: $schema=../../schemas/scenario.schema.json');
  });

  it('wants a fixture that is there', () => {
    expect(() => sketchOf('odrers')).toThrow(/odrers/);
  });
});
