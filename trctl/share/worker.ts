/** A worker beside the main one: waits for an open run, copies parts of it, goes home when it is over. Protocol: notes.ts. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Board } from '../coordinator/coordinator.ts';
import { EnvironmentError, SnapshotGone } from '../errors.ts';
import { parsePosition } from '../model/change.ts';
import type { Snapshot } from '../provider.ts';
import { Ends } from '../transfer/transfer.ts';
import type { TransferContext } from '../transfer/transfer.ts';
import { BoardParts } from './board-parts.ts';
import { Copier } from './copier.ts';
import { Watch, parseNote } from './heart.ts';
import { LOOK, signIn } from './lead.ts';
import { MAIN, mainNote, plan, planName, workerNote, workersPrefix } from './notes.ts';
import type { Jobs, MainNote, Plan } from './notes.ts';

/** Milliseconds that a worker waits for a main worker to begin. */
const MAIN_MS = 600_000;

/** What became of a run, from where a worker stands. */
type Outcome = 'done' | 'gone';

/** @throws EnvironmentError when no main worker begins in time, or it failed; what a part failed with. */
export async function workFor(context: TransferContext, jobs: Jobs): Promise<void> {
  const { log, signal } = context;
  const board = context.coordinator.board(context.config.id);
  const office = new MainOffice(board, jobs);
  const avoided = new Set<string>();
  for (;;) {
    const main = await awaitRun(board, office, avoided, jobs, signal);
    if (main === null) {
      log.info('the snapshot was complete before this worker came');
      return;
    }
    const outcome = await workInRun(context, board, office, main.run, jobs);
    if (outcome === 'done') {
      log.info('snapshot is complete', { worker: jobs.index });
      return;
    }
    avoided.add(main.run);
    log.warn('the main worker is gone: its run is given up, waiting for the next');
  }
}

/** Sees what the main worker says, and whether it still does. */
class MainOffice {
  readonly #board: Board;
  readonly #watch: Watch;

  constructor(board: Board, { leaseMs }: Jobs) {
    this.#board = board;
    this.#watch = new Watch(leaseMs);
  }

  async look(): Promise<{ readonly note: MainNote; readonly silent: boolean } | null> {
    const found = await this.#board.read(MAIN);
    if (found === null) return null;
    return { note: parseNote(MAIN, found.text, mainNote), silent: this.#watch.silent(MAIN, found.tag) };
  }
}

/**
 * Waits for a run to take part in. Null: the run that this worker was started for is over already. A run that is over
 * and that a worker of this index left in order was an earlier activation's.
 */
async function awaitRun(
  board: Board,
  office: MainOffice,
  avoided: ReadonlySet<string>,
  jobs: Jobs,
  signal: AbortSignal,
): Promise<MainNote | null> {
  const until = performance.now() + MAIN_MS;
  for (;;) {
    signal.throwIfAborted();
    const main = await office.look();
    let seen = 'no main worker has ever begun';
    if (main !== null) {
      const { note, silent } = main;
      const over = note.stage === 'done' || note.stage === 'failed';
      if (!over && !avoided.has(note.run) && !silent) return note;
      if (note.stage === 'done' && (avoided.has(note.run) || !(await hasLeft(board, note.run, jobs)))) {
        await (await signIn(board, note.run, jobs)).change({ left: true });
        return null;
      }
      seen = over ? `the last run is over (${note.stage})` : 'the main worker is silent';
    }
    if (performance.now() > until) {
      throw new EnvironmentError(
        `worker ${jobs.index} waited ${MAIN_MS / 1000} s for the main worker to open a snapshot; ${seen}; ` +
          'start the process with --coordinator-job-index 0',
      );
    }
    await delay(jobs.leaseMs * LOOK, undefined, { signal });
  }
}

async function hasLeft(board: Board, run: string, { index }: Jobs): Promise<boolean> {
  for (const { name } of await board.list(workersPrefix(run, index))) {
    const found = await board.read(name);
    const left = found === null ? false : parseNote(name, found.text, workerNote).left;
    if (left) return true;
  }
  return false;
}

async function workInRun(
  context: TransferContext,
  board: Board,
  office: MainOffice,
  run: string,
  jobs: Jobs,
): Promise<Outcome> {
  const self = await signIn(board, run, jobs);
  const signal = AbortSignal.any([context.signal, self.lost]);
  try {
    for (;;) {
      signal.throwIfAborted();
      // After signing in: a main worker that takes over later than this look finds our note.
      const state = stateOf(await office.look(), run);
      if (state === 'open') return await copyInRun(context, board, office, self.name, run, jobs, signal);
      if (state !== 'waiting') return state;
      await delay(jobs.leaseMs * LOOK, undefined, { signal });
    }
  } catch (cause) {
    if (cause instanceof SnapshotGone) return 'gone';
    throw cause;
  } finally {
    await self.change({ left: true }).catch(() => undefined); // a note that is lost need not say so
    self.stop();
  }
}

function stateOf(main: Awaited<ReturnType<MainOffice['look']>>, run: string): Outcome | 'open' | 'waiting' {
  if (main?.note.run !== run) return 'gone';
  const { stage, message } = main.note;
  if (stage === 'failed') throw new EnvironmentError(`the main worker failed: ${message ?? 'it did not say why'}`);
  if (stage === 'done') return 'done';
  if (main.silent) return 'gone';
  return stage === 'open' ? 'open' : 'waiting';
}

async function copyInRun(
  context: TransferContext,
  board: Board,
  office: MainOffice,
  owner: string,
  run: string,
  jobs: Jobs,
  signal: AbortSignal,
): Promise<Outcome> {
  const text = (await board.read(planName(run)))?.text;
  if (text === undefined) return 'gone';
  const shared = parseNote(planName(run), text, plan);
  await using ends = await Ends.open(context.config);
  const tables = await ends.source.tables();
  await ends.destination.check(tables);
  await using snapshot = await joinSnapshot(ends, shared, tables);
  const parts = new BoardParts(board, run, shared, jobs.leaseMs);
  const from = Math.floor((shared.parts.length * (jobs.index - 1)) / jobs.count);
  const copier = new Copier({ context, ends, parts, snapshot, tables, owner, main: false, from, signal });
  try {
    for (;;) {
      signal.throwIfAborted();
      const state = stateOf(await office.look(), run);
      if (state !== 'open') return state === 'waiting' ? 'gone' : state;
      await parts.look();
      await copier.fill('all');
      await copier.pause(jobs.leaseMs * LOOK);
    }
  } finally {
    await copier.end(new EnvironmentError('the run has ended for this worker'));
  }
}

async function joinSnapshot(
  ends: Ends,
  shared: Plan,
  tables: Parameters<Ends['source']['snapshot']>[1],
): Promise<Snapshot> {
  if (shared.token === null) return ends.source.snapshot(shared.kind, tables);
  const joined = await ends.source.joinSnapshot?.(shared.token, parsePosition(shared.position));
  if (joined === undefined)
    throw new EnvironmentError('this source cannot join a snapshot, although the main worker shares one');
  return joined;
}
