import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import type { ScenarioResult } from '../core/result.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { fixtureJsonSchema } from '../fixtures/fixture-file.ts';
import type { Coverage } from '../report/coverage.ts';
import type { Results } from '../report/results.ts';
import { generatedFiles } from './generated.ts';
import type { coverageSchema, resultsSchema, scenarioResultSchema } from './result-schema.ts';

const ajv = new Ajv({ strict: false, validateFormats: false });

function committed(file: string): string {
  return readFileSync(join(PROJECT_ROOT, file), 'utf8');
}

function validator(file: string): ValidateFunction {
  return ajv.compile(JSON.parse(committed(file)) as object);
}

function yamlFiles(folder: string): string[] {
  const all = readdirSync(join(PROJECT_ROOT, folder), { recursive: true, encoding: 'utf8' });
  return all.filter((name) => name.endsWith('.yaml')).map((name) => `${folder}/${name}`);
}

describe('what is generated', () => {
  test.each(Object.entries(generatedFiles(fixtureJsonSchema())))('is current: %s', (file, text) => {
    // Run `npm run schemas` and commit what it writes.
    expect(committed(file)).toBe(text);
  });

  test('says of every key of a scenario and of every kind of step what it means', () => {
    const page = committed('docs/scenario-reference.md');
    const [, scenario = ''] = page.split('\n## ');
    const [top = '', ...sections] = scenario.split('\n### ');
    const steps = sections.find((section) => section.startsWith('A step\n'))?.split('\n#### ')[0] ?? '';
    const rows = [...(top.split('\n#### ')[0] ?? '').split('\n'), ...steps.split('\n')].filter((line) =>
      line.startsWith('| `'),
    );
    expect(rows.length).toBeGreaterThan(25);
    expect(rows.filter((row) => /\|\s+\|$/.test(row))).toEqual([]);
  });
});

describe('the schemas that editors use', () => {
  const scenario = validator('schemas/scenario.schema.json');
  const fixture = validator('schemas/fixture.schema.json');

  test.each(yamlFiles('scenarios'))('accept %s, which names its schema in its first line', (file) => {
    const text = committed(file);
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../../schemas/scenario.schema.json');
    expect([scenario(parse(text)), scenario.errors]).toEqual([true, null]);
  });

  test.each(yamlFiles('fixtures'))('accept %s, which names its schema in its first line', (file) => {
    const text = committed(file);
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../../schemas/fixture.schema.json');
    expect([fixture(parse(text)), fixture.errors]).toEqual([true, null]);
  });

  test('refuse what the loader refuses', () => {
    const right = { title: 't', source: 'postgres', destination: 'clickhouse', mode: 'snapshot', fixture: 'orders' };
    expect(scenario(right)).toBe(true);
    expect(scenario({ ...right, rows: '5_000' })).toBe(true);
    for (const wrong of [
      { ...right, sorce: 1 },
      { ...right, mode: 'copy' },
      { ...right, rows: '5k' },
      { ...right, steps: [{}] },
      { ...right, steps: [{ settle: {}, activate: {} }] },
      { ...right, steps: [{ transaction: { steps: [{ insrt: 1 }] } }] },
    ]) {
      expect(scenario(wrong)).toBe(false);
    }
  });
});

describe('the schemas of what a run leaves behind', () => {
  test('are those of the TypeScript types', () => {
    expectTypeOf<z.infer<typeof scenarioResultSchema>>().toEqualTypeOf<ScenarioResult>();
    expectTypeOf<z.infer<typeof resultsSchema>>().toEqualTypeOf<Results>();
    expectTypeOf<z.infer<typeof coverageSchema>>().toEqualTypeOf<Coverage>();
  });
});
