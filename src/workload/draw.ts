/** Seeded draws for a live workload: which operation, how many rows, which ones. */
import { createHash } from 'node:crypto';
import { unsafeUniformIntDistribution, xoroshiro128plus, type RandomGenerator } from 'pure-rand';
import type { WorkloadMix } from '../core/step.ts';

export class OperationDraw {
  readonly #generator: RandomGenerator;

  /** @param step which workload of the scenario: two of them do not draw the same. */
  constructor(seed: string, table: string, step: number) {
    const digest = createHash('sha256')
      .update(JSON.stringify([seed, 'workload', table, step]))
      .digest();
    this.#generator = xoroshiro128plus(digest.readInt32LE(0));
  }

  /** least to greatest, both included. */
  between(least: number, greatest: number): number {
    return unsafeUniformIntDistribution(least, greatest, this.#generator);
  }

  /** An operation by its weight; insert when all weights are 0. */
  operation(mix: WorkloadMix): keyof WorkloadMix {
    const weights: [keyof WorkloadMix, number][] = [
      ['insert', mix.insert],
      ['update', mix.update],
      ['delete', mix.delete],
      ['rekey', mix.rekey],
      ['reinsert', mix.reinsert],
    ];
    const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
    let left = total === 0 ? 0 : this.between(0, total - 1);
    for (const [operation, weight] of weights) {
      if (left < weight) return operation;
      left -= weight;
    }
    return 'insert';
  }
}
