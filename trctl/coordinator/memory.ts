/** Progress that lives as long as the process: every start of it knows nothing. */
import type { Coordinator, TransferState } from './coordinator.ts';

export class MemoryCoordinator implements Coordinator {
  readonly durable = false;
  readonly #states = new Map<string, TransferState>();

  load(transferId: string): Promise<TransferState | null> {
    return Promise.resolve(this.#states.get(transferId) ?? null);
  }

  save(transferId: string, state: TransferState): Promise<void> {
    this.#states.set(transferId, structuredClone(state));
    return Promise.resolve();
  }
}
