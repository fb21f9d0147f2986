/** The main worker of a shared activation: takes the lead, plans, waits for the parts, ends the run. Protocol: notes.ts. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Board, TransferState } from '../coordinator/coordinator.ts';
import { EnvironmentError, WorkerFailed, oneLine } from '../errors.ts';
import { parsePosition, printPosition } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Snapshot } from '../provider.ts';
import type { Job } from '../transfer/copy.ts';
import type { Ends, TransferContext } from '../transfer/transfer.ts';
import { BoardParts } from './board-parts.ts';
import { Copier } from './copier.ts';
import { Heart, Watch, parseNote } from './heart.ts';
import {
  MAIN,
  RUNS,
  mainNote,
  partNote,
  plan,
  planName,
  runFolder,
  workerIndex,
  workerNote,
  workersPrefix,
} from './notes.ts';
import type { Jobs, MainNote, Plan, WorkerNote } from './notes.ts';

/** Leases that another main worker may be alive before this one gives up waiting for it. */
const RIVAL_LEASES = 3;
/** Milliseconds without any part becoming done after which the activation fails. */
const STALL_MS = 600_000;
/** Between two lines about what is still awaited. */
const TELL_MS = 5_000;

/** Part of a lease between two looks at the board. */
export const LOOK = 0.05;

export class Lead {
  readonly run: string;
  readonly #board: Board;
  readonly #jobs: Jobs;
  readonly #heart: Heart<MainNote>;
  /** What earlier runs finished: `epoch table part`. */
  readonly #finished: ReadonlySet<string>;
  #self: Heart<WorkerNote> | undefined;

  private constructor(board: Board, jobs: Jobs, heart: Heart<MainNote>, finished: ReadonlySet<string>) {
    this.run = heart.value.run;
    this.#board = board;
    this.#jobs = jobs;
    this.#heart = heart;
    this.#finished = finished;
  }

  /**
   * Resolves when this process leads and nobody works under an earlier lead any more.
   * @throws EnvironmentError when another main worker is at work.
   */
  static async take(board: Board, jobs: Jobs, log: TransferContext['log'], signal: AbortSignal): Promise<Lead> {
    const watch = new Watch(jobs.leaseMs);
    const note: MainNote = { run: randomUUID(), beat: 0, stage: 'preparing' };
    const text = JSON.stringify(note);
    const started = performance.now();
    for (let told = false; ; told = true) {
      signal.throwIfAborted();
      const begun = performance.now();
      const found = await board.read(MAIN);
      const before = found === null ? null : parseNote(MAIN, found.text, mainNote);
      const over = before === null || before.stage === 'done' || before.stage === 'failed';
      let tag = null;
      if (found === null) tag = await board.create(MAIN, text);
      else if (over || watch.silent(MAIN, found.tag)) tag = await board.replace(MAIN, text, found.tag);
      else if (!told) log.info('another main worker had the lead; waiting until it has been silent for a lease');
      if (tag === null) {
        const now = await board.read(MAIN);
        if (now?.text === text) tag = now.tag;
      }
      if (tag !== null) {
        const heart = new Heart(board, MAIN, note, tag, begun, jobs.leaseMs);
        try {
          const finished = await settleEarlier(board, note.run, jobs, log, AbortSignal.any([signal, heart.lost]));
          return new Lead(board, jobs, heart, finished);
        } catch (cause) {
          heart.stop();
          throw cause;
        }
      }
      if (performance.now() - started > RIVAL_LEASES * jobs.leaseMs) {
        throw new EnvironmentError(
          `another main worker of this transfer is at work (waited ${Math.round((RIVAL_LEASES * jobs.leaseMs) / 1000)} s for it to end); ` +
            'start only one process with --coordinator-job-index 0',
        );
      }
      await delay(jobs.leaseMs * LOOK, undefined, { signal });
    }
  }

  /** Aborts when another process has taken the lead. */
  get lost(): AbortSignal {
    return this.#heart.lost;
  }

