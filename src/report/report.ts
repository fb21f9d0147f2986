/**
 * The reports of a run. Read this first.
 *
 * 1. Whoever runs scenarios makes one RunReport and hands it every result as it comes.
 * 2. It prints nothing. terminal.ts turns a result into the line and the block that a terminal shows.
 * 3. `finish` writes results.json, coverage.json, coverage.md, coverage.html and summary.md into the reports folder,
 *    and appends the summary to the CI job's own page.
 * 4. Inside a running test, allure.ts records the same result for Allure. JUnit is the test runner's own reporter.
 *
 * Must not know how a result came about: no database, no engine, no row diff.
 */
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScenarioResult } from '../core/result.ts';
import { coverageHtml } from './coverage-html.ts';
import { coverageMarkdown } from './coverage-markdown.ts';
import { coverageOf } from './coverage.ts';
import type { Coverage, KnownScenario } from './coverage.ts';
import { inOrder } from './results.ts';
import type { Results } from './results.ts';
import { jobSummary } from './summary.ts';
import type { BrokenFile } from './summary.ts';

export class RunReport {
  readonly #known: readonly KnownScenario[];
  readonly #results: ScenarioResult[] = [];
  readonly #broken: BrokenFile[] = [];

  /** @param known every scenario file of the project, so that one that did not run is seen to be missing its verdict. */
  constructor(known: readonly KnownScenario[]) {
    this.#known = known;
  }

  add(result: ScenarioResult): void {
    this.#results.push(result);
  }

  /** A file that gave no result: it could not be read, or its test broke down. */
  addBroken(file: BrokenFile): void {
    this.#broken.push(file);
  }

  get results(): Results {
    return inOrder(this.#results);
  }

  get coverage(): Coverage {
    return coverageOf(this.#results, this.#known);
  }

  /**
   * Writes the files; each is whole or not there. Files of an earlier run are overwritten.
   *
   * @param directory the reports folder, made if need be.
   * @param env where GITHUB_STEP_SUMMARY is looked up.
   */
  async finish(directory: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
    const { results, coverage } = this;
    const summary = jobSummary(results.scenarios, coverage, this.#broken);
    await mkdir(directory, { recursive: true });
    await Promise.all([
      writeWhole(join(directory, 'results.json'), `${JSON.stringify(results, null, 2)}\n`),
      writeWhole(join(directory, 'coverage.json'), `${JSON.stringify(coverage, null, 2)}\n`),
      writeWhole(join(directory, 'coverage.md'), coverageMarkdown(coverage)),
      writeWhole(join(directory, 'coverage.html'), coverageHtml(coverage)),
      writeWhole(join(directory, 'summary.md'), summary),
    ]);
    const jobPage = env.GITHUB_STEP_SUMMARY;
    if (jobPage !== undefined && jobPage !== '') await appendFile(jobPage, summary);
  }
}

/** A reader never meets half a file. */
async function writeWhole(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  await writeFile(beside, text);
  await rename(beside, file);
}
