/** `transfer-e2e new`: writes a scenario that already passes, for its reader to change into what they want to know. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { EXIT, UsageError } from '../core/errors.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { pairOf } from '../core/words.ts';
import type { Mode } from '../core/words.ts';
import { loadScenario } from '../scenario/load.ts';
import { parsePair } from './pair.ts';
import type { PairEnds } from './pair.ts';
import { surroundings } from './registry/surroundings.ts';
import type { Terminal } from './terminal.ts';

interface NewFlags {
  readonly mode: string;
  readonly fixture: string;
}

/** Never overwrites: a file of that name ends it with exit code 2. */
export async function newScenario(pair: string, name: string, flags: NewFlags, terminal: Terminal): Promise<number> {
  const ends = parsePair(pair);
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    throw new UsageError('SCENARIO_NAME', `"${name}": a scenario's name is made of a-z, 0-9 and -, as files here are`);
  }
  const text = scenarioText(ends, name, flags.mode as Mode, flags.fixture, sketchOf(flags.fixture));
  const file = join('scenarios', pairOf(ends), `${name}.yaml`);
  await mkdir(join(PROJECT_ROOT, 'scenarios', pairOf(ends)), { recursive: true });
  try {
    await writeFile(join(PROJECT_ROOT, file), text, { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new UsageError('SCENARIO_EXISTS', `${file} is there already: choose another name, or edit it`);
    }
    throw error;
  }
  loadScenario(join(PROJECT_ROOT, file), surroundings());
  terminal.out(`${file}\n\nRun it:  npm test -- ${pairOf(ends)}/${name}\n`);
  return EXIT.asExpected;
}

/** What the template needs to know of a fixture: its first table, and columns to do something with. */
export interface FixtureSketch {
  readonly table: string;
  readonly key: readonly string[];
  /** A column that an update may change. */
  readonly changes?: string;
  /** A column that grows with every write: the cursor of mode incremental. */
  readonly grows?: string;
}

/** @throws UsageError for a fixture that is not there, or has no portable table. */
export function sketchOf(name: string): FixtureSketch {
  const [first] = surroundings().fixtures.get(name).tables;
  if (first === undefined) {
    throw new UsageError('FIXTURE_NATIVE', `fixture "${name}" has no portable table that a workload could write to`);
  }
  const { table } = first;
  const { growing } = first.maker('0');
  const changes = table.columns.find((column) => !table.key.includes(column.name) && !growing.includes(column.name));
  return {
    table: table.name,
    key: table.key,
    ...(changes === undefined ? {} : { changes: changes.name }),
    ...(growing[0] === undefined ? {} : { grows: growing[0] }),
  };
}

/** The file. Comments say what may be changed; every key is in docs/scenario-reference.md. */
export function scenarioText(ends: PairEnds, name: string, mode: Mode, fixture: string, sketch: FixtureSketch): string {
  const table = inline(sketch.table);
  const lines = [
    '# yaml-language-server: $schema=../../schemas/scenario.schema.json',
    '# Every key is explained in docs/scenario-reference.md, and in editors that know the schema.',
    `title: ${inline(name)}`,
    `source: ${ends.source}`,
    `destination: ${ends.destination}`,
    `mode: ${mode}`,
    `fixture: ${fixture}`,
    'rows: 1_000',
  ];
  if (mode === 'incremental') {
    lines.push(
      '',
      '# Rows whose cursor has grown are what the next pass copies.',
      `cursor: { table: ${table}, column: ${inline(sketch.grows ?? sketch.key[0] ?? '')}, initial: '0' }`,
    );
  }
  if (mode !== 'snapshot') {
    lines.push('', '# What is done to the source while the engine follows it, in this order.', 'steps:');
    lines.push(`  - insert: { table: ${table}, rows: 100 }`);
    if (mode !== 'incremental') {
      if (sketch.changes !== undefined) {
        lines.push(`  - update: { table: ${table}, every: 7, set: { ${inline(sketch.changes)}: random } }`);
      }
      lines.push(`  - delete: { table: ${table}, every: 11 }`, '  # - fault: { kill: engine, times: 2 }');
    }
  }
  lines.push(
    '',
    '# Without `expect` every row of every table must arrive intact. A loss that is known and accepted is declared:',
    '# expect:',
    '#   equal:',
    `#     - table: ${table}`,
    '#       tolerate:',
    '#         - { column: …, policy: { relative: 1e-12 }, because: … }',
    '',
  );
  return lines.join('\n');
}

/** A scalar as it may stand inside `{ }`. */
function inline(text: string): string {
  return stringify(text, { lineWidth: 0, collectionStyle: 'flow' }).trim();
}
