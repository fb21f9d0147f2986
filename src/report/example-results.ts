/** Results for this room's tests: whole, plausible, and easy to vary. Imported by tests only. */
import type { ScenarioResult, TableResult } from '../core/result.ts';

export const EQUAL_TABLE: TableResult = {
  name: 'orders',
  verdict: 'equal',
  compared: 5000,
  leftRows: 5000,
  rightRows: 5000,
  missing: 0,
  extra: 0,
  different: 0,
  columns: [],
  patterns: [],
  examples: [],
  policies: [],
  schema: [],
  durationMs: 210,
};

export const DIFFERENT_TABLE: TableResult = {
  ...EQUAL_TABLE,
  verdict: 'different',
  rightRows: 4999,
  missing: 1,
  different: 1,
  columns: [{ name: 'placed_at', different: 1, pattern: 'all 1 is exactly 1 h later' }],
  patterns: ['all id = 17'],
  examples: [
    { kind: 'missing', key: { id: '17' } },
    {
      kind: 'different',
      key: { id: '18' },
      cells: [
        {
          column: 'placed_at',
          left: { shown: '2024-01-01 00:00:00', canonical: 'timestamp 2024-01-01T00:00:00' },
          right: { shown: '2024-01-01 01:00:00', canonical: 'timestamp 2024-01-01T01:00:00' },
        },
      ],
    },
  ],
};

export const EQUAL: ScenarioResult = {
  file: 'scenarios/pg-ch/snapshot.yaml',
  title: 'A snapshot arrives whole',
  pair: 'pg-ch',
  mode: 'snapshot',
  engine: 'reference',
  stack: 'embedded',
  servers: [
    { kind: 'postgres', version: '18.4', emulated: false },
    { kind: 'clickhouse', version: '26.7', emulated: false },
  ],
  seed: 's1',
  expected: 'equal',
  verdict: 'equal',
  ok: true,
  durationMs: 1904,
  stages: { load: 4, seed: 310, activate: 820, compare: 210 },
  tables: [EQUAL_TABLE],
  error: null,
  notes: [],
  evidence: [],
};

export const DIFFERENT: ScenarioResult = {
  ...EQUAL,
  verdict: 'different',
  ok: false,
  tables: [DIFFERENT_TABLE],
  error: 'orders: 1 row missing, 1 different',
};

export const UNKNOWN: ScenarioResult = {
  ...EQUAL,
  verdict: 'unknown',
  ok: false,
  tables: [],
  stages: { load: 4, seed: 310, activate: 60_000 },
  error: 'waited 60.0 s for the activation to end; last seen: still running',
};
