/** Clean-ups registered before the work they undo, run last first, each with its chance whatever the others do. */
import { messageOf } from '../core/errors.ts';

export class CleanUps implements AsyncDisposable {
  readonly #steps: { readonly what: string; readonly undo: () => Promise<void> }[] = [];
  /** What could not be undone, in words. */
  readonly failures: string[] = [];

  /** @param what as it reads after "could not". */
  add(what: string, undo: () => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  /** Registers a thing to be disposed of and hands it back. */
  use<T extends AsyncDisposable>(what: string, thing: T): T {
    this.add(what, async () => thing[Symbol.asyncDispose]());
    return thing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        this.failures.push(`could not ${step.what}: ${messageOf(error)}`);
      }
    }
  }
}
