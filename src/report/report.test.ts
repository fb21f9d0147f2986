import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Coverage } from './coverage.ts';
import { DIFFERENT, DIFFERENT_TABLE, EQUAL, UNKNOWN } from './example-results.ts';
import { mergeReports } from './merge.ts';
import { RunReport } from './report.ts';
import { mergeResults, parseResults } from './results.ts';
import { jobSummary } from './summary.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'));
});
afterEach(() => rm(folder, { recursive: true }));

const toast = { ...EQUAL, file: 'scenarios/pg-ch/toast.yaml' };

describe('a finished report', () => {
  it('leaves whole files and nothing else', async () => {
    const report = new RunReport([]);
    report.add(toast);
    report.add(EQUAL);
    await report.finish(folder, {});
    expect((await readdir(folder)).sort()).toEqual([
      'coverage.html',
      'coverage.json',
      'coverage.md',
      'results.json',
      'summary.md',
    ]);
    const results = parseResults(await readFile(join(folder, 'results.json'), 'utf8'), 'results.json');
    expect(results.scenarios).toEqual([EQUAL, toast]);
  });

  it('appends to the page of the CI job', async () => {
    const page = join(folder, 'page.md');
    await writeFile(page, 'before\n');
    await new RunReport([]).finish(join(folder, 'reports'), { GITHUB_STEP_SUMMARY: page });
    expect(await readFile(page, 'utf8')).toMatch(/^before\n## transfer-e2e: /);
  });

  it('shows a file that gave no result as red', async () => {
    const report = new RunReport([]);
    report.addBroken({ file: 'scenarios/pg-ch/bad.yaml', error: 'bad.yaml:3:1 unknown key `tabel`' });
    await report.finish(folder, {});
    const summary = await readFile(join(folder, 'summary.md'), 'utf8');
    expect(summary).toContain('❌ 1 not as expected');
    expect(summary).toContain('unknown key `tabel`');
  });
});

describe('the job summary', () => {
  const { coverage } = new RunReport([]);

  it('shows what differs, cell by cell', () => {
    const text = jobSummary([DIFFERENT], coverage);
    expect(text).toContain('| placed\\_at | 1 | all 1 is exactly 1 h later |');
    expect(text).toContain('| id=18 | placed\\_at | 2024-01-01 00:00:00 | 2024-01-01 01:00:00 |');
    expect(text).toContain('| id=17 | missing | | |');
  });

  it('is not broken by what rows hold', () => {
    const examples = [{ kind: 'missing' as const, key: { id: '|x|\n</details><script>' } }];
    const text = jobSummary([{ ...DIFFERENT, tables: [{ ...DIFFERENT_TABLE, examples }] }], coverage);
    expect(text).not.toContain('<script>');
    expect(text).toContain('id=\\|x\\|\\\\n&lt;/details&gt;');
  });

  it('lists every tolerance with its reason', () => {
    const policies = [{ column: 'amount', policy: 'relative 1e-12', because: 'mapped to double', used: 7 }];
    const text = jobSummary([{ ...EQUAL, tables: [{ ...DIFFERENT_TABLE, verdict: 'equal', policies }] }], coverage);
    expect(text).toContain('| pg-ch/snapshot | orders.amount | relative 1e-12 | 7 | mapped to double |');
  });

  it('links expected failures', () => {
    const xfail = { issue: 'https://example.org/1', because: 'loses rows' };
    const text = jobSummary([{ ...DIFFERENT, expected: 'xfail', ok: true, xfail }], coverage);
    expect(text).toContain('xfail (different) ([loses rows](https://example.org/1))');
    expect(text).toContain('✅ as expected');
  });
});

describe('merging shards', () => {
  it('keeps the worse of two outcomes of one scenario', () => {
    expect(mergeResults([{ scenarios: [EQUAL] }, { scenarios: [UNKNOWN] }]).scenarios).toEqual([UNKNOWN]);
    expect(mergeResults([{ scenarios: [DIFFERENT] }, { scenarios: [UNKNOWN] }]).scenarios).toEqual([DIFFERENT]);
  });

  it('keeps what went wrong rather than a difference that was expected', () => {
    const expected = { ...DIFFERENT, expected: 'xfail', ok: true } as const;
    expect(mergeResults([{ scenarios: [expected] }, { scenarios: [UNKNOWN] }]).scenarios).toEqual([UNKNOWN]);
  });

  it('keeps a scenario once for each engine', () => {
    const trcli = { ...EQUAL, engine: 'trcli' } as const;
    expect(mergeResults([{ scenarios: [EQUAL] }, { scenarios: [trcli] }]).scenarios).toHaveLength(2);
  });

  it('joins results, evidence and JUnit files', async () => {
    for (const [shard, result] of [toast, EQUAL].entries()) {
      const directory = join(folder, `shard-${shard}`);
      const report = new RunReport([]);
      report.add(result);
      await report.finish(directory, {});
      await mkdir(join(directory, 'allure-results'));
      await writeFile(join(directory, 'allure-results', `${shard}.json`), '{}');
      await writeFile(join(directory, 'junit.xml'), '<testsuites/>');
    }
    const target = join(folder, 'merged');
    const known = [{ file: 'scenarios/pg-ch/other.yaml', pair: 'pg-ch', mode: 'replication' }] as const;
    const results = await mergeReports([join(folder, 'shard-0'), join(folder, 'shard-1')], target, known, {});
    expect(results.scenarios.map(({ file }) => file)).toEqual([EQUAL.file, toast.file]);
    expect((await readdir(join(target, 'allure-results'))).sort()).toEqual(['0.json', '1.json']);
    expect(await readdir(target)).toEqual(expect.arrayContaining(['junit-1.xml', 'junit-2.xml']));
    const { squares } = JSON.parse(await readFile(join(target, 'coverage.json'), 'utf8')) as Coverage;
    expect(squares.filter(({ status }) => status !== 'missing').map(({ status }) => status)).toEqual([
      'equal',
      'unknown',
    ]);
  });

  it('names a folder that no run wrote', async () => {
    await expect(mergeReports([folder], join(folder, 'x'), [], {})).rejects.toThrow(/lies inside/);
    await expect(mergeReports([folder], `${folder}-x`, [], {})).rejects.toThrow(/results\.json cannot be read/);
    await writeFile(join(folder, 'results.json'), '[]');
    await expect(mergeReports([folder], `${folder}-x`, [], {})).rejects.toThrow(/has no list `scenarios`/);
  });
});
