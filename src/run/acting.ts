/** Stage 6, and what runs beside an activation: steps in file order, each handed to whoever executes its kind. */
import { createHash } from 'node:crypto';
import { printStep, type Step } from '../core/step.ts';
import { strike } from '../faults/fault.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { consumed } from './barriers.ts';
import type { Course } from './life.ts';
import type { Prepared } from './preparing.ts';
import type { Supervision } from './supervision.ts';

export interface Scene extends Prepared {
  readonly scenario: Scenario;
  readonly supervision: Supervision;
  readonly course: Course;
  readonly seed: string;
  readonly signal: AbortSignal;
}

/**
 * Runs the steps one after the other, beside `meanwhile` where given. The first failure stops the others and is thrown.
 */
export async function act(scene: Scene, steps: readonly Step[], meanwhile?: () => Promise<void>): Promise<void> {
  const both = new AbortController();
  const signal = AbortSignal.any([scene.signal, both.signal]);
  const stopOnError = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      both.abort(error);
      throw error;
    }
  };
  const branches = [
    stopOnError(
      (async () => {
        for (const [index, step] of steps.entries()) await runStep({ ...scene, signal }, step, `${index}`);
      })(),
    ),
    ...(meanwhile === undefined ? [] : [stopOnError(meanwhile())]),
  ];
  const ended = await Promise.allSettled(branches);
  if (both.signal.aborted) throw both.signal.reason;
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

async function runStep(scene: Scene, step: Step, path: string): Promise<void> {
  const { supervision, workload, course, signal } = scene;
  signal.throwIfAborted();
  supervision.check();
  const started = performance.now();
  switch (step.kind) {
    case 'fault': {
      const strikes = await strike(
        step.fault,
        supervision.target(),
        seedOf(scene.seed, scene.scenario.file, path),
        signal,
      );
      course.events.push(...strikes.map(({ what, atMs }) => `${what} (${atMs} ms into the step)`));
      break;
    }
    case 'activate':
      await supervision.activate(course.deadlines.activate());
      break;
    case 'settle':
      await consumed(scene, course.deadlines.settle());
      break;
    case 'concurrently':
      await Promise.all(step.steps.map((inner, index) => runStep(scene, inner, `${path}.${index}`)));
      break;
    default:
      await workload.run(step, signal);
  }
  course.events.push(`${printStep(step)} (${Math.round(performance.now() - started)} ms)`);
}

/** A number of its own for every step, so that two faults of one scenario do not strike in step. */
function seedOf(seed: string, file: string, path: string): number {
  return createHash('sha256').update(`${seed}/${file}/${path}`).digest().readInt32LE(0);
}
