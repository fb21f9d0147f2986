import { describe, expect, it } from 'vitest';
import { DIFFERENT, EQUAL, UNKNOWN } from './example-results.ts';
import { closingLine, failureBlock, scenarioLine, verdictWords, wantsColour, wantsProgress } from './terminal.ts';

const plain = { colour: false };

describe('the line of a scenario', () => {
  it('says verdict, rows compared and time by stage', () => {
    expect(scenarioLine(EQUAL, plain)).toBe(
      '✓ pg-ch/snapshot  equal  5,000 rows  1.9 s  (seed 0.3 s, activate 0.8 s, compare 0.2 s)',
    );
  });
  it('tells unknown from different', () => {
    expect(scenarioLine(UNKNOWN, plain)).toMatch(/^\? pg-ch\/snapshot {2}unknown {2}0 rows/);
    expect(scenarioLine(DIFFERENT, plain)).toMatch(/^✗ pg-ch\/snapshot {2}different/);
  });
  it('says so where a stand-in answered', () => {
    const servers = [{ kind: 'ydb', version: '25', emulated: true }];
    expect(scenarioLine({ ...EQUAL, servers }, plain)).toContain('  emulated');
  });
});

describe('colours', () => {
  const terminal = { isTTY: true };
  it('are for terminals', () => {
    expect(wantsColour(terminal, {})).toBe(true);
    expect(wantsColour({}, {})).toBe(false);
  });
  it.each([{ NO_COLOR: '1' }, { CI: 'true' }])('are off with %o', (env) => {
    expect(wantsColour(terminal, env)).toBe(false);
  });
  it('are not switched off by CI=false', () => expect(wantsColour(terminal, { CI: 'false' })).toBe(true));
  it('come as escape codes only when asked for', () => {
    expect(scenarioLine(EQUAL, plain)).not.toContain('\u001b');
    expect(scenarioLine(EQUAL, { colour: true })).toContain('\u001b[32m');
  });
  it('have nothing to do with progress, which CI alone turns off', () => {
    expect(wantsProgress(terminal, { NO_COLOR: '1' })).toBe(true);
    expect(wantsProgress(terminal, { CI: 'true' })).toBe(false);
  });
});

describe('the words for a verdict', () => {
  it.each([
    [EQUAL, 'equal'],
    [{ ...EQUAL, expected: 'refused', verdict: 'refused' } as const, 'refused as declared'],
    [{ ...EQUAL, expected: 'refused', verdict: 'refused', ok: false } as const, 'refused, but not as declared'],
    [{ ...DIFFERENT, expected: 'xfail', ok: true } as const, 'xfail (different)'],
    [{ ...EQUAL, expected: 'xfail', ok: false } as const, 'xfail passes (equal)'],
  ])('%#', (result, words) => expect(verdictWords(result)).toBe(words));
});

describe('the block of a failure', () => {
  const block = failureBlock(
    {
      ...DIFFERENT,
      notes: ['slot \u001b[31mleaked'],
      evidence: [{ name: 'log', path: 'e/log.txt', type: 'text/plain' }],
    },
    plain,
    (table) => `DIFF OF ${table.name}`,
  );
  it('has the expectation, the diff, the notes, the evidence and the way to repeat it', () => {
    expect(block).toContain('expected equal, got different');
    expect(block).toContain('DIFF OF orders');
    expect(block).toContain('note: slot \\x1b[31mleaked');
    expect(block).toContain('log: reports/e/log.txt');
    expect(block).toContain('again: E2E_SEED=s1 npm test -- pg-ch/snapshot');
  });
  it('masks secrets in error messages', () => {
    const text = failureBlock({ ...UNKNOWN, error: 'cannot reach postgres://u:geheim@h/x' }, plain, () => '');
    expect(text).toContain('postgres://u:***@h/x');
  });
  it('does not print equal tables', () => expect(failureBlock(EQUAL, plain, () => 'NEVER')).not.toContain('NEVER'));
});

describe('the closing line', () => {
  it('counts verdicts and rows', () => {
    expect(closingLine([EQUAL, EQUAL, UNKNOWN], plain)).toBe(
      '3 scenarios: 2 equal, 1 unknown; 10,000 rows compared; seed s1',
    );
  });
  it('does not hide that nothing ran', () => expect(closingLine([], plain)).toContain('none ran'));
});
