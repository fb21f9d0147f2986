/** results.json: every scenario's outcome, for programs. Its schema is schemas/results.schema.json. Reads and joins; writes no file. */
import { UsageError } from '../core/errors.ts';
import type { ScenarioResult } from '../core/result.ts';

/** What results.json holds. */
export interface Results {
  /** By file, engine and stack in that order. */
  readonly scenarios: readonly ScenarioResult[];
}

/** Worst first: of two verdicts on one scenario, a merge keeps the worse. */
const WORST_FIRST: readonly ScenarioResult['verdict'][] = ['different', 'unknown', 'refused', 'equal'];

/** In the order of results.json. */
export function inOrder(scenarios: readonly ScenarioResult[]): Results {
  const sorted = [...scenarios].sort((a, b) => (identity(a) < identity(b) ? -1 : 1));
  return { scenarios: sorted };
}

/**
 * Joins the results of shards, or of several runs. A scenario that ran twice with the same engine and stack keeps the
 * worse outcome: what failed once has failed.
 */
export function mergeResults(parts: readonly Results[]): Results {
  const kept = new Map<string, ScenarioResult>();
  for (const result of parts.flatMap((part) => part.scenarios)) {
    const other = kept.get(identity(result));
    if (other === undefined || isWorse(result, other)) kept.set(identity(result), result);
  }
  return inOrder([...kept.values()]);
}

/** @param name where the text came from, for the message. @throws UsageError when it is not a results.json. */
export function parseResults(text: string, name: string): Results {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UsageError('RESULTS_UNREADABLE', `${name} is not JSON: was the run that wrote it cut short?`, { cause });
  }
  if (!isResults(parsed)) {
    throw new UsageError('RESULTS_UNREADABLE', `${name} is not a results.json: it has no list \`scenarios\``);
  }
  return parsed;
}

/** Only what tells a results.json from other JSON; its full shape is the schema's business. */
function isResults(value: unknown): value is Results {
  return (
    typeof value === 'object' &&
    value !== null &&
    'scenarios' in value &&
    Array.isArray(value.scenarios) &&
    value.scenarios.every(
      (entry: unknown) =>
        typeof entry === 'object' && entry !== null && 'file' in entry && 'verdict' in entry && 'stages' in entry,
    )
  );
}

function identity(result: ScenarioResult): string {
  return `${result.file}\u0000${result.engine}\u0000${result.stack}`;
}

function isWorse(a: ScenarioResult, b: ScenarioResult): boolean {
  if (a.ok !== b.ok) return !a.ok;
  return WORST_FIRST.indexOf(a.verdict) < WORST_FIRST.indexOf(b.verdict);
}
