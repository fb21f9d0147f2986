/**
 * Keeps the engine working through faults: what a fault killed is started again, as the platform around an engine would;
 * what ended by itself is evidence and stays ended. Knows how an engine is driven only through its door.
 */
import { canShare, type Engine, type EngineProcess, type Exit } from '../engines/engine.ts';
import { Deadline, done, notYet, until, within } from '../core/deadline.ts';
import { E2eError, messageOf } from '../core/errors.ts';
import type { Transfer } from '../core/transfer.ts';
import type { EngineTarget } from '../faults/fault.ts';
import { Crew } from './crew.ts';

/** How long a fault waits for an engine that was killed to be up again. */
const READY_MS = 30_000;

/** The engine ended although nobody asked it to. Verdict: unknown, unless a refusal was expected and this is it. */
export class EngineEnded extends E2eError {
  override readonly name = 'EngineEnded';
  readonly exit: Exit;
  /** What it printed last that looks like an error. */
  readonly said: string;

  constructor(verb: string, exit: Exit, said: string | undefined) {
    const how = exit.signal === null ? `exit code ${exit.code ?? '?'}` : `signal ${exit.signal}`;
    super(
      'ENGINE_ENDED',
      `${verb}: the engine ended by itself with ${how}${said === undefined ? ', and printed no error' : `: ${said}`}`,
    );
    this.exit = exit;
    this.said = said ?? '';
  }
}

export class Supervision implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #transfer: Transfer;
  readonly #signal: AbortSignal;
  readonly #logs: string[] = [];
  readonly notes: string[] = [];
  #process: EngineProcess | undefined;
  /** The present process, where it is several. */
  #crew: Crew | undefined;
  /** Set while a fault's kill is under way, so that the end of the process is not taken for its own doing. */
  #killing = false;
  #kills = 0;
  #finished = false;
  #replicating = false;
  /** Rejects when a replication ended by itself; awaited by every barrier. */
  #failure: EngineEnded | undefined;

  constructor(engine: Engine, transfer: Transfer, signal: AbortSignal) {
    this.#engine = engine;
    this.#transfer = transfer;
    this.#signal = signal;
  }

  /**
   * Runs one activation to its end, started again each time a fault killed it.
   *
   * @throws EngineEnded for any end but exit code 0; BarrierTimeout.
   */
  async activate(deadline: Deadline): Promise<void> {
    this.#finished = false;
    try {
      for (;;) {
        const kills = this.#kills;
        const started = await this.#startActivation();
        this.#process = started;
        let exit: Exit;
        try {
          const seen = `pid ${started.pid} still running`;
          exit = await within('the activation to end', deadline, started.exited, seen);
        } catch (error) {
          throw withSaid(error, started);
        } finally {
          this.#logs.push(`--- activate (pid ${started.pid}) ---\n${started.log()}`);
        }
        // Ends whatever the program left running in its group: an activation is over when its process is.
        await started.kill();
        if (this.#kills > kills || this.#killing) continue;
        if (exit.code !== 0) throw new EngineEnded('activate', exit, started.lastError());
        return;
      }
    } finally {
      await this.#process?.[Symbol.asyncDispose]();
      this.#process = undefined;
      this.#finished = true;
    }
  }

  /** @throws E2eError when workers are wanted of an engine that has none. */
  async #startActivation(): Promise<EngineProcess> {
    const { workers } = this.#transfer;
    this.#crew = undefined;
    if (workers === undefined) return this.#engine.activate(this.#transfer, this.#signal);
    if (!canShare(this.#engine)) {
      throw new E2eError(
        'UNSUPPORTED',
        `the engine ${this.#engine.name} cannot share an activation between workers (workers: ${workers}); run the scenario under another`,
      );
    }
    this.#crew = await Crew.start(this.#engine, this.#transfer, workers, this.#signal);
    return this.#crew;
  }

  /** Starts the replication, which from then on is started again each time a fault kills it. */
  async replicate(): Promise<void> {
    this.#finished = false;
    this.#replicating = true;
    await this.#startReplication();
  }

  async #startReplication(): Promise<void> {
    const kills = this.#kills;
    const started = await this.#engine.replicate(this.#transfer, this.#signal);
    this.#process = started;
    void started.exited.then(async (exit) => {
      this.#logs.push(`--- replicate (pid ${started.pid}) ---\n${started.log()}`);
      if (!this.#replicating) return;
      if (this.#kills > kills || this.#killing) {
        try {
          await this.#startReplication();
        } catch (error) {
          this.#failure = new EngineEnded('replicate', exit, `it could not be started again: ${messageOf(error)}`);
        }
        return;
      }
      this.#failure = new EngineEnded('replicate', exit, started.lastError());
    });
  }

  /** @throws EngineEnded when the replication ended by itself. Barriers call it at every look. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  lastError(): string | undefined {
    return this.#process?.lastError();
  }

  /** Stops the replication in order. Notes what it needed. */
  async stop(graceMs: number): Promise<void> {
    this.#replicating = false;
    this.#finished = true;
    const running = this.#process;
    if (running === undefined) return;
    const exit = await running.stop(graceMs);
    if (exit.forced) this.notes.push(`the engine did not end within ${graceMs / 1000} s of SIGTERM and was killed`);
    else if (exit.signal === null && exit.code !== 0 && exit.code !== 143 && exit.code !== 130) {
      this.notes.push(`the engine ended on SIGTERM with exit code ${exit.code ?? '?'}`);
    }
    this.#process = undefined;
  }

  /** The engine as faults see it. */
  target(): EngineTarget {
    return {
      ready: (signal, worker) =>
        until('an engine to run', Deadline.after(READY_MS, signal), () => {
          const up = this.#process !== undefined && this.#process.exit === undefined;
          if (up && (worker === undefined || this.#crew?.runs(worker) === true)) return Promise.resolve(done(true));
          return Promise.resolve(this.#finished ? done(false) : notYet('none is up'));
        }),
      kill: async (worker) => {
        if (worker !== undefined) {
          await this.#crew?.killWorker(worker);
          return;
        }
        this.#killing = true;
        this.#kills += 1;
        try {
          await this.#process?.kill();
        } finally {
          this.#killing = false;
        }
      },
      pause: () => this.#process?.pause(),
      resume: () => this.#process?.resume(),
    };
  }

  get kills(): number {
    return this.#kills;
  }

  log(): string {
    const running = this.#process;
    return [...this.#logs, ...(running === undefined ? [] : [`--- pid ${running.pid} ---\n${running.log()}`])].join(
      '\n',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#replicating = false;
    this.#finished = true;
    await this.#process?.[Symbol.asyncDispose]();
    this.#process = undefined;
  }
}

/** Adds the engine's last error to a time-out's message: that is mostly where the reason stands. */
function withSaid(error: unknown, engine: EngineProcess): unknown {
  const said = engine.lastError();
  if (said !== undefined && error instanceof Error) error.message += `; the engine's last error: ${said}`;
  return error;
}
