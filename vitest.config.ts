// Two projects: the tests of the code, and the scenario files, each of which is a test file of its own.
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { reportsFolder } from './src/core/reports-folder.ts';
import { scenarioFiles } from './src/vitest/plugin.ts';
import { ScenarioReporter } from './src/vitest/reporter.ts';

// One seed a run, printed by the reporter; the workers inherit it through the environment.
process.env.E2E_SEED ??= String(randomInt(1, 2 ** 31));
const ci = process.env.CI === 'true' || process.env.CI === '1';

// Another run of the same clone may be writing reports.
const reports = reportsFolder(import.meta.dirname).path;

export default defineConfig({
  esbuild: { target: 'node20' },
  test: {
    passWithNoTests: false,
    slowTestThreshold: 10_000,
    reporters: [
      new ScenarioReporter(),
      ['junit', { suiteName: 'transfer-e2e' }],
      ['allure-vitest/reporter', { resultsDir: join(reports, 'allure-results') }],
    ],
    outputFile: { junit: join(reports, 'junit.xml') },
    maxWorkers: Math.max(2, Math.min(4, availableParallelism())),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'trctl/**/*.test.ts', 'test/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        plugins: [scenarioFiles()],
        test: {
          name: { label: 'scenarios', color: 'cyan' },
          include: ['scenarios/**/*.{yaml,yml}'],
          globalSetup: ['src/vitest/run-setup.ts'],
          setupFiles: ['allure-vitest/setup'],
          // Scenarios share no module state on purpose, and a fresh module graph per file would cost more than a scenario.
          isolate: false,
          pool: 'forks',
          // Every wait inside has its own deadline, and says what it waited for.
          testTimeout: 0,
          hookTimeout: 0,
          retry: 0,
        },
      },
    ],
    ...(ci ? { watch: false } : {}),
  },
});
