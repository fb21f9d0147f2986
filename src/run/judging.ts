/** Whether a verdict is the expected one. An expected failure that passes fails: its reason is gone and must go too. */
import type { Verdict } from '../core/words.ts';
import type { Engine } from '../engines/engine.ts';
import type { Scenario } from '../scenario/scenario.ts';

export interface Judged {
  readonly ok: boolean;
  readonly error: string | null;
}

export function judge({ expect }: Pick<Scenario, 'expect'>, verdict: Verdict, error: string | null): Judged {
  if (expect.kind !== 'xfail') {
    if (expect.kind === verdict) return { ok: true, error };
    if (expect.kind === 'refused' && verdict !== 'unknown') {
      return {
        ok: false,
        error: `the engine was to refuse, but it went through and the rows are ${verdict}${error === null ? '' : `\n${error}`}`,
      };
    }
    return { ok: false, error };
  }
  const inner = judge({ expect: expect.of }, verdict, error);
  if (!inner.ok) return { ok: true, error: inner.error };
  return {
    ok: false,
    error: `expected to fail (${expect.because}, ${expect.issue}), but it is as it should be: take the xfail out`,
  };
}

/** What the engine has to say if it is to refuse. */
export function refusalWanted(scenario: Scenario, engine: Engine): RegExp | undefined {
  const expect = scenario.expect.kind === 'xfail' ? scenario.expect.of : scenario.expect;
  if (expect.kind !== 'refused') return undefined;
  if (expect.message !== undefined) return expect.message;
  const support = engine.support(scenario);
  return support.supported ? /./ : support.refusal;
}
