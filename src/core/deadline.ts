/**
 * Time made explicit: a deadline comes from the caller, a wait polls with jittered backoff, and on expiry says what it
 * waited for and what it last saw. There is no `sleep` elsewhere in the house.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BarrierTimeout } from './errors.ts';

/** A point in time by which something must hold, and the signal that fires then or when the caller gives up. */
export class Deadline {
  readonly #start = performance.now();
  readonly #ms: number;
  readonly #outer: AbortSignal | undefined;

  private constructor(ms: number, outer: AbortSignal | undefined) {
    this.#ms = ms;
    this.#outer = outer;
  }

  /** @param ms milliseconds from now. @param outer aborts the wait early, with its own reason. */
  static after(ms: number, outer?: AbortSignal): Deadline {
    return new Deadline(ms, outer);
  }

  get totalMs(): number {
    return this.#ms;
  }

  get leftMs(): number {
    return Math.max(0, this.#ms - (performance.now() - this.#start));
  }

  get elapsedMs(): number {
    return performance.now() - this.#start;
  }

  get expired(): boolean {
    return this.leftMs === 0;
  }

  /** @throws the outer signal's reason when the caller gave up (Ctrl-C, the test runner's own time limit). */
  throwIfAborted(): void {
    this.#outer?.throwIfAborted();
  }

  /** Fires at expiry or when the caller gives up. */
  signal(): AbortSignal {
    const timeout = AbortSignal.timeout(Math.ceil(this.leftMs));
    return this.#outer === undefined ? timeout : AbortSignal.any([timeout, this.#outer]);
  }
}

/** What one look at the world said. */
export type Look<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly seen: string };

export function done(): Look<void>;
export function done<T>(value: T): Look<T>;
export function done<T>(value?: T): Look<T | undefined> {
  return { done: true, value };
}

/** @param seen what was there instead, for the message on expiry. */
export function notYet(seen: string): Look<never> {
  return { done: false, seen };
}

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;

/**
 * Looks until the look is done.
 *
 * @param awaited what is waited for, as it reads after "waited 3 s for".
 * @throws BarrierTimeout with what was last seen; or the caller's abort reason; or whatever `look` throws.
 */
export async function until<T>(awaited: string, deadline: Deadline, look: () => Promise<Look<T>>): Promise<T> {
  let pause = FIRST_PAUSE_MS;
  let seen = 'nothing yet';
  for (;;) {
    deadline.throwIfAborted();
    const result = await look();
    if (result.done) return result.value;
    seen = result.seen;
    if (deadline.expired) throw new BarrierTimeout(awaited, deadline.elapsedMs, seen);
    // Jitter keeps several waiters from asking the same server in step.
    await delay(Math.min(deadline.leftMs, pause * (0.5 + Math.random())));
    pause = Math.min(LONGEST_PAUSE_MS, pause * 1.6);
  }
}

/**
 * Waits for a promise, but no longer than the deadline. The work itself is not stopped: its owner does that.
 *
 * @throws BarrierTimeout naming `awaited`.
 */
export async function within<T>(
  awaited: string,
  deadline: Deadline,
  work: Promise<T>,
  seen = 'still running',
): Promise<T> {
  const stop = new AbortController();
  const expiry = delay(deadline.leftMs, undefined, { signal: stop.signal }).then(
    () => {
      throw new BarrierTimeout(awaited, deadline.elapsedMs, seen);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, expiry]);
  } finally {
    stop.abort();
  }
}
