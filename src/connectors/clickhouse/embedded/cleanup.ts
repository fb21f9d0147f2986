// What must be undone when a query is over, in reverse order. (Node 20 has no AsyncDisposableStack yet.)
export class Cleanup implements AsyncDisposable {
  readonly #tasks: (() => void | Promise<void>)[] = [];

  defer(task: () => void | Promise<void>): void {
    this.#tasks.push(task);
  }

  /** Takes ownership of `resource`. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.#tasks.push(async () => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Runs every task once, all of them even if one fails; then throws the first failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
