import { expect, test } from 'vitest';
import type { Engine } from '../engines/engine.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { judge, refusalWanted } from './judging.ts';

const equal = { kind: 'equal', tables: [] } as const;
const refused = { kind: 'refused', message: /no key/ } as const;
const xfail = { kind: 'xfail', issue: 'https://example.com/1', because: 'known', of: equal } as const;

test('a verdict is as expected when it is the declared one, and an unknown one never is', () => {
  expect(judge({ expect: equal }, 'equal', null).ok).toBe(true);
  expect(judge({ expect: equal }, 'different', 'x')).toEqual({ ok: false, error: 'x' });
  expect(judge({ expect: equal }, 'refused', 'x').ok).toBe(false);
  expect(judge({ expect: equal }, 'unknown', 'x').ok).toBe(false);
  expect(judge({ expect: refused }, 'refused', 'x').ok).toBe(true);
  expect(judge({ expect: refused }, 'unknown', 'x').ok).toBe(false);
});

test('an engine that was to refuse and went through is told so, whatever the rows are', () => {
  expect(judge({ expect: refused }, 'equal', null).error).toMatch(
    /was to refuse, but it went through and the rows are equal/,
  );
});

test('an expected failure that fails is right, and one that passes is wrong', () => {
  expect(judge({ expect: xfail }, 'different', 'x')).toEqual({ ok: true, error: 'x' });
  expect(judge({ expect: xfail }, 'equal', null)).toMatchObject({
    ok: false,
    error: expect.stringContaining('take the xfail out') as string,
  });
});

test('what the engine has to say is the scenario’s pattern, else the engine’s own', () => {
  const engine = { support: () => ({ supported: false, refusal: /cannot be replicated/ }) } as unknown as Engine;
  expect(refusalWanted({ expect: refused } as Scenario, engine)).toEqual(/no key/);
  expect(refusalWanted({ expect: { kind: 'refused' } } as unknown as Scenario, engine)).toEqual(/cannot be replicated/);
  expect(refusalWanted({ expect: equal } as unknown as Scenario, engine)).toBeUndefined();
});
