/**
 * Scenario files. Read this first.
 *
 * Life of a scenario file, in order:
 * 1. core/document.ts reads the YAML and remembers where everything stands.
 * 2. schema.ts says what shape it must have; steps.ts turns its steps into core's.
 * 3. check.ts asks what a schema cannot: whether fixture, tables, columns and values are there, whether the mode can do
 *    what the steps want, whether the folder is the pair's.
 * 4. `loadScenario` (load.ts) gives a `Scenario`, or every problem with file, line and column.
 *
 * Must not know connectors, engines or how anything is run; what it must ask of them comes in as `Surroundings`.
 */
import type { Fixture } from '../core/fixture.ts';
import type { Tolerance } from '../core/policy.ts';
import type { Step } from '../core/step.ts';
import type { Cleanup } from '../core/transfer.ts';
import type { DatabaseKind, EngineName, Mode, Pair, Square } from '../core/words.ts';

export { loadScenario } from './load.ts';

export interface Scenario {
  /** Relative to the project's root: `scenarios/pg-ch/snapshot.yaml`. */
  readonly file: string;
  readonly title: string;
  readonly source: DatabaseKind;
  readonly destination: DatabaseKind;
  readonly pair: Pair;
  readonly mode: Mode;
  readonly fixtures: readonly Fixture[];
  /** For all portable tables, or by table; absent: the fixtures' own numbers. */
  readonly rows?: number | Readonly<Record<string, number>>;
  /** Absent: the run's seed. */
  readonly seed?: string;
  /** Processes that share the activation, beside the main one; absent: one process does it. */
  readonly workers?: number;
  /** Only under these engines; absent: all. */
  readonly engines?: readonly EngineName[];
  /** Milliseconds, by stage. */
  readonly deadlines: Readonly<Partial<Record<DeadlineName, number>>>;
  readonly cleanup?: Cleanup;
  readonly params: {
    readonly source: Readonly<Record<string, unknown>>;
    readonly destination: Readonly<Record<string, unknown>>;
  };
  readonly cursors: readonly { readonly table: string; readonly column: string; readonly initial: string }[];
  readonly duringActivation: readonly Step[];
  readonly steps: readonly Step[];
  readonly expect: Expect;
  readonly tags: readonly string[];
}

export type DeadlineName = 'provision' | 'activate' | 'replicate' | 'settle' | 'stop' | 'compare';

/** What must hold without an expected failure around it. */
export type PlainExpect =
  /** `tables` empty: all tables, without tolerance; else only these. */
  | { readonly kind: 'equal'; readonly tables: readonly TableExpect[] }
  /** `message` absent: whatever the engine declares as its refusal. */
  | { readonly kind: 'refused'; readonly message?: RegExp };

export type Expect =
  PlainExpect | { readonly kind: 'xfail'; readonly issue: string; readonly because: string; readonly of: PlainExpect };

export interface TableExpect {
  readonly table: string;
  readonly tolerate: readonly Tolerance[];
  readonly key?: readonly string[];
}

/** What a scenario file is checked against. What is absent is not checked. */
export interface Surroundings {
  readonly fixtures: {
    names(): readonly string[];
    /** @throws UsageError or FileProblems. */
    get(name: string): Fixture;
  };
  /** What a kind of database can do; undefined for one that there is no connector for. */
  readonly traitsOf?: (kind: DatabaseKind) => DatabaseTraits | undefined;
  /** Whether an engine can do a square by intent. */
  readonly supports?: (engine: EngineName, square: Square) => boolean;
}

/** The part of a connector's traits that decides what a scenario may ask for. */
export interface DatabaseTraits {
  readonly changeLog: boolean;
  readonly keylessTables: boolean;
  readonly primaryKeyMayChange: boolean;
  readonly transactions: boolean;
}
