/** The stages of a scenario as they went: how long each took, and which one was under way when something went wrong. */
import type { StageName } from '../core/result.ts';

export class Timeline {
  readonly #durations: Partial<Record<StageName, number>> = {};
  #current: StageName = 'load';

  /** The stage under way, or the last one. */
  get current(): StageName {
    return this.#current;
  }

  get durations(): Readonly<Partial<Record<StageName, number>>> {
    return this.#durations;
  }

  /** Runs a stage and keeps its time in ms, also when it fails. A stage entered twice adds up. */
  async stage<T>(name: StageName, work: () => Promise<T>): Promise<T> {
    this.#current = name;
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.#durations[name] = Math.round((this.#durations[name] ?? 0) + performance.now() - started);
    }
  }
}
