/** Copies claimed parts of a run, several at once, for whichever process has claimed them. */
import { DataError, SnapshotGone, TransferError, oneLine } from '../errors.ts';
import { parsePosition } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { Snapshot } from '../provider.ts';
import type { Ends, TransferContext } from '../transfer/transfer.ts';
import type { BoardParts, Claim } from './board-parts.ts';
import { LeaseLost } from './heart.ts';
import type { PartNote } from './notes.ts';

export interface CopierOptions {
  readonly context: TransferContext;
  readonly ends: Ends;
  readonly parts: BoardParts;
  readonly snapshot: Snapshot;
  readonly tables: readonly Table[];
  /** Name of this process's own note. */
  readonly owner: string;
  /** Whether parts are taken that only the main worker can read rightly. */
  readonly main: boolean;
  /** Where in the plan to begin looking for work, so that workers do not all ask for the same part. */
  readonly from: number;
  readonly signal: AbortSignal;
}

export class Copier {
  readonly #options: CopierOptions;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #parallelism: number;
  #failure: Error | undefined;

  constructor(options: CopierOptions) {
    this.#options = options;
    this.#parallelism = options.context.parallelism ?? options.ends.source.parallelism;
  }

  /** Claims and begins as many parts as can be worked on. @throws what a part that was begun earlier failed with. */
  async fill(which: 'all' | 'main-only'): Promise<void> {
    const { parts, owner, from, main } = this.#options;
    while (this.#running.size < this.#parallelism) {
      if (this.#failure !== undefined) throw this.#failure;
      const claim = await parts.claim(owner, from, (part) => (part.mainOnly ? main : which === 'all'));
      if (claim === null) break;
      const work = this.#copy(claim).catch((cause: unknown) => {
        this.#failure ??= cause instanceof Error ? cause : new Error(oneLine(cause));
        this.#stop.abort(cause);
      });
      this.#running.add(work);
      void work.then(() => this.#running.delete(work));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** Resolves when a part under way has ended, or after some milliseconds. */
  async pause(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([late, ...this.#running]);
    clearTimeout(timer);
  }

  /** Stops what is under way and waits until it has stopped. */
  async end(reason: unknown): Promise<void> {
    this.#stop.abort(reason);
    await Promise.all(this.#running);
  }

  async #copy(claim: Claim): Promise<void> {
    const { context, ends, parts, snapshot, tables, owner } = this.#options;
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal]);
    const planned = parts.plan.parts[claim.at];
    if (planned === undefined) throw new RangeError(`no part ${claim.at} in the plan`);
    const { name, where, replace } = planned;
    const begun = performance.now();
    let note: PartNote;
    try {
      const table = tables.find((one) => tableLabel(one.id) === planned.table);
      if (table === undefined) throw new DataError(`table ${planned.table} is gone from the source since the snapshot`);
      const written = { epoch: parts.plan.epoch, part: `${planned.table} ${name}` };
      // Its former owner may have ended between the destination's commit and its own note.
      const there = claim.takenOver && !replace && (await ends.destination.hasPart(written.epoch, written.part));
      const position = max(snapshot.position, parsePosition(planned.position));
      if (claim.takenOver && !there && table.key.length === 0) await ends.destination.wipe(table, position);
      const rows = there
        ? 0
        : await ends.destination.load({ table, name, where }, snapshot.read({ table, name, where }, signal), {
            epoch: written.epoch,
            position,
            // A former owner that only slept may still commit what it had under way.
            replace: replace || claim.takenOver,
          });
      note = { owner, state: 'done', rows };
      context.log.info(there ? `found copied ${planned.table}` : `copied ${planned.table}`, {
        part: name,
        rows,
        ms: Math.round(performance.now() - begun),
        ...(claim.takenOver ? { taken_over: true } : {}),
      });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      // Nothing is wrong with the part: it stays this process's until that leaves the run.
      if (cause instanceof SnapshotGone) throw cause;
      const exitCode = cause instanceof TransferError ? cause.exitCode : 1;
      await parts.settle(claim, { owner, state: 'failed', rows: 0, message: oneLine(cause), exitCode });
      throw cause;
    }
    if (!(await parts.settle(claim, note))) {
      throw new LeaseLost(`part ${name} of ${planned.table} was taken over by another process`);
    }
  }
}

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
