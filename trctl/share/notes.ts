/**
 * One activation shared by several processes. Read this first; what they write to each other is here.
 *
 * 1. The main worker (index 0) takes the lead: the note `main`, which it writes again at every beat. It first waits until
 *    whoever worked under an earlier lead has left or has been silent for a lease. (lead.ts)
 * 2. It prepares as ever: state, snapshot, destination. Then it writes the plan of this run: the snapshot's name and
 *    its parts; the lead's stage becomes `open`. (lead.ts)
 * 3. Workers 1…N sign in with a note of their own, which they too write again at every beat. Each claims a part that nobody
 *    has, copies it, and writes it down as done. A part whose owner has left or has been silent for a lease is claimed
 *    anew. (worker.ts)
 * 4. The main worker waits for all parts and finishes the activation: the stage becomes `done`. Where no worker is to be
 *    seen for a lease it copies parts itself.
 *
 * Nobody compares clocks: a note is silent when its tag has not changed for a lease by the looker's own monotonic clock, and
 * who could not write its own note for four fifths of a lease by its own stops what it does. So before anyone takes over,
 * its former owner has stopped.
 */
import { z } from 'zod';

export interface Jobs {
  /** 0: the main worker. */
  readonly index: number;
  /** Workers beside the main one. */
  readonly count: number;
  /** Milliseconds of silence after which a process counts as dead. */
  readonly leaseMs: number;
}

export const mainNote = z.object({
  run: z.string(),
  beat: z.int(),
  stage: z.enum(['preparing', 'open', 'done', 'failed']),
  /** Of `failed`. */
  message: z.string().optional(),
});
export type MainNote = z.output<typeof mainNote>;

export const workerNote = z.object({ beat: z.int(), left: z.boolean() });
export type WorkerNote = z.output<typeof workerNote>;

export const planPart = z.object({
  /** `schema.table`. */
  table: z.string(),
  name: z.string(),
  where: z.string(),
  /** Rows with the same keys may be there already. */
  replace: z.boolean(),
  /** Version of its rows at a destination that tells newer ones from older ones; a later snapshot's own counts if it is later. */
  position: z.string(),
  /** Only the main worker reads at the snapshot that this part needs. */
  mainOnly: z.boolean(),
});
export type PlanPart = z.output<typeof planPart>;

export const plan = z.object({
  epoch: z.string(),
  /** Of the main worker's snapshot, printed. */
  position: z.string(),
  /** What a source makes the same snapshot of elsewhere; null: it cannot, and each worker reads at its own. */
  token: z.string().nullable(),
  kind: z.enum(['plain', 'beside-log']),
  parts: z.array(planPart),
});
export type Plan = z.output<typeof plan>;

export const partNote = z.object({
  /** Name of the owner's own note. */
  owner: z.string(),
  /** Of `claimed`: no two claims read the same, so that who made one knows it again. */
  claim: z.string().optional(),
  state: z.enum(['claimed', 'done', 'failed']),
  rows: z.int(),
  /** Of `failed`. */
  message: z.string().optional(),
  exitCode: z.int().optional(),
});
export type PartNote = z.output<typeof partNote>;

export const MAIN = 'main';
export const RUNS = 'runs/';

export function runFolder(run: string): string {
  return `${RUNS}${run}/`;
}

export function planName(run: string): string {
  return `${runFolder(run)}plan`;
}

export function partsPrefix(run: string): string {
  return `${runFolder(run)}part-`;
}

export function partName(run: string, at: number): string {
  return `${partsPrefix(run)}${String(at).padStart(6, '0')}`;
}

/** The part's place in the plan. */
export function partIndex(name: string): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}

export function workersPrefix(run: string, index?: number): string {
  return `${runFolder(run)}worker-${index === undefined ? '' : `${index}-`}`;
}

/** `2` of `runs/7/worker-2-ab12`. */
export function workerIndex(name: string): string {
  return /worker-(\d+)-/.exec(name)?.[1] ?? '0';
}
