import { describe, expect, it } from 'vitest';
import type { ScenarioResult } from '../core/result.ts';
import { nodeIsSupported } from './doctor.ts';
import { parsePair } from './pair.ts';
import { exitCodeOf, vitestArguments } from './run.ts';
import { matching } from './scenario-files.ts';
import { parseTables } from './table-name.ts';

describe('a pair', () => {
  it('is two short names, or long ones', () => {
    expect(parsePair('pg-ch')).toEqual({ source: 'postgres', destination: 'clickhouse' });
    expect(parsePair('ytsaurus-mysql')).toEqual({ source: 'ytsaurus', destination: 'mysql' });
  });
  it.each(['pg', 'pg-ch-pg', 'pg-xx', ''])('is not %j', (text) => expect(() => parsePair(text)).toThrow(/not a pair/));
});

describe('--table', () => {
  it.each([
    ['orders', { name: 'orders' }, { name: 'orders' }],
    ['public.orders:orders', { schema: 'public', name: 'orders' }, { name: 'orders' }],
    ['"a.b"."c:d":"e ""f"""', { schema: 'a.b', name: 'c:d' }, { name: 'e "f"' }],
  ])('%s names two tables', (text, left, right) => expect(parseTables(text)).toEqual({ left, right }));
  it.each(['', '.', 'a.', ':a', 'a:', 'a:b:c', 'a.b.c', '"a', 'a"b'])('is not %j', (text) => {
    expect(() => parseTables(text)).toThrow(/a table is written/);
  });
});

describe('filters', () => {
  const files = ['scenarios/pg-ch/snapshot.yaml', 'scenarios/pg-ch/toast.yaml', 'scenarios/pg-pg/toast.yaml'];
  it('select by a part of the path, whatever its case', () => {
    expect(matching(files, ['TOAST'])).toEqual(files.slice(1));
    expect(matching(files, ['pg-ch/snap', 'pg-pg'])).toEqual([files[0], files[2]]);
    expect(matching(files, [])).toEqual(files);
  });
  it('are wrong when one selects nothing', () => {
    expect(() => matching(files, ['pg-ch', 'taost'])).toThrow(/"taost" in its path; did you mean "toast"\?/);
  });
});

describe('run', () => {
  it('hands filters and flags to vitest', () => {
    expect(vitestArguments(['pg-ch'], { testNamePattern: 'wide' })).toEqual([
      ...['run', '--project', 'scenarios', '--testNamePattern', 'wide', 'pg-ch'],
    ]);
  });

  const result = (ok: boolean, verdict: string): ScenarioResult => ({ ok, verdict }) as ScenarioResult;
  it.each([
    ['no results at all', undefined, 3],
    ['a wrong verdict', [result(true, 'equal'), result(false, 'different'), result(false, 'unknown')], 1],
    ['unknown verdicts only', [result(true, 'equal'), result(false, 'unknown')], 3],
    ['an expected failure that passes', [result(false, 'equal')], 1],
    ['a file that could not be read', [result(true, 'equal')], 2],
  ])('ends with the right code after %s', (_case, scenarios, code) => {
    expect(exitCodeOf(scenarios === undefined ? undefined : { scenarios })).toBe(code);
  });
});

describe('doctor', () => {
  it.each([
    ['20.18.3', false],
    ['20.19.0', true],
    ['21.7.0', false],
    ['22.11.0', false],
    ['22.12.0', true],
    ['23.5.0', false],
    ['24.0.0', true],
    ['26.1.0', true],
  ])('says whether Node %s is supported', (version, supported) => expect(nodeIsSupported(version)).toBe(supported));
});
