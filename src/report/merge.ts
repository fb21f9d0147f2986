/** Joins the reports folders of shards into one, as if a single run had written it. */
import { cp, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UsageError, messageOf } from '../core/errors.ts';
import type { KnownScenario } from './coverage.ts';
import { RunReport } from './report.ts';
import { mergeResults, parseResults } from './results.ts';
import type { Results } from './results.ts';

/** Made anew from the joined results, or a folder's own business. */
const NOT_COPIED = new Set([
  'results.json',
  'coverage.json',
  'coverage.md',
  'coverage.html',
  'summary.md',
  'allure-report',
  'README.md',
]);

/**
 * Writes into `target` the joined results and coverage of `folders`, with their evidence and Allure results beside.
 * JUnit files of the same name would overwrite each other, so each is kept under its folder's number.
 *
 * @param env where GITHUB_STEP_SUMMARY is looked up.
 * @throws UsageError naming a folder that has no results.json or has the target inside it.
 */
export async function mergeReports(
  folders: readonly string[],
  target: string,
  known: readonly KnownScenario[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Results> {
  const around = folders.find((folder) => /^[^./]/.test(relative(folder, target)));
  if (around !== undefined) {
    throw new UsageError(
      'TARGET_INSIDE',
      `${target} lies inside ${around}, which is to be merged: choose another --out`,
    );
  }
  // All are read before anything is written, since the target may be one of them.
  const parts = await Promise.all(folders.map(readFolder));
  const report = new RunReport(known);
  for (const result of mergeResults(parts).scenarios) report.add(result);
  for (const [index, folder] of folders.entries()) await copyEvidence(folder, target, index + 1);
  await report.finish(target, env);
  return report.results;
}

async function readFolder(folder: string): Promise<Results> {
  const file = join(folder, 'results.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(
      'RESULTS_MISSING',
      `${file} cannot be read (${messageOf(cause)}): give folders that a run wrote`,
      {
        cause,
      },
    );
  }
  return parseResults(text, file);
}

async function copyEvidence(folder: string, target: string, number: number): Promise<void> {
  if (relative(folder, target) === '') return;
  await cp(folder, target, {
    recursive: true,
    filter: (source) => {
      const path = relative(folder, source);
      return !NOT_COPIED.has(path) && path !== 'junit.xml';
    },
  });
  const junit = join(folder, 'junit.xml');
  const there = await stat(junit).then(
    () => true,
    () => false,
  );
  if (there) await cp(junit, join(target, `junit-${number}.xml`));
}
