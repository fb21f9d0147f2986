/** From the steps of a file to core's: literals become values of their columns. Knows tables, not fixtures. */
import type { Path } from '../core/document.ts';
import type { Assignment, Fault, RowChoice, Step, WorkloadMix, WriteStep } from '../core/step.ts';
import type { Column, Table, Value } from '../core/table.ts';
import { readValue } from '../core/value.ts';
import type { StepFile, WriteStepFile } from './schema.ts';

const DEFAULT_MIX: WorkloadMix = { insert: 5, update: 3, delete: 1, rekey: 0, reinsert: 0 };
const DEFAULT_MS = 1000;

/** Tells of something wrong at a path below the step. */
export type Tell = (path: Path, message: string) => void;

/** A portable table by name; undefined for one whose columns are not known here. */
export type FindTable = (name: string) => Table | undefined;

export class StepReader {
  readonly #find: FindTable;
  readonly #tell: Tell;

  constructor(find: FindTable, tell: Tell) {
    this.#find = find;
    this.#tell = tell;
  }

  steps(files: readonly StepFile[], path: Path): Step[] {
    return files.flatMap((file, index) => this.#step(file, [...path, index]) ?? []);
  }

  #step(file: StepFile, path: Path): Step | undefined {
    if (file.fault !== undefined) return { kind: 'fault', fault: faultOf(file.fault) };
    if (file.activate !== undefined) return { kind: 'activate' };
    if (file.settle !== undefined) return { kind: 'settle' };
    if (file.concurrently !== undefined) {
      return { kind: 'concurrently', steps: this.steps(file.concurrently, [...path, 'concurrently']) };
    }
    return this.#write(file, path);
  }

  #write(file: WriteStepFile, path: Path): WriteStep | undefined {
    if (file.insert !== undefined) return { kind: 'insert', ...file.insert };
    if (file.reinsert !== undefined) {
      const { table, rows } = file.reinsert;
      return { kind: 'reinsert', table, ...(rows === undefined ? {} : { rows }) };
    }
    if (file.update !== undefined) {
      const { table } = file.update;
      const set = this.#set(table, file.update.set, [...path, 'update', 'set']);
      return { kind: 'update', table, choice: this.#choice(table, file.update, [...path, 'update']), set };
    }
    if (file.rekey !== undefined) {
      const { table, by } = file.rekey;
      const choice = this.#choice(table, file.rekey, [...path, 'rekey']);
      return { kind: 'rekey', table, choice, ...(by === undefined ? {} : { by: BigInt(by) }) };
    }
    if (file.delete !== undefined) {
      const { table } = file.delete;
      return { kind: 'delete', table, choice: this.#choice(table, file.delete, [...path, 'delete']) };
    }
    if (file.truncate !== undefined) return { kind: 'truncate', table: file.truncate.table };
    if (file.sql !== undefined) return { kind: 'sql', run: file.sql.run };
    if (file.transaction !== undefined) {
      const below = [...path, 'transaction', 'steps'];
      const steps = file.transaction.steps.flatMap((step, index) => this.#write(step, [...below, index]) ?? []);
      return { kind: 'transaction', rollback: file.transaction.rollback, steps };
    }
    return file.workload === undefined ? undefined : workloadOf(file.workload);
  }

  #choice(
    tableName: string,
    file: { readonly every?: number | undefined; readonly keys?: readonly unknown[] | undefined },
    path: Path,
  ): RowChoice {
    if (file.every !== undefined) return { by: 'every', n: file.every };
    if (file.keys === undefined) return { by: 'all' };
    const table = this.#find(tableName);
    if (table === undefined) return { by: 'keys', keys: [] };
    const columns = keyColumns(table);
    const keys = file.keys.map((key, index) => this.#key(columns, key, [...path, 'keys', index]));
    return { by: 'keys', keys };
  }

  #key(columns: readonly Column[], key: unknown, path: Path): Value[] {
    const literals: readonly unknown[] = Array.isArray(key) ? key : [key];
    if (literals.length !== columns.length) {
      const names = columns.map(({ name }) => name).join(', ');
      this.#tell(path, `found ${literals.length} values for a key of ${columns.length} columns (${names})`);
      return [];
    }
    return columns.map((column, index) => this.#value(column, literals[index], path));
  }

  #set(tableName: string, set: Readonly<Record<string, unknown>>, path: Path): Record<string, Assignment> {
    const table = this.#find(tableName);
    const assignments: Record<string, Assignment> = {};
    for (const [name, literal] of Object.entries(set)) {
      const column = table?.columns.find((candidate) => candidate.name === name);
      // A column that is not there is told of by the checks of names.
      if (column === undefined) continue;
      assignments[name] =
        literal === 'random' ? { to: 'random' } : { to: 'value', value: this.#value(column, literal, [...path, name]) };
    }
    return assignments;
  }

  #value(column: Column, literal: unknown, path: Path): Value {
    const value = readValue(column, literal);
    if (value.ok) return value.value;
    this.#tell(path, `found ${JSON.stringify(literal)} for the column ${column.name}; expected ${value.expected}`);
    return null;
  }
}

/** The columns by which a table's rows are addressed. */
export function keyColumns(table: Table): Column[] {
  const names = table.key.length > 0 ? table.key : (table.locator ?? []);
  return names.flatMap((name) => table.columns.find((column) => column.name === name) ?? []);
}

function faultOf(file: NonNullable<StepFile['fault']>): Fault {
  if (file.pause !== undefined) return { kind: 'pause', target: file.pause, forMs: file.for ?? DEFAULT_MS };
  return {
    kind: 'kill',
    target: file.kill ?? 'engine',
    ...(file.index === undefined ? {} : { index: file.index }),
    times: file.times ?? 1,
    withinMs: file.within ?? DEFAULT_MS,
  };
}

function workloadOf(file: NonNullable<WriteStepFile['workload']>): WriteStep {
  const { table, operations, perSecond, mix } = file;
  return {
    kind: 'workload',
    table,
    ...(operations === undefined ? {} : { operations }),
    ...(file.for === undefined ? {} : { forMs: file.for }),
    ...(perSecond === undefined ? {} : { perSecond }),
    mix:
      mix === undefined
        ? DEFAULT_MIX
        : {
            insert: mix.insert ?? 0,
            update: mix.update ?? 0,
            delete: mix.delete ?? 0,
            rekey: mix.rekey ?? 0,
            reinsert: mix.reinsert ?? 0,
          },
  };
}
