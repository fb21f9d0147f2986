/** How long each stage may take: defaults, laid over by the scenario, stretched as a whole for slow machines. */
import { Deadline } from '../core/deadline.ts';
import { UsageError } from '../core/errors.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** Milliseconds. Long enough for a slow machine, short enough that a hung engine is told of within a minute. */
const DEFAULTS = {
  provision: 120_000,
  activate: 60_000,
  replicate: 30_000,
  settle: 60_000,
  stop: 10_000,
  compare: 300_000,
};

export type TimedStage = keyof typeof DEFAULTS;

export interface Deadlines extends Readonly<Record<Exclude<TimedStage, 'stop'>, () => Deadline>> {
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
}

/** @throws UsageError for an E2E_DEADLINE_FACTOR that is no positive number. */
export function deadlinesOf(scenario: Scenario, env: NodeJS.ProcessEnv, signal: AbortSignal): Deadlines {
  const factor = Number(env.E2E_DEADLINE_FACTOR ?? 1);
  if (!(factor > 0))
    throw new UsageError(
      'DEADLINE_FACTOR',
      `E2E_DEADLINE_FACTOR=${env.E2E_DEADLINE_FACTOR ?? ''} is no positive number`,
    );
  const ms = (stage: TimedStage): number => (scenario.deadlines[stage] ?? DEFAULTS[stage]) * factor;
  const deadline = (stage: TimedStage) => () => Deadline.after(ms(stage), signal);
  return {
    provision: deadline('provision'),
    activate: deadline('activate'),
    replicate: deadline('replicate'),
    settle: deadline('settle'),
    compare: deadline('compare'),
    graceMs: ms('stop'),
  };
}
