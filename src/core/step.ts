/**
 * What is done to a source, and to the servers and the engine, while a scenario runs: steps as plain data.
 * scenario/ reads them from YAML, workload/ executes the writes, run/ executes the rest. Knows no file and no database.
 */
import type { Value } from './table.ts';

/** Which rows of a table a step addresses. */
export type RowChoice =
  /** Of the rows alive, in the order in which they were first inserted: the 1st, the (1 + n)th, the (1 + 2n)th … */
  | { readonly by: 'every'; readonly n: number }
  | { readonly by: 'all' }
  /** Rows named by their key values, in key order. */
  | { readonly by: 'keys'; readonly keys: readonly (readonly Value[])[] };

/** What a column is set to: one value for all rows, or values drawn from the column's own generator. */
export type Assignment = { readonly to: 'value'; readonly value: Value } | { readonly to: 'random' };

/** How often each operation is drawn, as weights. */
export interface WorkloadMix {
  readonly insert: number;
  readonly update: number;
  readonly delete: number;
  /** Primary key changes. */
  readonly rekey: number;
  /** Rows deleted earlier come back under their old keys. */
  readonly reinsert: number;
}

export type WriteStep =
  | { readonly kind: 'insert'; readonly table: string; readonly rows: number }
  /** Rows deleted before come back under the same keys with new values; all of them when `rows` is absent. */
  | { readonly kind: 'reinsert'; readonly table: string; readonly rows?: number }
  | {
      readonly kind: 'update';
      readonly table: string;
      readonly choice: RowChoice;
      readonly set: Readonly<Record<string, Assignment>>;
    }
  /** Primary keys change: by `by` (added to the last integer column of the key), or to keys never used before. */
  | { readonly kind: 'rekey'; readonly table: string; readonly choice: RowChoice; readonly by?: bigint }
  | { readonly kind: 'delete'; readonly table: string; readonly choice: RowChoice }
  | { readonly kind: 'truncate'; readonly table: string }
  /** Statements in the source's own language. The workload does not see what they do to rows it keeps track of. */
  | { readonly kind: 'sql'; readonly run: string }
  | { readonly kind: 'transaction'; readonly rollback: boolean; readonly steps: readonly WriteStep[] }
  /** A seeded random mix, for a number of operations or a time, whichever is given. */
  | {
      readonly kind: 'workload';
      readonly table: string;
      readonly operations?: number;
      readonly forMs?: number;
      /** At most this many operations a second; absent: as fast as the source takes them. */
      readonly perSecond?: number;
      readonly mix: WorkloadMix;
    };

/** What a fault strikes. */
export const FAULT_TARGETS = ['engine', 'worker'] as const;
export type FaultTarget = (typeof FAULT_TARGETS)[number];

export type Fault =
  /** SIGKILL, then the same command again: `times` times, at random moments of the seed within `withinMs`. */
  | {
      readonly kind: 'kill';
      readonly target: FaultTarget;
      /** Of a worker; 0 is the main one. One that is not the main one is not started again. */
      readonly index?: number;
      readonly times: number;
      readonly withinMs: number;
    }
  /** SIGSTOP, and SIGCONT after `forMs`. */
  | { readonly kind: 'pause'; readonly target: FaultTarget; readonly forMs: number };

export type Step =
  | WriteStep
  | { readonly kind: 'fault'; readonly fault: Fault }
  /** One more activation: the next incremental pass, or the snapshot again. */
  | { readonly kind: 'activate' }
  /** Waits until everything written so far has arrived. */
  | { readonly kind: 'settle' }
  /** All start together; done when all are. */
  | { readonly kind: 'concurrently'; readonly steps: readonly Step[] };

/** Whether a step writes to the source and the write stays. */
export function writes(step: Step): boolean {
  switch (step.kind) {
    case 'fault':
    case 'activate':
    case 'settle':
      return false;
    case 'transaction':
      return !step.rollback && step.steps.some(writes);
    case 'concurrently':
      return step.steps.some(writes);
    default:
      return true;
  }
}

function printChoice(choice: RowChoice): string {
  switch (choice.by) {
    case 'every':
      return choice.n === 1 ? 'every row' : `one row in ${choice.n}`;
    case 'all':
      return 'every row';
    case 'keys':
      return choice.keys.length === 1 ? 'one row by key' : `${choice.keys.length} rows by key`;
  }
}

/** `update orders: every 7th row`: a step in one line, for reports. */
export function printStep(step: Step): string {
  switch (step.kind) {
    case 'insert':
      return `insert ${step.rows} ${step.rows === 1 ? 'row' : 'rows'} into ${step.table}`;
    case 'reinsert':
      return `insert ${step.rows ?? 'all'} deleted rows into ${step.table} again`;
    case 'update':
      return `update ${step.table}, ${printChoice(step.choice)}: ${Object.keys(step.set).join(', ')}`;
    case 'rekey':
      return `change keys of ${step.table}, ${printChoice(step.choice)}`;
    case 'delete':
      return `delete from ${step.table}, ${printChoice(step.choice)}`;
    case 'truncate':
      return `truncate ${step.table}`;
    case 'sql':
      return `sql: ${step.run.replaceAll(/\s+/g, ' ').trim().slice(0, 80)}`;
    case 'transaction':
      return `transaction of ${step.steps.length} steps${step.rollback ? ', rolled back' : ''}`;
    case 'workload':
      return `workload on ${step.table}: ${step.operations === undefined ? `${(step.forMs ?? 0) / 1000} s` : `${step.operations} operations`}`;
    case 'fault':
      return printFault(step.fault);
    case 'activate':
      return 'activate again';
    case 'settle':
      return 'wait until all has arrived';
    case 'concurrently':
      return `at once: ${step.steps.map(printStep).join('; ')}`;
  }
}

function printFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill ${fault.target}${fault.index === undefined ? '' : ` ${fault.index}`} ${fault.times === 1 ? 'once' : `${fault.times} times`} within ${fault.withinMs / 1000} s`;
    case 'pause':
      return `pause ${fault.target} for ${fault.forMs / 1000} s`;
  }
}
