/** The committed schemas of the reports against what the reports really write. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { coverageOf } from '../../src/report/coverage.ts';
import { DIFFERENT, EQUAL, UNKNOWN } from '../../src/report/example-results.ts';
import { RunReport } from '../../src/report/report.ts';
import { knownScenarios } from '../../src/scenario/known.ts';
import { ROOT, textOf } from './house.ts';

const XFAIL = {
  ...DIFFERENT,
  file: 'scenarios/pg-ch/xfail.yaml',
  expected: 'xfail' as const,
  ok: true,
  xfail: { issue: 'https://example.org/1', because: 'loses rows' },
  notes: ['slot leaked'],
  evidence: [{ name: 'engine log', path: 'evidence/pg-ch/xfail/engine.log', type: 'text/plain' }],
};

async function written(name: 'results' | 'coverage'): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'schemas-'));
  try {
    const report = new RunReport(knownScenarios(ROOT));
    for (const result of [EQUAL, { ...UNKNOWN, file: 'scenarios/pg-ch/unknown.yaml' }, XFAIL]) report.add(result);
    await report.finish(folder, {});
    return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What the schema finds wrong. */
function problems(name: 'results' | 'coverage', value: unknown): unknown[] {
  const schema = JSON.parse(textOf(`schemas/${name}.schema.json`)) as { $schema?: string };
  const options = { strict: false, allErrors: true, validateFormats: false };
  const ajv = schema.$schema?.includes('2020') === true ? new Ajv2020(options) : new Ajv(options);
  const validate = ajv.compile(schema);
  return validate(value) ? [] : (validate.errors ?? []);
}

describe('the schemas', () => {
  it.each(['results', 'coverage'] as const)('fit the %s.json that a run writes', async (name) => {
    expect(problems(name, await written(name))).toEqual([]);
  });

  it('refuse what is not in them', () => {
    expect(problems('results', { scenarios: [{ ...EQUAL, verdict: 'fine' }] })).not.toEqual([]);
    expect(problems('results', { scenarios: [{ ...EQUAL, tables: undefined }] })).not.toEqual([]);
    const { squares } = coverageOf([EQUAL], []);
    expect(problems('coverage', { squares: squares.map((square) => ({ ...square, status: 'skipped' })) })).not.toEqual(
      [],
    );
  });
});
