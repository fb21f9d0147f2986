/** Copies parts of a snapshot, as many at once as the source allows, and records each when the destination has it. */
import type { TableProgress, TransferState } from '../coordinator/coordinator.ts';
import { parsePosition } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Part, Snapshot } from '../provider.ts';
import type { Ends, TransferContext } from './transfer.ts';

export interface Job {
  readonly part: Part;
  /** Where its end is recorded. */
  readonly progress: TableProgress['parts'][number];
  /** Rows with the same keys may be there already. */
  readonly replace: boolean;
}

/** @throws what the first part that failed did; the others are stopped. */
export async function copyParts(
  context: TransferContext,
  ends: Ends,
  snapshot: Snapshot,
  jobs: readonly Job[],
  state: TransferState,
): Promise<void> {
  const { config, coordinator, log } = context;
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      signal.throwIfAborted();
      const label = tableLabel(job.part.table.id);
      const recorded = state.tables[label]?.position ?? null;
      const begun = performance.now();
      const rows = await ends.destination.load(job.part, snapshot.read(job.part, signal), {
        epoch: state.epoch,
        position: max(snapshot.position, recorded === null ? 0n : parsePosition(recorded)),
        replace: job.replace,
      });
      job.progress.done = true;
      await coordinator.save(config.id, state);
      log.info(`copied ${label}`, { part: job.part.name, rows, ms: Math.round(performance.now() - begun) });
    }
  };
  const workers = Array.from(
    { length: Math.min(context.parallelism ?? ends.source.parallelism, jobs.length) },
    async () => {
      try {
        await worker();
      } catch (cause) {
        failed.abort(cause);
        throw cause;
      }
    },
  );
  await Promise.allSettled(workers);
  context.signal.throwIfAborted();
  await Promise.all(workers);
}

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
