/** Pair names as people type them: `pg-ch`, also `postgres-clickhouse`. */
import { UsageError } from '../core/errors.ts';
import { meant } from '../core/problems.ts';
import { DATABASES, SHORT_NAMES, pairOf } from '../core/words.ts';
import type { DatabaseKind } from '../core/words.ts';

export interface PairEnds {
  readonly source: DatabaseKind;
  readonly destination: DatabaseKind;
}

/** @throws UsageError naming the databases that there are. */
export function parsePair(text: string): PairEnds {
  const [source, destination, ...more] = text.split('-').map(kindNamed);
  if (source !== undefined && destination !== undefined && more.length === 0) return { source, destination };
  const pairs = DATABASES.flatMap((from) => DATABASES.map((to) => pairOf({ source: from, destination: to })));
  const names = DATABASES.map((kind) => SHORT_NAMES[kind]).join(', ');
  throw new UsageError(
    'PAIR_NAME',
    `${JSON.stringify(text)} is not a pair${meant(text, pairs)} (a pair is SOURCE-DESTINATION, each one of ${names})`,
  );
}

function kindNamed(name: string): DatabaseKind | undefined {
  return DATABASES.find((kind) => kind === name || SHORT_NAMES[kind] === name);
}
