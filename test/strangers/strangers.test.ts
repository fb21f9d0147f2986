// Engines by strangers, each with one fault: every one must end in its own right verdict, name the table, the column and
// the pattern, and leave nothing behind.
import { mkdtempSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectorFor } from '../../src/cli/registry/connectors.ts';
import { surroundings } from '../../src/cli/registry/surroundings.ts';
import { Ledger, startTimeOf } from '../../src/core/ledger.ts';
import type { ScenarioResult } from '../../src/core/result.ts';
import { PROJECT_ROOT } from '../../src/core/root.ts';
import type { DatabaseKind } from '../../src/core/words.ts';
import { engineNamed } from '../../src/engines/registry.ts';
import { live } from '../../src/run/life.ts';
import { ServerPool } from '../../src/run/servers.ts';
import { loadScenario } from '../../src/scenario/scenario.ts';

const stranger = fileURLToPath(new URL('stranger.js', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'strangers-'));
let ledger: Ledger;
let pool: ServerPool;

beforeAll(() => {
  ledger = Ledger.create();
  pool = new ServerPool({ ledger, seed: '1', connectorFor });
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  ledger.end();
  rmSync(reports, { recursive: true, force: true });
});

async function under(fault: string, activateMs = 30_000, rows = 500): Promise<ScenarioResult> {
  process.env.STRANGER = fault;
  const scenario = loadScenario(join(PROJECT_ROOT, 'scenarios/pg-ch/snapshot.yaml'), surroundings());
  return live({
    scenario: { ...scenario, deadlines: { activate: activateMs } },
    engine: engineNamed('trctl', ledger, { E2E_TRCTL: stranger }),
    stack: 'embedded',
    seed: '7',
    ledger,
    connectorFor,
    serverFor: (kind: DatabaseKind) => pool.get(kind, 'embedded'),
    storeFor: () => pool.store('embedded'),
    reports,
    rows,
    keep: false,
    signal: new AbortController().signal,
  });
}

test('one that copies rightly is equal', async () => {
  expect(await under('none')).toMatchObject({ verdict: 'equal', ok: true, error: null, notes: [] });
});

test('one that drops a row is different, and the row is named', async () => {
  const result = await under('drop-row');
  expect(result).toMatchObject({ verdict: 'different', ok: false });
  expect(result.tables[0]).toMatchObject({ name: 'orders', missing: 1, extra: 0, different: 0 });
  expect(result.tables[0]?.examples[0]).toMatchObject({ kind: 'missing' });
  expect(Object.keys(result.tables[0]?.examples[0]?.key ?? {})).toEqual(['id']);
});

test('one that duplicates a row is different, with one extra', async () => {
  const result = await under('duplicate-row');
  expect(result.verdict).toBe('different');
  expect(result.tables[0]).toMatchObject({ missing: 0, extra: 1, different: 0 });
});

test.each([
  ['shift-hour', 'placed_at', /1 h later/],
  ['empty-to-null', 'note', /NULL/],
  ['truncate', 'note', /3 characters/],
  ['round', 'amount', /round/],
])('one with the fault %s is different in %s alone, with the pattern', async (fault, column, pattern) => {
  const result = await under(fault);
  expect(result.verdict).toBe('different');
  expect(result.tables[0]).toMatchObject({ missing: 0, extra: 0 });
  expect(result.tables[0]?.columns.map(({ name }) => name)).toEqual([column]);
  expect(result.tables[0]?.columns[0]?.pattern).toMatch(pattern);
});

test('one that swaps two columns is told so', async () => {
  const result = await under('swap-columns');
  expect(result.verdict).toBe('different');
  expect(result.tables[0]?.columns.map(({ name }) => name).sort()).toEqual(['discount', 'quantity']);
  expect(result.tables[0]?.columns.map(({ pattern }) => pattern).join()).toMatch(/swapped|holds/);
});

test('one that copies nothing and exits 0 is different: all rows are missing', async () => {
  const result = await under('nothing');
  expect(result.verdict).toBe('different');
  expect(result.tables[0]).toMatchObject({ missing: 500, leftRows: 500, rightRows: 0 });
  expect(result.tables[0]?.schema).toEqual(['the clickhouse destination has no table orders']);
});

test('where there is nothing to compare nothing is known, however well the engine did', async () => {
  const result = await under('none', 30_000, 0);
  expect(result).toMatchObject({ verdict: 'unknown', ok: false });
  expect(result.error).toMatch(/nothing was compared/);
});

test('one that hangs is unknown, with the stage and what was awaited', async () => {
  const result = await under('hang', 1_500);
  expect(result).toMatchObject({ verdict: 'unknown', ok: false });
  expect(result.error).toMatch(/stage activate: waited 1\.5 s for the activation to end/);
});

test('one that ignores SIGTERM is unknown and does not outlive its scenario', async () => {
  expect(await under('ignore-sigterm', 1_000)).toMatchObject({ verdict: 'unknown' });
});

test('one that fails is unknown, with its exit code and its own words', async () => {
  const result = await under('fail');
  expect(result.verdict).toBe('unknown');
  expect(result.error).toMatch(/exit code 17: Error: the disk of my heart is full/);
});

test('one that crashes is unknown, with the signal', async () => {
  expect((await under('crash')).error).toMatch(/signal SIGSEGV/);
});

test('one that leaves a process of its own behind: the process ends with the scenario', async () => {
  const result = await under('orphan', 1_500);
  expect(result.verdict).toBe('unknown');
  const log = result.evidence.find(({ name }) => name === 'engine log');
  const { readFileSync } = await import('node:fs');
  const pid = Number(/orphan (\d+)/.exec(readFileSync(join(reports, log?.path ?? ''), 'utf8'))?.[1]);
  expect(pid).toBeGreaterThan(0);
  expect(startTimeOf(pid)).toBeUndefined();
});

test('one that floods its log with a gigabyte is judged by what it copied', async () => {
  const result = await under('flood', 60_000);
  expect(result).toMatchObject({ verdict: 'equal' });
});

test('a path that is no program is a clear error before anything starts', () => {
  expect(() => engineNamed('trctl', ledger, { E2E_TRCTL: '/no/such' })).toThrow(/E2E_TRCTL=\/no\/such/);
  expect(existsSync('/no/such')).toBe(false);
});
