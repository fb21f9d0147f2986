/**
 * The processes of one shared activation, kept as the platform around an engine would keep them, seen as one process. A
 * worker that a fault kills stays away: the others must take over its part. The main worker (index 0) that a fault kills
 * is started again at once with the same command: nothing is finished without it. Who ends by itself stays ended.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, EngineProcess, Exit, Sharing } from '../engines/engine.ts';
import type { Transfer } from '../core/transfer.ts';

/** Milliseconds that the others have to end by themselves once one has ended. */
const AFTER_MS = 10_000;

interface Member {
  readonly index: number;
  process: EngineProcess;
  killed: boolean;
}

export class Crew implements EngineProcess {
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;
  readonly #engine: Engine & Sharing;
  readonly #transfer: Transfer;
  readonly #workers: number;
  readonly #signal: AbortSignal;
  readonly #members: Member[];
  readonly #logs: string[] = [];
  #over = false;
  #failed: Member | undefined;

  private constructor(
    engine: Engine & Sharing,
    transfer: Transfer,
    workers: number,
    signal: AbortSignal,
    members: Member[],
  ) {
    this.#engine = engine;
    this.#transfer = transfer;
    this.#workers = workers;
    this.#signal = signal;
    this.#members = members;
    this.exited = this.#follow();
  }

  /** Starts the main worker and all others. */
  static async start(
    engine: Engine & Sharing,
    transfer: Transfer,
    workers: number,
    signal: AbortSignal,
  ): Promise<Crew> {
    const members: Member[] = [];
    try {
      for (let index = 0; index <= workers; index += 1) {
        members.push({
          index,
          process: await engine.activateShare(transfer, { index, workers }, signal),
          killed: false,
        });
      }
    } catch (error) {
      await Promise.all(members.map(({ process }) => process.kill()));
      throw error;
    }
    return new Crew(engine, transfer, workers, signal, members);
  }

  get pid(): number {
    return this.#member(0)?.process.pid ?? 0;
  }

  /** Whether the worker of this index is up. */
  runs(index: number): boolean {
    const member = this.#member(index);
    return member !== undefined && member.process.exit === undefined;
  }

  /** SIGKILL to one worker, as a fault would. */
  async killWorker(index: number): Promise<void> {
    const member = this.#member(index);
    if (member === undefined) return;
    member.killed = true;
    await member.process.kill();
  }

  async kill(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#members.map(({ process }) => process.kill()));
  }

  pause(): void {
    for (const { process } of this.#members) process.pause();
  }

  resume(): void {
    for (const { process } of this.#members) process.resume();
  }

  async stop(graceMs: number): Promise<Exit> {
    this.#over = true;
    await Promise.all(this.#members.map(({ process }) => process.stop(graceMs)));
    return this.exited;
  }

  log(): string {
    return [
      ...this.#logs,
      ...this.#members.map(({ index, process }) => `--- worker ${index} (pid ${process.pid}) ---\n${process.log()}`),
    ].join('\n');
  }

  lastError(): string | undefined {
    const failed = this.#failed;
    if (failed !== undefined) return `worker ${failed.index}: ${failed.process.lastError() ?? 'no error was printed'}`;
    return this.#members.map(({ process }) => process.lastError()).find((said) => said !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #member(index: number): Member | undefined {
    return this.#members.find((member) => member.index === index);
  }

  /** Resolves with the end of the main worker, or of the one that failed first, once all have ended. */
  async #follow(): Promise<Exit> {
    const ends = this.#members.map((member) => this.#end(member));
    const main = ends[0] ?? Promise.reject(new RangeError('a crew without a main worker'));
    const failing = new Promise<Exit>((resolve) => {
      for (const end of ends) {
        void end.then((exit) => {
          if (exit.code !== 0 && !this.#over) resolve(exit);
        });
      }
    });
    const first = await Promise.race([
      main,
      failing.then(async (exit) => Promise.race([main, delay(AFTER_MS, exit, { ref: false })])),
    ]);
    await Promise.race([Promise.all(ends), delay(AFTER_MS, undefined, { ref: false })]);
    const late = this.#members.filter(({ process }) => process.exit === undefined);
    await this.kill();
    const failed = this.#failed;
    const stayed = late[0];
    this.exit =
      first.code === 0 && failed !== undefined
        ? await failed.process.exited
        : first.code === 0 && stayed !== undefined
          ? await stayed.process.exited
          : first;
    if (first.code === 0 && failed === undefined) this.#failed = stayed;
    return this.exit;
  }

  /** The end of a member for good. One that a fault has killed counts as ended well. */
  async #end(member: Member): Promise<Exit> {
    for (;;) {
      const exit = await member.process.exited;
      if (this.#over || !member.killed) {
        if (!this.#over && exit.code !== 0) this.#failed ??= member;
        return exit;
      }
      if (member.index !== 0) return { ...exit, code: 0, signal: null };
      this.#logs.push(`--- worker 0 (pid ${member.process.pid}), killed ---\n${member.process.log()}`);
      member.killed = false;
      const share = { index: 0, workers: this.#workers };
      member.process = await this.#engine.activateShare(this.#transfer, share, this.#signal);
    }
  }
}
