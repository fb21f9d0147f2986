// How many engine calls may run at once. Each occupies a thread of Node's pool while it runs, and file reads and
// compression need threads of the same pool: a few are kept free for them. Must not know what runs.
import process from 'node:process';

/** Threads in Node's pool: fixed when the process starts, by this variable (libuv's default is 4). */
export function poolSize(): number {
  const size = Number(process.env.UV_THREADPOOL_SIZE);
  return Number.isInteger(size) && size > 0 ? Math.min(size, 1024) : 4;
}

/** First come, first served admission to `size` lanes. */
export class Lanes {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = Math.max(1, size);
  }

  /** Runs `work` as soon as a lane is free; the lane is given back however it ends. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((admitted) => this.#waiting.push(admitted));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
