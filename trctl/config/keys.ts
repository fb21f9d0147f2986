/**
 * Finds the key that a person meant: Go field names are taken in any case, an alias for its canonical name,
 * and an unknown key is an error with the nearest known one.
 */
import { closest, distance } from 'fastest-levenshtein';

/** What is known of the keys of one map. */
export interface KeyTable {
  /** Canonical names. */
  readonly keys: readonly string[];
  /** Other spelling → canonical name. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Keys that the engine of record knows and this one accepts without effect. */
  readonly withoutEffect?: readonly string[];
}

export interface Canonical {
  readonly values: Record<string, unknown>;
  /** Canonical name → key as written, to find its place in the file. */
  readonly written: ReadonlyMap<string, string>;
  readonly ignored: readonly string[];
}

/** @param unknown is called with a key that is not known, and with the remedy; it should throw. */
export function canonicalKeys(
  map: Readonly<Record<string, unknown>>,
  table: KeyTable,
  unknown: (key: string, problem: string) => never,
): Canonical {
  const spellings = new Map<string, string | null>();
  for (const key of table.withoutEffect ?? []) spellings.set(key.toLowerCase(), null);
  for (const key of table.keys) spellings.set(key.toLowerCase(), key);
  for (const [alias, key] of Object.entries(table.aliases ?? {})) spellings.set(alias.toLowerCase(), key);
  const values: Record<string, unknown> = {};
  const written = new Map<string, string>();
  const ignored: string[] = [];
  for (const [key, value] of Object.entries(map)) {
    const canonical = spellings.get(key.toLowerCase());
    if (canonical === undefined) unknown(key, `unknown key '${key}'${nearest(key, table)}`);
    else if (canonical === null) ignored.push(key);
    else if (written.has(canonical)) {
      unknown(key, `'${key}' and '${written.get(canonical) ?? ''}' are the same key; keep one`);
    } else {
      values[canonical] = value;
      written.set(canonical, key);
    }
  }
  return { values, written, ignored };
}

/** `; did you mean 'x'?`, or the list of what is allowed if nothing is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const lower = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  const near = closest(word.toLowerCase(), [...lower.keys()]);
  if (distance(word.toLowerCase(), near) <= Math.max(2, Math.floor(word.length / 3))) {
    return `; did you mean '${lower.get(near) ?? near}'?`;
  }
  return candidates.length <= 12 ? `; known: ${candidates.join(', ')}` : '';
}

function nearest(key: string, table: KeyTable): string {
  return didYouMean(key, [...table.keys, ...Object.keys(table.aliases ?? {}), ...(table.withoutEffect ?? [])]);
}
