/**
 * Disturbances. A fault strikes a target that the run hands it, through the target's optional powers, at moments that
 * the seed decides; it tells what it did and when. Knows no engine and no database by name.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { unsafeUniformIntDistribution, xoroshiro128plus } from 'pure-rand';
import { E2eError } from '../core/errors.ts';
import type { Fault } from '../core/step.ts';

/** The engine as a fault sees it. The run replaces a killed engine by a new one by itself. */
export interface EngineTarget {
  /** Resolves once the present engine process is up and working; false when there is none any more. */
  readonly ready: (signal: AbortSignal, worker?: number) => Promise<boolean>;
  /** @param worker only this one of several that share an activation. */
  readonly kill: (worker?: number) => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
}

/** One strike, for the timeline of the report. */
export interface Strike {
  readonly what: string;
  /** Milliseconds since the fault began. */
  readonly atMs: number;
}

/**
 * Strikes until the fault is done.
 *
 * @param seed decides the moments; the same seed strikes at the same ones.
 * @throws E2eError when the fault was to strike and there was nothing left to strike: a fault that did not happen must
 *   not pass for one that was survived.
 */
export async function strike(fault: Fault, target: EngineTarget, seed: number, signal: AbortSignal): Promise<Strike[]> {
  const started = performance.now();
  const strikes: Strike[] = [];
  const note = (what: string): number => strikes.push({ what, atMs: Math.round(performance.now() - started) });
  if (fault.kind === 'pause') {
    if (!(await target.ready(signal))) throw missed('pause');
    target.pause();
    note(`engine paused for ${fault.forMs} ms`);
    try {
      await delay(fault.forMs, undefined, { signal });
    } finally {
      target.resume();
    }
    return strikes;
  }
  const worker = fault.target === 'worker' ? (fault.index ?? 0) : undefined;
  for (const moment of momentsOf(fault.times, fault.withinMs, seed)) {
    if (!(await target.ready(signal, worker))) {
      // A short activation may be over before the second strike; the first must have hit.
      if (strikes.length > 0) break;
      throw missed('kill');
    }
    const early = moment - (performance.now() - started);
    if (early > 0) await delay(early, undefined, { signal });
    // What was up before the wait may have ended during it.
    if (!(await target.ready(signal, worker))) continue;
    await target.kill(worker);
    note(worker === undefined ? 'engine killed' : `worker ${worker} killed`);
  }
  if (strikes.length === 0) throw missed('kill');
  return strikes;
}

/** Random moments within a time, in order, in milliseconds: the same for the same seed. */
export function momentsOf(times: number, withinMs: number, seed: number): number[] {
  const random = xoroshiro128plus(seed);
  const moments = Array.from({ length: times }, () => unsafeUniformIntDistribution(0, withinMs, random));
  return moments.sort((a, b) => a - b);
}

function missed(what: string): E2eError {
  return new E2eError(
    'FAULT_MISSED',
    `the fault "${what} engine" found no running engine: give the step more to do, or strike earlier`,
  );
}
