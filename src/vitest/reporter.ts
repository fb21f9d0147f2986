/**
 * What a run prints and leaves: vitest's own reporter, with one line a scenario that says verdict, rows and time by
 * stage, and the reports written at the end. Runs in the run's main process.
 */
import { rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import {
  DefaultReporter,
  type TestCase,
  type TestModule,
  type TestRunEndReason,
  type TestSpecification,
  type Vitest,
} from 'vitest/node';
import type { SerializedError } from 'vitest';
import { disableDefaultColors } from 'tinyrainbow';
import { messageOf } from '../core/errors.ts';
import { reportsFolder } from '../core/reports-folder.ts';
import { RunReport } from '../report/report.ts';
import { scenarioLine, shortName, wantsColour, wantsProgress } from '../report/terminal.ts';
import { knownScenarios } from '../scenario/known.ts';
import './reporter-meta.ts';

/** A scenario that has not ended after this long is shown as running. */
const SLOW_MS = 2_000;

export class ScenarioReporter extends DefaultReporter {
  #report = new RunReport([]);
  #running = new Map<string, number>();
  #ticker: NodeJS.Timeout | undefined;
  readonly #watched: boolean;

  constructor() {
    // The summary window redraws the terminal; without one, or in CI, there is nothing but lines.
    const watched = wantsProgress(process.stdout);
    super({ summary: watched, isTTY: watched });
    // vitest colours whatever it prints in CI; here colours are for terminals, and only where nobody said no.
    if (!wantsColour(process.stdout)) disableDefaultColors();
    this.#watched = watched;
  }

  override onInit(ctx: Vitest): void {
    super.onInit(ctx);
    const reports = reportsFolder(ctx.config.root);
    // What an earlier run left would be reported as this one's.
    for (const folder of ['allure-results', 'evidence'])
      rmSync(join(reports.path, folder), { recursive: true, force: true });
    const { E2E_SEED: seed = '', E2E_ENGINE: engine = 'reference', E2E_STACK: stack = 'embedded' } = process.env;
    this.log(` engine ${engine}, stack ${stack}, seed ${seed} (E2E_SEED=${seed} repeats it)\n`);
    if (reports.besideRun !== undefined) {
      const place = relative(ctx.config.root, reports.path);
      this.log(` process ${reports.besideRun} runs in this clone too and writes reports/; this run writes ${place}/\n`);
    }
  }

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications);
    this.#report = new RunReport(knownScenarios(this.ctx.config.root));
    this.#running.clear();
    if (!this.#watched && process.env.CI === undefined) {
      this.#ticker = setInterval(() => this.#tellSlow(), SLOW_MS);
      this.#ticker.unref();
    }
  }

  override onTestCaseReady(test: TestCase): void {
    super.onTestCaseReady(test);
    if (isScenario(test.module)) this.#running.set(this.#fileOf(test.module), performance.now());
  }

  override onTestCaseResult(test: TestCase): void {
    super.onTestCaseResult(test);
    if (!isScenario(test.module)) return;
    this.#running.delete(this.#fileOf(test.module));
    const result = test.meta().scenario;
    if (result !== undefined) this.#report.add(result);
  }

  protected override printTestModule(module: TestModule): void {
    const results = [...module.children.allTests()]
      .map((test) => test.meta().scenario)
      .filter((result) => result !== undefined);
    if (isScenario(module) && results.length > 0) {
      for (const result of results) this.log(` ${scenarioLine(result, { colour: wantsColour(process.stdout) })}`);
    } else {
      super.printTestModule(module);
    }
  }

  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- vitest awaits it; only the base class says void.
  override async onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): Promise<void> {
    clearInterval(this.#ticker);
    const scenarios = modules.filter(isScenario);
    for (const module of scenarios) {
      const tests = [...module.children.allTests()];
      const failures = [...module.errors(), ...tests.flatMap((test) => test.result().errors ?? [])];
      const withoutResult = tests.every((test) => test.meta().scenario === undefined);
      if (withoutResult && failures.length > 0) {
        this.#report.addBroken({
          file: this.#fileOf(module),
          error: failures.map((failure) => failure.message).join('\n'),
        });
      }
    }
    if (scenarios.length > 0) {
      try {
        await this.#report.finish(reportsFolder(this.ctx.config.root).path);
      } catch (error) {
        // A run whose reports cannot be written must not look like one that was reported.
        this.error(`reports could not be written: ${messageOf(error)}`);
        process.exitCode = 3;
      }
    }
    super.onTestRunEnd(modules, errors, reason);
  }

  #tellSlow(): void {
    const now = performance.now();
    const slow = [...this.#running].filter(([, since]) => now - since > SLOW_MS);
    if (slow.length === 0) return;
    const words = slow.map(([file, since]) => `${shortName(file)} ${((now - since) / 1000).toFixed(0)} s`);
    this.log(` … ${words.join(', ')}`);
  }

  #fileOf(module: TestModule): string {
    return relative(this.ctx.config.root, module.moduleId).split(sep).join('/');
  }
}

function isScenario(module: TestModule): boolean {
  return module.project.name === 'scenarios';
}
