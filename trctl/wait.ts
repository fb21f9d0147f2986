/** Waits with a deadline that say what was awaited. */
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentError } from './errors.ts';

/**
 * Probes until `probe` gives a value other than null, with growing, jittered pauses.
 * @param limit milliseconds. @param what is awaited, for the message. @throws EnvironmentError past the limit, with what `last` saw.
 */
export async function until<T>(
  what: string,
  limit: number,
  probe: () => Promise<T | null>,
  last: () => string = () => '',
  signal?: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (let pause = 10; ; pause = Math.min(pause * 1.5, 500)) {
    const found = await probe();
    if (found !== null) return found;
    if (Date.now() > deadline) {
      const seen = last();
      throw new EnvironmentError(`waited ${Math.round(limit / 1000)} s for ${what}${seen === '' ? '' : `; ${seen}`}`);
    }
    await delay(pause * (0.5 + Math.random()), undefined, signal === undefined ? {} : { signal });
  }
}
