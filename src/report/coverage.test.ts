import { describe, expect, it } from 'vitest';
import type { ScenarioResult } from '../core/result.ts';
import { coverageHtml } from './coverage-html.ts';
import { coverageMarkdown, matrixText } from './coverage-markdown.ts';
import { countStatuses, coverageOf, uncovered } from './coverage.ts';
import type { KnownScenario, SquareStatus } from './coverage.ts';
import { DIFFERENT, EQUAL, UNKNOWN } from './example-results.ts';

const known: KnownScenario = { file: EQUAL.file, pair: 'pg-ch', mode: 'snapshot' };
const second: KnownScenario = { ...known, file: 'scenarios/pg-ch/types.yaml' };
const refused: ScenarioResult = { ...EQUAL, file: second.file, expected: 'refused', verdict: 'refused', tables: [] };
const xfail: ScenarioResult = { ...DIFFERENT, file: second.file, expected: 'xfail', ok: true };

function statusOf(results: readonly ScenarioResult[], files: readonly KnownScenario[]): SquareStatus | undefined {
  const { squares } = coverageOf(results, files);
  return squares.find(({ pair, mode }) => pair === 'pg-ch' && mode === 'snapshot')?.status;
}

describe('the status of a square', () => {
  it('is missing where no scenario file covers it', () => expect(statusOf([], [])).toBe('missing'));
  it('is unknown where a scenario did not run', () => expect(statusOf([], [known])).toBe('unknown'));
  it('is unknown where one of two scenarios did not run', () =>
    expect(statusOf([EQUAL], [known, second])).toBe('unknown'));
  it('is unknown where a verdict is', () => expect(statusOf([UNKNOWN], [known])).toBe('unknown'));
  it('is unknown where one engine has a verdict and another has none', () =>
    expect(statusOf([EQUAL, { ...UNKNOWN, engine: 'trcli' }], [known])).toBe('unknown'));
  it('is equal where all moved their rows', () => expect(statusOf([EQUAL], [known])).toBe('equal'));
  it('is equal beside a declared refusal', () => expect(statusOf([EQUAL, refused], [known, second])).toBe('equal'));
  it('is refused where only refusals are declared', () => expect(statusOf([refused], [second])).toBe('refused'));
  it('is xfail where nothing else is known', () => expect(statusOf([xfail], [second])).toBe('xfail'));
  it('is different where one of several is', () =>
    expect(statusOf([DIFFERENT, refused], [known, second])).toBe('different'));
  it('is different rather than unknown where both are there', () =>
    expect(statusOf([DIFFERENT], [known, second])).toBe('different'));
  it('is different where an xfail passes', () =>
    expect(statusOf([{ ...xfail, verdict: 'equal', ok: false }], [second])).toBe('different'));
  it('is different where a refusal has other words', () =>
    expect(statusOf([{ ...refused, ok: false }], [second])).toBe('different'));
});

describe('the coverage', () => {
  const emulated = { ...EQUAL, servers: [...EQUAL.servers, { kind: 'ydb', version: '25.2', emulated: true }] };
  const coverage = coverageOf([emulated], [known]);

  it('has the 100 squares, each once', () => {
    expect(coverage.squares).toHaveLength(100);
    expect(new Set(coverage.squares.map(({ pair, mode }) => `${pair} ${mode}`)).size).toBe(100);
  });

  it('counts every square', () => {
    expect(countStatuses(coverage)).toEqual({ equal: 1, refused: 0, xfail: 0, different: 0, unknown: 0, missing: 99 });
  });

  it('names the squares that nobody may call covered', () => {
    const statuses = (results: readonly ScenarioResult[]): Set<SquareStatus> =>
      new Set(uncovered(coverageOf(results, [known])).map(({ status }) => status));
    expect(uncovered(coverage)).toHaveLength(99);
    expect(statuses([EQUAL])).toEqual(new Set(['missing']));
    expect(statuses([UNKNOWN])).toEqual(new Set(['missing', 'unknown']));
    expect(statuses([DIFFERENT])).toEqual(new Set(['missing', 'different']));
  });

  it('lists servers once, and tells real ones from stand-ins', () => {
    const twice = coverageOf([emulated, emulated, EQUAL], [known]).squares.find(({ status }) => status === 'equal');
    expect(twice?.servers).toEqual([
      { kind: 'clickhouse', version: '26.7', emulated: false },
      { kind: 'postgres', version: '18.4', emulated: false },
      { kind: 'ydb', version: '25.2', emulated: true },
    ]);
  });

  it('marks stand-ins in Markdown and HTML', () => {
    expect(coverageMarkdown(coverage)).toContain('| pg-ch | ✅ equal \\* | ⬜ missing |');
    expect(coverageMarkdown(coverage)).toContain('ydb 25.2 (emulated)');
    expect(coverageHtml(coverage)).toContain('square equal emulated');
  });

  it('is one page that asks for nothing from outside', () => {
    const page = coverageHtml(coverage);
    expect(page.match(/class="square [a-z]+[^"]*" title=/g)).toHaveLength(100);
    expect(page).not.toMatch(/https?:|<script|<link|src=/);
  });

  it('escapes what scenarios bring along', () => {
    const page = coverageHtml(coverageOf([], [{ ...known, file: 'scenarios/pg-ch/<img src=x>.yaml' }]));
    expect(page).not.toContain('<img');
  });

  it('prints pairs by letters for a terminal', () => {
    expect(matrixText(coverage).split('\n').slice(0, 2)).toEqual([
      'from \\ to pg      mysql   ch      ydb     yt',
      'pg        ····    ····    =···    ····    ····',
    ]);
  });
});