  /** Parts of an epoch that earlier runs finished, as `schema.table part`. */
  finishedParts(epoch: string): ReadonlySet<string> {
    const prefix = `${epoch} `;
    return new Set([...this.#finished].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)));
  }

  /** Has the workers copy the parts, and resolves when all are done. @throws WorkerFailed, or what this process failed with. */
  async copyParts(
    context: TransferContext,
    ends: Ends,
    snapshot: Snapshot,
    jobs: readonly Job[],
    state: TransferState,
  ): Promise<void> {
    const signal = AbortSignal.any([context.signal, this.lost]);
    const shared = makePlan(context, snapshot, jobs, state);
    const { log } = context;
    if (shared.token === null) {
      log.warn(
        context.config.type === 'SNAPSHOT_ONLY'
          ? 'this source cannot share a snapshot: every worker reads at one of its own, so the copy is of one moment only if nothing is written meanwhile'
          : 'this source cannot share a snapshot: every worker reads at one of its own, and the change log makes them one',
      );
    }
    if ((await this.#board.create(planName(this.run), JSON.stringify(shared))) === null) {
      throw new EnvironmentError(`there is a plan of run ${this.run} already; start the activation again`);
    }
    await this.#heart.change({ stage: 'open' });
    log.info('the snapshot is open to workers', { parts: jobs.length, workers: this.#jobs.count });
    const parts = new BoardParts(this.#board, this.run, shared, this.#jobs.leaseMs);
    const own = new Copiers(context, ends, snapshot, jobs, parts, signal);
    try {
      await this.#follow(context, jobs, state, parts, own, signal);
    } finally {
      await own.end();
      await this.#leave();
    }
  }

  async #follow(
    context: TransferContext,
    jobs: readonly Job[],
    state: TransferState,
    parts: BoardParts,
    own: Copiers,
    signal: AbortSignal,
  ): Promise<void> {
    const { config, coordinator, log } = context;
    let alone = performance.now();
    let moved = performance.now();
    let told = performance.now();
    for (;;) {
      signal.throwIfAborted();
      await parts.look();
      const now = performance.now();
      let news = false;
      for (const [at, job] of jobs.entries()) {
        const note = parts.note(at);
        if (note?.state === 'failed') {
          throw new WorkerFailed(`worker ${workerIndex(note.owner)}: ${note.message ?? 'failed'}`, note.exitCode ?? 1);
        }
        if (note?.state !== 'done' || job.progress.done) continue;
        job.progress.done = true;
        news = true;
        const facts = { part: job.part.name, rows: note.rows, worker: workerIndex(note.owner) };
        log.info(`copied ${tableLabel(job.part.table.id)}`, { ...facts, done: `${parts.done}/${jobs.length}` });
      }
      if (news) {
        moved = now;
        await coordinator.save(config.id, state);
      }
      const missing = jobs.filter((job) => !job.progress.done);
      if (missing.length === 0) return;
      if (parts.alive.some((name) => workerIndex(name) !== '0')) alone = now;
      const nobody = now - alone > this.#jobs.leaseMs;
      if (nobody || parts.plan.parts.some(({ mainOnly }) => mainOnly)) {
        if (this.#self === undefined) {
          if (nobody) log.warn('no worker is to be seen: the main worker copies parts itself');
          this.#self = await signIn(this.#board, this.run, this.#jobs);
        }
        await own.fill(nobody, this.#self);
      }
      if (now - moved > STALL_MS) throw new EnvironmentError(stalled(parts, jobs));
      if (now - told > TELL_MS) {
        told = now;
        log.info(awaited(parts, jobs));
      }
      await own.pause(this.#jobs.leaseMs * LOOK);
    }
  }

  /** Ends the run. Workers go home. */
  async done(): Promise<void> {
    await this.#heart.change({ stage: 'done' });
    this.#heart.stop();
  }

  /** Tells the workers why there is nothing more to do, if that can still be said. */
  async failed(cause: unknown): Promise<void> {
    await this.#heart.change({ stage: 'failed', message: oneLine(cause) }).catch(() => undefined); // the cause itself is thrown on
    this.#heart.stop();
  }

  async #leave(): Promise<void> {
    await this.#self?.change({ left: true }).catch(() => undefined); // only a lost note cannot be written: then nobody believes it
    this.#self?.stop();
  }
}

/** What the main worker copies itself: parts that only it reads rightly, and everything when it is alone. */
class Copiers {
  readonly #make: (owner: string, own: BoardParts) => Copier;
  readonly #parts: BoardParts;
  #copier: Copier | undefined;

  constructor(
    context: TransferContext,
    ends: Ends,
    snapshot: Snapshot,
    jobs: readonly Job[],
    parts: BoardParts,
    signal: AbortSignal,
  ) {
    this.#parts = parts;
    const tables = jobs.map(({ part }) => part.table);
    this.#make = (owner, own) =>
      new Copier({ context, ends, parts: own, snapshot, tables, owner, main: true, from: 0, signal });
  }

  async fill(all: boolean, self: Heart<WorkerNote>): Promise<void> {
    this.#copier ??= this.#make(self.name, this.#parts);
    await this.#copier.fill(all ? 'all' : 'main-only');
  }

  async pause(milliseconds: number): Promise<void> {
    await (this.#copier === undefined ? delay(milliseconds) : this.#copier.pause(milliseconds));
  }

  async end(): Promise<void> {
    await this.#copier?.end(new EnvironmentError('the run has ended'));
  }
}

/** Signs a process in under a name that no other has ever had. */
export async function signIn(board: Board, run: string, { index, leaseMs }: Jobs): Promise<Heart<WorkerNote>> {
  const name = `${workersPrefix(run, index)}${randomUUID().slice(0, 8)}`;
  const note: WorkerNote = { beat: 0, left: false };
  const begun = performance.now();
  const tag = (await board.create(name, JSON.stringify(note))) ?? (await board.read(name))?.tag;
  if (tag === undefined) throw new EnvironmentError(`note ${name} cannot be written; start the worker again`);
  return new Heart(board, name, note, tag, begun, leaseMs);
}

function makePlan({ config }: TransferContext, snapshot: Snapshot, jobs: readonly Job[], state: TransferState): Plan {
  const token = snapshot.share?.() ?? null;
  return {
    epoch: state.epoch,
    position: printPosition(snapshot.position),
    token,
    kind: config.type === 'SNAPSHOT_ONLY' ? 'plain' : 'beside-log',
    parts: jobs.map(({ part, replace }) => {
      const table = tableLabel(part.table.id);
      const recorded = state.tables[table]?.position ?? null;
      const position =
        recorded === null || parsePosition(recorded) < snapshot.position ? snapshot.position : parsePosition(recorded);
      return {
        table,
        name: part.name,
        where: part.where,
        replace,
        position: printPosition(position),
        // The log is cut for a table without a key to the very snapshot that it was read at.
        mainOnly: token === null && part.table.key.length === 0,
      };
    }),
  };
}

/**
 * Waits until the workers of earlier runs have left or are silent, takes down what they finished, and removes their notes.
 * @returns `epoch table part` of every finished part.
 */
async function settleEarlier(
  board: Board,
  run: string,
  { leaseMs }: Jobs,
  log: TransferContext['log'],
  signal: AbortSignal,
): Promise<Set<string>> {
  const watch = new Watch(leaseMs);
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    const notes = (await board.list(RUNS)).filter(({ name }) => !name.startsWith(runFolder(run)));
    const working: string[] = [];
    for (const { name, tag } of notes) {
      if (!name.includes('/worker-') || watch.silent(name, tag)) continue;
      const found = await board.read(name);
      if (found !== null && !parseNote(name, found.text, workerNote).left) working.push(name);
    }
    if (working.length === 0) {
      const finished = await finishedIn(board, notes);
      for (const folder of new Set(notes.map(({ name }) => name.slice(0, name.indexOf('/', RUNS.length) + 1)))) {
        await board.remove(folder);
      }
      return finished;
    }
    if (!told) {
      log.info('waiting for workers of an earlier run to stop, or to have been silent for a lease', {
        workers: working.map(workerIndex).join(','),
      });
    }
    await delay(leaseMs * LOOK, undefined, { signal });
  }
}

async function finishedIn(board: Board, notes: readonly { readonly name: string }[]): Promise<Set<string>> {
  const finished = new Set<string>();
  for (const { name } of notes.filter((note) => note.name.endsWith('/plan'))) {
    const found = await board.read(name);
    if (found === null) continue;
    const { epoch, parts } = parseNote(name, found.text, plan);
    const folder = name.slice(0, -'plan'.length);
    for (const part of notes.filter((note) => note.name.startsWith(`${folder}part-`))) {
      const text = (await board.read(part.name))?.text;
      if (text === undefined || parseNote(part.name, text, partNote).state !== 'done') continue;
      const planned = parts[Number(part.name.slice(`${folder}part-`.length))];
      if (planned !== undefined) finished.add(`${epoch} ${planned.table} ${planned.name}`);
    }
  }
  return finished;
}

function awaited(parts: BoardParts, jobs: readonly Job[]): string {
  const held = new Map<string, string[]>();
  let free = 0;
  for (const [at, { part }] of jobs.entries()) {
    const note = parts.note(at);
    if (note === undefined) free += 1;
    else if (note.state === 'claimed') {
      const list = held.get(note.owner) ?? [];
      list.push(`${tableLabel(part.table.id)} ${part.name}`);
      held.set(note.owner, list);
    }
  }
  const who = [...held].map(
    ([owner, names]) =>
      `worker ${workerIndex(owner)}${parts.alive.includes(owner) ? '' : ' (silent)'} has ${names.join(', ')}`,
  );
  return `waiting for ${jobs.length - parts.done} of ${jobs.length} parts: ${[...who, `${free} not begun`].join('; ')}; ${parts.alive.length} workers alive`;
}

function stalled(parts: BoardParts, jobs: readonly Job[]): string {
  return `no part of the snapshot was finished for ${STALL_MS / 1000} s: ${awaited(parts, jobs)}; see what those workers say, and start the activation again`;
}
