import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileProblems } from '../core/document.ts';
import type { Fixture } from '../core/fixture.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import type { Table } from '../core/table.ts';
import { FixtureCatalog } from '../fixtures/fixture-file.ts';
import { loadScenario, parseScenario } from './load.ts';
import type { Scenario, Surroundings } from './scenario.ts';

const ORDERS: Table = {
  name: 'orders',
  columns: [
    { name: 'id', type: { kind: 'integer', bits: 64, signed: true }, nullable: false },
    { name: 'status', type: { kind: 'text' }, nullable: false },
    { name: 'amount', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
  ],
  key: ['id'],
};
const EVENTS: Table = { ...ORDERS, name: 'events', key: [] };

function fixture(name: string, tables: readonly Table[], nativeTables: readonly string[] = []): Fixture {
  return {
    name,
    title: name,
    nativeTables,
    native: nativeTables.length > 0 ? { postgres: { schema: '' } } : {},
    tables: tables.map((table) => ({
      table,
      defaultRows: () => 1,
      mostRows: () => Infinity,
      maker: () => {
        throw new Error('no rows are made here');
      },
    })),
  };
}

const FIXTURES = new Map([
  ['orders', fixture('orders', [ORDERS])],
  ['events', fixture('events', [EVENTS])],
  ['types', fixture('types', [], ['t_dates'])],
]);

const SURROUNDINGS: Surroundings = {
  fixtures: {
    names: () => [...FIXTURES.keys()],
    get: (name) => {
      const found = FIXTURES.get(name);
      if (found === undefined) throw new Error(name);
      return found;
    },
  },
  traitsOf: (kind) =>
    kind === 'postgres' || kind === 'mysql' || kind === 'clickhouse'
      ? {
          changeLog: kind !== 'clickhouse',
          keylessTables: true,
          primaryKeyMayChange: kind !== 'clickhouse',
          transactions: kind !== 'clickhouse',
        }
      : undefined,
  supports: (_engine, { source }) => source !== 'clickhouse',
};

const HEAD = [
  'title: a title', // line 1
  'source: postgres', // 2
  'destination: clickhouse', // 3
  'mode: snapshot-replication', // 4
  'fixture: orders', // 5
];

/** @param more lines from 6 on. @param change lines of the head to write otherwise. */
function parse(more = '', change: Readonly<Record<string, string>> = {}, file = 'scenarios/pg-ch/x.yaml'): Scenario {
  const head = HEAD.map((line) => change[line.split(':')[0] ?? ''] ?? line).filter((line) => line !== '');
  return parseScenario(file, `${head.join('\n')}\n${more}`, SURROUNDINGS);
}

/** Every problem as it is printed. */
function problems(...wrong: Parameters<typeof parse>): string[] {
  try {
    parse(...wrong);
  } catch (thrown) {
    if (thrown instanceof FileProblems) return thrown.message.split('\n');
    throw thrown;
  }
  return [];
}

describe('a scenario file that is right', () => {
  test('gives what it says and the defaults for the rest', () => {
    const scenario = parse('rows: 5_000\ntags: [slow]\n');
    expect(scenario).toMatchObject({
      file: 'scenarios/pg-ch/x.yaml',
      pair: 'pg-ch',
      mode: 'snapshot-replication',
      rows: 5000,
      deadlines: {},
      params: { source: {}, destination: {} },
      cursors: [],
      steps: [],
      duringActivation: [],
      expect: { kind: 'equal', tables: [] },
      tags: ['slow'],
    });
    expect(scenario.fixtures.map(({ name }) => name)).toEqual(['orders']);
    expect(scenario).not.toHaveProperty('seed');
  });

  test('gives steps whose values are of the columns’ types', () => {
    const { steps } = parse(
      [
        'steps:',
        '  - insert: { table: orders, rows: 1_000 }',
        '  - update: { table: orders, keys: [1, "9007199254740993"], set: { amount: 12.50, status: random } }',
        '  - rekey: { table: orders, every: 5, by: -1 }',
        '  - transaction: { rollback: true, steps: [{ delete: { table: orders, all: true } }] }',
        '  - concurrently:',
        '      - fault: { kill: engine, times: 2, within: 1.5s }',
        '      - workload: { table: orders, for: 200ms, mix: { insert: 1 } }',
        '  - fault: { pause: engine, for: 1m }',
      ].join('\n'),
    );
    expect(steps).toEqual([
      { kind: 'insert', table: 'orders', rows: 1000 },
      {
        kind: 'update',
        table: 'orders',
        choice: { by: 'keys', keys: [[1n], [9007199254740993n]] },
        set: { amount: { to: 'value', value: '12.5' }, status: { to: 'random' } },
      },
      { kind: 'rekey', table: 'orders', choice: { by: 'every', n: 5 }, by: -1n },
      { kind: 'transaction', rollback: true, steps: [{ kind: 'delete', table: 'orders', choice: { by: 'all' } }] },
      {
        kind: 'concurrently',
        steps: [
          { kind: 'fault', fault: { kind: 'kill', target: 'engine', times: 2, withinMs: 1500 } },
          {
            kind: 'workload',
            table: 'orders',
            forMs: 200,
            mix: { insert: 1, update: 0, delete: 0, rekey: 0, reinsert: 0 },
          },
        ],
      },
      { kind: 'fault', fault: { kind: 'pause', target: 'engine', forMs: 60_000 } },
    ]);
  });

  test('gives each expectation', () => {
    expect(parse('expect: { refused: { message: /no\\/such KEY/i } }').expect).toEqual({
      kind: 'refused',
      message: /no\/such KEY/i,
    });
    const xfail = 'xfail: { issue: "https://example.org/1", because: seen }';
    expect(parse(`expect: { ${xfail}, refused: {} }`).expect).toEqual({
      kind: 'xfail',
      issue: 'https://example.org/1',
      because: 'seen',
      of: { kind: 'refused' },
    });
    const tolerate = '[{ column: amount, policy: { relative: 1e-12 }, because: double }]';
    expect(parse(`expect: { equal: [{ table: orders, key: [status], tolerate: ${tolerate} }] }`).expect).toEqual({
      kind: 'equal',
      tables: [
        {
          table: 'orders',
          key: ['status'],
          tolerate: [{ column: 'amount', policy: { relative: 1e-12 }, because: 'double' }],
        },
      ],
    });
  });

  test.each(
    readdirSync(join(PROJECT_ROOT, 'scenarios'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.yaml'),
    ),
  )('is %s', (name) => {
    const file = join(PROJECT_ROOT, 'scenarios', name);
    const scenario = loadScenario(file, { ...SURROUNDINGS, fixtures: new FixtureCatalog() });
    expect(scenario.title).not.toBe('');
  });
});

/** What is wrong → the one line that says so. */
const WRONG: readonly [what: string, wrong: Parameters<typeof parse>, says: string | RegExp][] = [
  [
    'an unknown key',
    ['sorce: x'],
    /^scenarios\/pg-ch\/x\.yaml:6:1: unknown key "sorce" at the top of the file; did you mean "source"\? Allowed: title, source, destination, /,
  ],
  [
    'an unknown key in a step',
    ['steps:\n  - insert: { table: orders, row: 1, rows: 1 }'],
    /:7:30: unknown key "row" in "steps\[0\]\.insert"; did you mean "rows"\? Allowed: table, rows$/,
  ],
  [
    'an unknown kind of step',
    ['steps:\n  - insrt: { table: orders }'],
    /:7:5: unknown key "insrt" in "steps\[0\]"; did you mean "insert"\? Allowed: insert, reinsert, update/,
  ],
  [
    'an unknown kind of step in a transaction',
    ['steps:\n  - transaction:\n      steps:\n        - updat: 1'],
    /:9:11: unknown key "updat" in "steps\[0\]\.transaction\.steps\[0\]"; did you mean "update"\?/,
  ],
  [
    'an unknown policy',
    ['expect:\n  equal:\n    - { table: orders, tolerate: [{ column: amount, policy: { relativ: 1 }, because: x }] }'],
    /:8:63: unknown key "relativ" in "expect\.equal\[0\]\.tolerate\[0\]\.policy"; did you mean "relative"\? Allowed: ulp, absolute/,
  ],
  [
    'a wrong enum',
    ['', { mode: 'mode: replicaton' }],
    'scenarios/pg-ch/x.yaml:4:7: found "replicaton" in "mode"; did you mean "replication"? Allowed: snapshot, replication, snapshot-replication, incremental',
  ],
  [
    'a wrong enum that is near nothing',
    ['', { mode: 'mode: 7' }],
    'scenarios/pg-ch/x.yaml:4:7: found 7 in "mode". Allowed: snapshot, replication, snapshot-replication, incremental',
  ],
  ['a wrong type', ['tags: red'], 'scenarios/pg-ch/x.yaml:6:7: found "red" in "tags"; expected a list'],
  [
    'a wrong type in a union',
    ['rows: many'],
    'scenarios/pg-ch/x.yaml:6:7: found "many" in "rows"; expected a number or a map',
  ],
  ['a wrong type inside a union', ['rows: { orders: -1 }'], /:6:17: found -1 in "rows\.orders"; /],
  ['a missing key', ['', { title: '' }], /:1:1: missing key "title" at the top of the file; expected text/],
  [
    'a missing key inside',
    ['steps:\n  - insert: { table: orders }'],
    /:7:5: missing key "rows" in "steps\[0\]\.insert"; expected a (whole )?number/,
  ],
  ['a duration without a unit', ['deadlines: { settle: 10 }'], /:6:22: found 10 in "deadlines\.settle"; expected text/],
  [
    'a duration of an unknown unit',
    ['deadlines: { settle: 10h }'],
    /:6:22: found "10h" in "deadlines\.settle"; expected a number and a unit, such as 500ms/,
  ],
  [
    'a regular expression without slashes',
    ['expect: { refused: { message: no key } }'],
    /:6:31: found "no key" in "expect\.refused\.message"; expected a regular expression between slashes/,
  ],
  [
    'a regular expression that is none',
    ['expect: { refused: { message: /(/ } }'],
    /:6:31: found "\/\(\/" in "expect\.refused\.message"; Invalid regular expression/,
  ],
  [
    'a duplicate key',
    ['title: again'],
    'scenarios/pg-ch/x.yaml:6:1: duplicate key "title": it already stands on line 1; keep one of them',
  ],
  [
    'a duplicate key inside',
    ['rows:\n  orders: 1\n  orders: 2'],
    /:8:3: duplicate key "orders": it already stands on line 7/,
  ],
  [
    'a tab',
    ['steps:\n\t- insert: { table: orders, rows: 1 }'],
    'scenarios/pg-ch/x.yaml:7:1: found a tab where YAML allows only spaces; indent with two spaces instead',
  ],
  ['a tab after spaces', ['rows:\n  \torders: 1'], /:7:\d: found a tab where YAML allows only spaces/],
  ['text that is no YAML', ['tags: [a, b'], /:\d+:\d+: not YAML: /],
  ['several mistakes in one line of YAML', ['tags: a: b: c'], /:6:7: not YAML: Nested mappings/],
  ['an alias of nothing', ['tags: [*a]'], 'scenarios/pg-ch/x.yaml:6:8: found *a, but nothing before it is called &a'],
  [
    'text instead of keys',
    ['', { title: '', source: '', destination: '', mode: '', fixture: 'fixture' }],
    /:1:1: found "fixture" at the top of the file; expected a map/,
  ],
  ['a second document', ['---\ntitle: b'], /:6:1: found a second document/],
  [
    'a missing fixture',
    ['', { fixture: 'fixture: order' }],
    'scenarios/pg-ch/x.yaml:5:10: there is no fixture "order"; did you mean "orders"? Allowed: orders, events, types',
  ],
  [
    'a missing fixture of several',
    ['', { fixture: 'fixture: [orders, evants]' }],
    /:5:19: there is no fixture "evants"; did you mean "events"\?/,
  ],
  [
    'a fixture that the source cannot make',
    [
      '',
      {
        source: 'source: clickhouse',
        destination: 'destination: postgres',
        mode: 'mode: snapshot',
        fixture: 'fixture: types',
      },
      'scenarios/ch-pg/x.yaml',
    ],
    /:5:10: fixture "types" cannot be made in clickhouse: there is no fixtures\/types\/clickhouse\.sql/,
  ],
  [
    'a folder of another pair',
    ['', {}, 'scenarios/pg-pg/x.yaml'],
    /^scenarios\/pg-pg\/x\.yaml:3:14: the file lies in the folder "pg-pg" but its pair is pg-ch; this folder's destination is postgres; move the file or change the destination$/,
  ],
  [
    'a source without a connector',
    ['', { source: 'source: ydb' }, 'scenarios/ydb-ch/x.yaml'],
    /:2:9: ydb cannot be used yet: there is no connector for it/,
  ],
  [
    'a source that cannot be replicated',
    ['', { source: 'source: clickhouse', destination: 'destination: postgres' }, 'scenarios/ch-pg/x.yaml'],
    /:4:7: clickhouse has no change log, so snapshot-replication is impossible; allowed: snapshot, incremental/,
  ],
  [
    'an engine that cannot do the square',
    ['engines: [trctl]', { source: 'source: clickhouse', mode: 'mode: snapshot' }, 'scenarios/ch-ch/x.yaml'],
    /:6:11: the engine trctl does not do ch-ch in mode snapshot; expect "refused"/,
  ],
  [
    'an unknown engine',
    ['engines: [refrence]'],
    /:6:11: found "refrence" in "engines\[0\]"; did you mean "reference"\? Allowed: reference, trctl/,
  ],
  [
    'an unknown table in a step',
    ['steps:\n  - insert: { table: order, rows: 1 }'],
    'scenarios/pg-ch/x.yaml:7:22: unknown table "order"; did you mean "orders"? Allowed: orders',
  ],
  [
    'an unknown table in a transaction',
    ['steps:\n  - transaction: { steps: [{ truncate: { table: ordres } }] }'],
    /:7:49: unknown table "ordres"; did you mean "orders"\?/,
  ],
  ['an unknown table in rows', ['rows: { oders: 1 }'], /:6:9: unknown table "oders"; did you mean "orders"\?/],
  [
    'an unknown table in expect',
    ['expect: { equal: [{ table: oders }] }'],
    /:6:28: unknown table "oders"; did you mean "orders"\?/,
  ],
  [
    'an unknown column in set',
    ['steps:\n  - update: { table: orders, all: true, set: { amont: 1 } }'],
    /:7:48: unknown column "amont" of orders; did you mean "amount"\? Allowed: id, status, amount/,
  ],
  [
    'an unknown column in a tolerance',
    ['expect: { equal: [{ table: orders, tolerate: [{ column: amont, policy: { lossy: true }, because: x }] }] }'],
    /:6:57: unknown column "amont" of orders/,
  ],
  [
    'a value of another type',
    ['steps:\n  - update: { table: orders, all: true, set: { amount: lots } }'],
    /:7:56: found "lots" for the column amount; expected a decimal number/,
  ],
  [
    'NULL in a column that has none',
    ['steps:\n  - update: { table: orders, all: true, set: { status: null } }'],
    /:7:56: found null for the column status; expected a value: the column is not nullable/,
  ],
  [
    'an update of the key',
    ['steps:\n  - update: { table: orders, all: true, set: { id: 1 } }'],
    /:7:48: "id" is what rows of orders are addressed by; change keys with a rekey step/,
  ],
  [
    'a key of another length',
    ['steps:\n  - delete: { table: orders, keys: [[1, 2]] }'],
    /:7:37: found 2 values for a key of 1 columns \(id\)/,
  ],
  [
    'two ways of choosing rows',
    ['steps:\n  - delete: { table: orders, every: 2, all: true }'],
    /:7:13: found a map in "steps\[0\]\.delete"; expected exactly one of every, all, keys to say which rows; found every and all/,
  ],
  [
    'no way of choosing rows',
    ['steps:\n  - delete: { table: orders }'],
    /expected exactly one of every, all, keys to say which rows; found none/,
  ],
  [
    'two kinds in one step',
    ['steps:\n  - { truncate: { table: orders }, settle: {} }'],
    /:7:5: found a map in "steps\[0\]"; expected exactly one of .* as the kind of the step; found truncate and settle/,
  ],
  [
    'rows that cannot be addressed',
    ['steps:\n  - delete: { table: events, every: 2 }', { fixture: 'fixture: events' }],
    /:7:13: rows of events cannot be told apart: it has no key and no locator/,
  ],
  [
    'a rekey without a key',
    ['steps:\n  - rekey: { table: events, every: 2 }', { fixture: 'fixture: events' }],
    /:7:12: events has no primary key that could change/,
  ],
  [
    'a write to a native table',
    ['steps:\n  - insert: { table: t_dates, rows: 1 }', { fixture: 'fixture: types' }],
    /:7:22: "t_dates" is made by the database's own file: write to it with a sql step instead of insert/,
  ],
  [
    'a fixture named twice',
    ['', { fixture: 'fixture: [orders, orders]' }],
    /:5:10: both orders and orders have a table orders/,
  ],
  [
    'an activation in a replication',
    ['steps:\n  - activate: {}'],
    /:7:5: mode snapshot-replication is activated once; remove this step/,
  ],
  [
    'a settle in a snapshot',
    ['steps:\n  - settle: {}', { mode: 'mode: snapshot' }],
    /:7:5: in mode snapshot nothing arrives by itself; use "activate: {}"/,
  ],
  [
    'a fault between activations',
    ['steps:\n  - fault: { kill: engine }', { mode: 'mode: snapshot' }],
    /:7:5: in mode snapshot no engine runs between activations/,
  ],
  [
    'a write after the last snapshot',
    ['steps:\n  - activate: {}\n  - insert: { table: orders, rows: 1 }', { mode: 'mode: snapshot' }],
    /:8:5: a snapshot is over when this is written, so it never arrives; add "- activate: \{\}" after it/,
  ],
  [
    'a write beside the only snapshot',
    ['duringActivation:\n  - insert: { table: orders, rows: 1 }', { mode: 'mode: snapshot' }],
    /:7:5: whether a snapshot sees a write beside it is chance/,
  ],
  [
    'an incremental mode without a cursor',
    ['', { mode: 'mode: incremental' }],
    /:1:1: mode incremental needs "cursor: \{ table, column, initial \}"/,
  ],
  [
    'a cursor in another mode',
    ['cursor: { table: orders, column: id, initial: 0 }'],
    /:6:1: mode snapshot-replication has no cursor/,
  ],
  [
    'a cursor on an unknown column',
    ['cursor: { table: orders, column: di, initial: 0 }', { mode: 'mode: incremental' }],
    /:6:34: unknown column "di" of orders/,
  ],
  [
    'a transaction where there are none',
    [
      'steps:\n  - transaction: { steps: [{ truncate: { table: orders } }] }\n  - activate: {}',
      { source: 'source: clickhouse', mode: 'mode: snapshot' },
      'scenarios/ch-ch/x.yaml',
    ],
    /:7:5: clickhouse has no transactions/,
  ],
  [
    'a rekey where keys stay',
    [
      'steps:\n  - rekey: { table: orders, every: 2 }\n  - activate: {}',
      { source: 'source: clickhouse', mode: 'mode: snapshot' },
      'scenarios/ch-ch/x.yaml',
    ],
    /:7:5: clickhouse cannot change a primary key/,
  ],
  [
    'a fault of both kinds',
    ['steps:\n  - fault: { kill: engine, pause: engine }'],
    /expected exactly one of kill, pause as the kind of the fault; found kill and pause/,
  ],
  [
    'equal and refused at once',
    ['expect: { equal: [{ table: orders }], refused: {} }'],
    /:6:9: found a map in "expect"; expected equal or refused, found both/,
  ],
];

describe('a scenario file that is wrong', () => {
  test.each(WRONG)('says %s, once', (_what, wrong, says) => {
    const said = problems(...wrong);
    expect(said).toHaveLength(1);
    if (typeof says === 'string') expect(said[0]).toBe(says);
    else expect(said[0]).toMatch(says);
  });

  test('says everything at once, in the order of the lines', () => {
    const said = problems('sorce: x\ntags: red\nrows: many', { mode: 'mode: replicaton' });
    expect(said.map((line) => line.split(':')[1])).toEqual(['4', '6', '7', '8']);
    expect(problems('tags: red', { fixture: 'fixture: [order]' })).toHaveLength(2);
  });

  test('says a misspelt key once, though the right one is missing too', () => {
    expect(problems('', { source: 'sorce: postgres' })).toEqual([
      expect.stringMatching(/:2:1: unknown key "sorce" at the top of the file; did you mean "source"\?/),
    ]);
  });

  test('says so of an empty file', () => {
    expect(() => parseScenario('scenarios/pg-ch/x.yaml', '', SURROUNDINGS)).toThrow(
      'scenarios/pg-ch/x.yaml:1:1: the file is empty; expected a map',
    );
  });

  test('lets a step make a table that is expected', () => {
    expect(
      problems('steps:\n  - sql: { run: CREATE TABLE added (id int) }\nexpect: { equal: [{ table: added }] }'),
    ).toEqual([]);
  });

  test('lets an impossible square be refused', () => {
    const change = { source: 'source: clickhouse', destination: 'destination: postgres' };
    expect(problems('expect: { refused: {} }', change, 'scenarios/ch-pg/x.yaml')).toEqual([]);
  });
});
