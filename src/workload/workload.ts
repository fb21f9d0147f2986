/**
 * Steps that write to a source. Read this first.
 *
 * The workload keeps track of which rows are alive, by ordinal, so it knows every key without reading the database; rows
 * come from the fixture's makers. The same seed and the same steps make the same writes. (A workload that runs for a time
 * makes the same operations in the same order, only not always as many.)
 *
 * Must not know scenarios, engines, or how a database is spoken to.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../core/errors.ts';
import type { RowMaker } from '../core/fixture.ts';
import type { WorkloadMix, WriteStep } from '../core/step.ts';
import type { Change, Table } from '../core/table.ts';
import { OperationDraw } from './draw.ts';
import { TableWriter } from './table-writer.ts';

export interface WorkloadOptions {
  readonly tables: readonly { readonly table: Table; readonly maker: RowMaker }[];
  readonly seed: string;
  /** Returns once the change is durable. */
  readonly write: (change: Change) => Promise<void>;
}

/** Rows handed over in one change outside of transactions. */
const BATCH = 10_000;

export class Workload {
  readonly #tables: ReadonlyMap<string, TableWriter>;
  readonly #write: WorkloadOptions['write'];
  readonly #seed: string;
  /** Workload steps begun: each draws its own operations. */
  #begun = 0;

  constructor({ tables, seed, write }: WorkloadOptions) {
    this.#tables = new Map(tables.map(({ table, maker }) => [table.name, new TableWriter(table, maker)]));
    this.#write = write;
    this.#seed = seed;
  }

  /** How many rows of a table are alive, as far as steps wrote them. */
  alive(table: string): number {
    return this.#writer(table).alive;
  }

  /**
   * Executes a step; steps may run at the same time.
   *
   * @throws UsageError when the step asks for what is not there; the signal's reason; whatever the writer throws.
   */
  async run(step: WriteStep, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (step.kind === 'workload') return this.#runMix(step, signal);
    if (step.kind === 'insert') return this.#insert(step.table, step.rows, signal);
    if (step.kind !== 'transaction') {
      for (const change of this.#changes(step)) await this.#write(change);
      return;
    }
    const undo = step.rollback ? [...this.#tables.values()].map((writer) => writer.checkpoint()) : [];
    const changes = step.steps.flatMap((inner) => this.#changes(inner));
    for (const restore of undo) restore();
    await this.#write({ kind: 'transaction', changes, rollback: step.rollback });
  }

  async #insert(table: string, rows: number, signal: AbortSignal): Promise<void> {
    for (let left = rows; left > 0; left -= BATCH) {
      signal.throwIfAborted();
      for (const change of this.#writer(table).insert(Math.min(BATCH, left))) await this.#write(change);
    }
  }

  /** What a step does, as changes; the rows they write count as written from here on. */
  #changes(step: WriteStep): Change[] {
    switch (step.kind) {
      case 'insert':
        return this.#writer(step.table).insert(step.rows);
      case 'reinsert':
        return this.#writer(step.table).reinsert(step.rows);
      case 'update':
        return this.#writer(step.table).update(step.choice, step.set);
      case 'rekey':
        return this.#writer(step.table).rekey(step.choice, step.by);
      case 'delete':
        return this.#writer(step.table).delete(step.choice);
      case 'truncate':
        return this.#tables.has(step.table)
          ? this.#writer(step.table).truncate()
          : [{ kind: 'truncate', table: { name: step.table, columns: [], key: [] } }];
      case 'sql':
        return [{ kind: 'native', statements: step.run }];
      case 'transaction':
        return [
          {
            kind: 'transaction',
            changes: step.steps.flatMap((inner) => this.#changes(inner)),
            rollback: step.rollback,
          },
        ];
      case 'workload':
        return this.#mixChanges(step);
    }
  }

  async #runMix(step: Extract<WriteStep, { kind: 'workload' }>, signal: AbortSignal): Promise<void> {
    const writer = this.#writer(step.table);
    const operations = new OperationDraw(this.#seed, step.table, this.#begun++);
    const started = performance.now();
    const over = (done: number): boolean =>
      step.operations === undefined ? performance.now() - started >= (step.forMs ?? 0) : done >= step.operations;
    for (let done = 0; !over(done); done += 1) {
      signal.throwIfAborted();
      for (const change of writer.random(step.mix, operations)) await this.#write(change);
      if (step.perSecond === undefined) continue;
      const early = (done + 1) * (1000 / step.perSecond) - (performance.now() - started);
      if (early > 0) await delay(early, undefined, { signal });
    }
  }

  #mixChanges(step: { readonly table: string; readonly operations?: number; readonly mix: WorkloadMix }): Change[] {
    if (step.operations === undefined) {
      throw new UsageError('WORKLOAD', 'a workload inside a transaction needs "operations": a time does not fit there');
    }
    const operations = new OperationDraw(this.#seed, step.table, this.#begun++);
    const writer = this.#writer(step.table);
    return Array.from({ length: step.operations }, () => writer.random(step.mix, operations)).flat();
  }

  #writer(table: string): TableWriter {
    const writer = this.#tables.get(table);
    if (writer !== undefined) return writer;
    const names = [...this.#tables.keys()].join(', ') || 'none';
    throw new UsageError('WORKLOAD', `the workload knows no table ${table}; it knows ${names}`);
  }
}
