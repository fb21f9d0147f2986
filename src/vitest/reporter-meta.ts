/** What a scenario's test hands to the reporter in the main process, and what the main process hands to the workers. */
import type { ScenarioResult } from '../core/result.ts';
import type { Stack } from '../core/words.ts';
import type { DeskAddress } from '../run/server-desk.ts';

export interface RunContext {
  readonly desk: DeskAddress;
  readonly ledgerFolder: string;
  readonly seed: string;
  readonly stack: Stack;
  /** The reports folder. */
  readonly reports: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly run: RunContext;
  }
}

declare module '@vitest/runner' {
  export interface TaskMeta {
    /** Put there by scenario-test.ts. */
    scenario?: ScenarioResult;
  }
}
