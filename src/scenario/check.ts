/** What a schema cannot ask of a scenario: whether what it names is there, and whether what it wants can be. */
import { basename, dirname } from 'node:path';
import { FileProblems, type Path, type PositionedDocument, type Problem } from '../core/document.ts';
import { messageOf } from '../core/errors.ts';
import type { Fixture } from '../core/fixture.ts';
import { choices } from '../core/problems.ts';
import { writes, type Step, type WriteStep } from '../core/step.ts';
import type { Table } from '../core/table.ts';
import { pairOf, SHORT_NAMES, type DatabaseKind } from '../core/words.ts';
import type { ScenarioFile, StepFile, WriteStepFile } from './schema.ts';
import type { Surroundings } from './scenario.ts';

export class Checks {
  readonly problems: Problem[] = [];
  readonly #document: PositionedDocument;
  readonly #file: ScenarioFile;
  readonly #surroundings: Surroundings;

  constructor(document: PositionedDocument, file: ScenarioFile, surroundings: Surroundings) {
    this.#document = document;
    this.#file = file;
    this.#surroundings = surroundings;
  }

  tell(path: Path, message: string, which: 'key' | 'value' = 'value'): void {
    this.problems.push(this.#document.problemAt(path, message, which));
  }

  /** The fixtures that are there and right. */
  fixtures(): Fixture[] {
    this.problems.push(...missingFixtures(this.#document, this.#surroundings));
    const several = Array.isArray(this.#file.fixture);
    const names = typeof this.#file.fixture === 'string' ? [this.#file.fixture] : this.#file.fixture;
    const found = names.flatMap((name, index) => this.#fixture(name, several ? ['fixture', index] : ['fixture']) ?? []);
    const owners = new Map<string, string>();
    for (const fixture of found) {
      for (const table of tableNames(fixture)) {
        const other = owners.get(table);
        if (other !== undefined) this.tell(['fixture'], `both ${other} and ${fixture.name} have a table ${table}`);
        owners.set(table, fixture.name);
      }
    }
    return found;
  }

  #fixture(name: string, path: Path): Fixture | undefined {
    const { fixtures } = this.#surroundings;
    // Told by missingFixtures.
    if (!fixtures.names().includes(name)) return undefined;
    try {
      const fixture = fixtures.get(name);
      const { source } = this.#file;
      if (fixture.nativeTables.length > 0 && fixture.native[source] === undefined) {
        this.tell(path, `fixture "${name}" cannot be made in ${source}: there is no fixtures/${name}/${source}.sql`);
      }
      return fixture;
    } catch (thrown) {
      const what = thrown instanceof FileProblems ? 'is wrong' : 'cannot be read';
      this.tell(path, `fixture "${name}" ${what}: ${messageOf(thrown)}`);
      return undefined;
    }
  }

  /** The folder says the pair: so `npm test -- pg-ch` runs what it says. */
  folder(path: string): void {
    const folder = basename(dirname(path));
    const pair = pairOf(this.#file);
    if (folder === pair) return;
    const [source, destination] = folder.split('-');
    const end = source === SHORT_NAMES[this.#file.source] ? 'destination' : 'source';
    const short = end === 'source' ? source : destination;
    const kind = Object.entries(SHORT_NAMES).find(([, name]) => name === short)?.[0];
    const hint = kind === undefined ? '' : `; this folder's ${end} is ${kind}`;
    this.tell(
      [end],
      `the file lies in the folder "${folder}" but its pair is ${pair}${hint}; move the file or change the ${end}`,
    );
  }

  /** What the databases and engines can do at all. */
  square(): void {
    const { traitsOf, supports } = this.#surroundings;
    const { source, mode, expect } = this.#file;
    const kinds = ['source', 'destination'] as const;
    const unknown = traitsOf === undefined ? [] : kinds.filter((end) => traitsOf(this.#file[end]) === undefined);
    for (const end of unknown) this.tell([end], `${this.#file[end]} cannot be used yet: there is no connector for it`);
    if (unknown.length > 0 || expect?.refused !== undefined || expect?.xfail !== undefined) return;
    const replicates = mode === 'replication' || mode === 'snapshot-replication';
    if (replicates && traitsOf?.(source)?.changeLog === false) {
      this.tell(
        ['mode'],
        `${source} has no change log, so ${mode} is impossible; allowed: snapshot, incremental (or expect "refused")`,
      );
      return;
    }
    for (const [index, engine] of (this.#file.engines ?? []).entries()) {
      if (supports?.(engine, this.#file) ?? true) continue;
      const square = `${pairOf(this.#file)} in mode ${mode}`;
      this.tell(
        ['engines', index],
        `the engine ${engine} does not do ${square}; expect "refused", or leave the engine out`,
      );
    }
  }

  cursors(fixtures: readonly Fixture[]): void {
    const { mode, cursor } = this.#file;
    if (mode === 'incremental' && cursor === undefined) {
      this.tell([], 'mode incremental needs "cursor: { table, column, initial }"');
      return;
    }
    if (cursor === undefined) return;
    if (mode !== 'incremental') {
      this.tell(['cursor'], `mode ${mode} has no cursor; remove it, or change the mode to incremental`, 'key');
      return;
    }
    const several = Array.isArray(cursor);
    for (const [index, one] of (several ? cursor : [cursor]).entries()) {
      const path = several ? ['cursor', index] : ['cursor'];
      const table = this.table(one.table, fixtures, [...path, 'table']);
      if (table !== undefined) this.column(one.column, table, [...path, 'column']);
    }
  }

  rows(fixtures: readonly Fixture[]): void {
    const { rows } = this.#file;
    if (typeof rows !== 'object') return;
    for (const name of Object.keys(rows)) {
      const portable = fixtures.flatMap((fixture) => fixture.tables.map(({ table }) => table.name));
      if (!portable.includes(name)) {
        this.tell(['rows', name], `unknown table "${name}"${choices(name, portable)}`, 'key');
      }
    }
  }

  expectations(fixtures: readonly Fixture[]): void {
    const sql = JSON.stringify([this.#file.steps, this.#file.duringActivation]);
    for (const [index, { table: name, tolerate, key }] of (this.#file.expect?.equal ?? []).entries()) {
      const path = ['expect', 'equal', index];
      // A step may have made it.
      if (sql.includes(name) && !fixtures.some((fixture) => tableNames(fixture).includes(name))) continue;
      const table = this.table(name, fixtures, [...path, 'table']);
      if (table === undefined) continue;
      for (const [at, { column }] of (tolerate ?? []).entries()) {
        if (!sql.includes(column)) this.column(column, table, [...path, 'tolerate', at, 'column']);
      }
      for (const [at, column] of (key ?? []).entries()) this.column(column, table, [...path, 'key', at]);
    }
  }

  /** Names in steps: tables, columns. */
  names(files: readonly (StepFile | WriteStepFile)[], fixtures: readonly Fixture[], path: Path): void {
    for (const [index, file] of files.entries()) {
      const here = [...path, index];
      const bodies: [string, unknown][] = Object.entries(file);
      for (const [kind, body] of bodies) {
        if (Array.isArray(body)) this.names(body as readonly StepFile[], fixtures, [...here, kind]);
        else if (kind === 'transaction' && file.transaction !== undefined) {
          this.names(file.transaction.steps, fixtures, [...here, kind, 'steps']);
        } else if (isObject(body) && typeof body.table === 'string') {
          const table = this.table(body.table, fixtures, [...here, kind, 'table'], kind);
          if (table === undefined) continue;
          this.#addressable(kind, table, [...here, kind]);
          for (const column of isObject(body.set) ? Object.keys(body.set) : []) {
            this.#assignable(column, table, [...here, kind, 'set', column]);
          }
        }
      }
    }
  }

  /** @returns the portable table; undefined (with a problem told, or a native table that only truncate may name). */
  table(name: string, fixtures: readonly Fixture[], path: Path, step?: string): Table | undefined {
    const found = fixtures.flatMap((fixture) => fixture.tables).find(({ table }) => table.name === name);
    if (found !== undefined) return found.table;
    if (fixtures.length === 0) return undefined;
    const names = fixtures.flatMap(tableNames);
    if (!names.includes(name)) {
      this.tell(path, `unknown table "${name}"${choices(name, names)}`);
    } else if (step !== undefined && step !== 'truncate') {
      this.tell(path, `"${name}" is made by the database's own file: write to it with a sql step instead of ${step}`);
    }
    return undefined;
  }

  column(name: string, table: Table, path: Path, which: 'key' | 'value' = 'value'): boolean {
    const names = table.columns.map((column) => column.name);
    if (names.includes(name)) return true;
    const shown = names.length > 40 ? [...names.slice(0, 40), '…'] : names;
    this.tell(path, `unknown column "${name}" of ${table.name}${choices(name, names, shown)}`, which);
    return false;
  }

  #assignable(name: string, table: Table, path: Path): void {
    if (!this.column(name, table, path, 'key')) return;
    if ([...table.key, ...(table.locator ?? [])].includes(name)) {
      this.tell(path, `"${name}" is what rows of ${table.name} are addressed by; change keys with a rekey step`, 'key');
    }
  }

  #addressable(kind: string, table: Table, path: Path): void {
    if (kind === 'insert' || kind === 'truncate' || table.key.length > 0) return;
    if (kind === 'rekey') this.tell(path, `${table.name} has no primary key that could change`);
    else if (table.locator === undefined)
      this.tell(path, `rows of ${table.name} cannot be told apart: it has no key and no locator`);
  }

  /** What the mode allows to be done when. */
  flow(steps: readonly Step[], duringActivation: readonly Step[]): void {
    const { mode } = this.#file;
    const replicates = mode === 'replication' || mode === 'snapshot-replication';
    for (const [index, step] of steps.entries()) {
      if (replicates && step.kind === 'activate')
        this.tell(['steps', index], `mode ${mode} is activated once; remove this step`);
      if (!replicates && step.kind === 'settle') {
        this.tell(['steps', index], `in mode ${mode} nothing arrives by itself; use "activate: {}"`);
      }
      if (!replicates && step.kind === 'fault') {
        this.tell(
          ['steps', index],
          `in mode ${mode} no engine runs between activations; put the fault into duringActivation`,
        );
      }
    }
    this.#workers(duringActivation, ['duringActivation']);
    this.#workers(steps, ['steps']);
    if (mode !== 'snapshot') return;
    const last = steps.findLastIndex(writes);
    if (last !== -1 && !steps.slice(last).some(({ kind }) => kind === 'activate')) {
      this.tell(
        ['steps', last],
        'a snapshot is over when this is written, so it never arrives; add "- activate: {}" after it',
      );
    }
    const writing = duringActivation.findIndex(writes);
    if (writing !== -1 && !steps.some(({ kind }) => kind === 'activate')) {
      const message =
        'whether a snapshot sees a write beside it is chance; add "steps: [{ activate: {} }]" to copy it again';
      this.tell(['duringActivation', writing], message);
    }
  }

  /** Faults that strike a worker need workers. */
  #workers(steps: readonly Step[], path: Path): void {
    const { mode, workers } = this.#file;
    if (workers !== undefined && mode === 'replication' && path[0] === 'steps') {
      this.tell(['workers'], 'mode replication has no activation that workers could share; remove this', 'key');
    }
    for (const [index, step] of steps.entries()) {
      if (step.kind !== 'fault' || step.fault.kind !== 'kill') continue;
      const { target, index: worker } = step.fault;
      const here = [...path, index, 'fault'];
      if (target !== 'worker') {
        if (worker !== undefined) this.tell([...here, 'index'], '"index" goes with "kill: worker"', 'key');
      } else if (workers === undefined) this.tell(here, '"kill: worker" needs "workers" in this scenario');
      else if (path[0] === 'steps')
        this.tell(here, 'workers run during the activation; put the fault into duringActivation');
      else if (worker === undefined)
        this.tell(here, `"kill: worker" needs "index": 0 for the main one, 1 to ${workers}`);
      else if (worker > workers) this.tell([...here, 'index'], `found ${worker}; there are workers 0 to ${workers}`);
    }
  }

  /** What the source's kind of database can do. */
  powers(steps: readonly Step[], path: Path): void {
    const { source } = this.#file;
    const traits = this.#surroundings.traitsOf?.(source);
    if (traits === undefined) return;
    for (const [index, step] of steps.entries()) {
      for (const inner of flat(step)) {
        if (inner.kind === 'transaction' && !traits.transactions)
          this.#cannot(path, index, source, 'has no transactions');
        if (inner.kind === 'rekey' && !traits.primaryKeyMayChange)
          this.#cannot(path, index, source, 'cannot change a primary key');
      }
    }
  }

  #cannot(path: Path, index: number, source: DatabaseKind, what: string): void {
    this.tell([...path, index], `${source} ${what}`);
  }
}

/** Fixtures that are named and not there; looked for also in a file whose shape is wrong elsewhere. */
export function missingFixtures(document: PositionedDocument, { fixtures }: Surroundings): Problem[] {
  const said = isObject(document.value) ? document.value.fixture : undefined;
  const named: readonly (readonly [unknown, Path])[] = Array.isArray(said)
    ? said.map((name: unknown, index) => [name, ['fixture', index]] as const)
    : [[said, ['fixture']]];
  const names = fixtures.names();
  return named.flatMap(([name, path]) => {
    if (typeof name !== 'string' || name === '' || names.includes(name)) return [];
    return [document.problemAt(path, `there is no fixture "${name}"${choices(name, names)}`)];
  });
}

function flat(step: Step): (Step | WriteStep)[] {
  if (step.kind === 'concurrently' || step.kind === 'transaction') return [step, ...step.steps.flatMap(flat)];
  return [step];
}

function tableNames(fixture: Fixture): string[] {
  return [...fixture.tables.map(({ table }) => table.name), ...fixture.nativeTables];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
