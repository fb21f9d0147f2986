/** `transfer-e2e coverage`: the 100 squares, by the last run's coverage.json; without one, by the scenario files alone. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT, UsageError } from '../core/errors.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { coverageOf, uncovered } from '../report/coverage.ts';
import type { Coverage } from '../report/coverage.ts';
import { matrixText } from '../report/coverage-markdown.ts';
import { knownScenarios } from '../scenario/known.ts';
import type { Terminal } from './terminal.ts';

interface CoverageFlags {
  readonly json?: true;
  readonly strict?: true;
  readonly reports: string;
}

export async function coverage(flags: CoverageFlags, terminal: Terminal): Promise<number> {
  const file = resolve(terminal.cwd, flags.reports, 'coverage.json');
  const fromRun = await readCoverage(file);
  const shown = fromRun ?? coverageOf([], knownScenarios(PROJECT_ROOT));
  if (flags.json === true) {
    terminal.out(`${JSON.stringify(shown, null, 2)}\n`);
  } else {
    const source = fromRun === undefined ? `no run yet (${file} is not there): by scenario files` : file;
    terminal.out(`${matrixText(shown)}\n${source}\n`);
  }
  if (flags.strict !== true) return EXIT.asExpected;
  const left = uncovered(shown);
  for (const { pair, mode, status } of left) terminal.err(`${pair} ${mode}: ${status}\n`);
  return left.length === 0 ? EXIT.asExpected : EXIT.notAsExpected;
}

async function readCoverage(file: string): Promise<Coverage | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const parsed = parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'squares' in parsed && Array.isArray(parsed.squares)) {
    return parsed as Coverage;
  }
  throw new UsageError('COVERAGE_UNREADABLE', `${file} is not a coverage.json: run the scenarios again, or remove it`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
