/** Which scenario files there are, without loading what they need: for coverage, which counts also what did not run. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { PositionedDocument } from '../core/document.ts';
import { MODES, type Mode, type Pair } from '../core/words.ts';

export interface KnownScenario {
  /** Relative to the project's root: `scenarios/pg-ch/snapshot.yaml`. */
  readonly file: string;
  readonly pair: Pair;
  readonly mode: Mode;
}

/** Files whose mode cannot be told are left out: when they run, they fail by themselves. In name order. */
export function knownScenarios(root: string): KnownScenario[] {
  const folder = join(root, 'scenarios');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .flatMap((name) => {
      const { value } = new PositionedDocument(name, readFileSync(join(folder, name), 'utf8'));
      const said: unknown = typeof value === 'object' && value !== null && 'mode' in value ? value.mode : undefined;
      const mode = MODES.find((candidate) => candidate === said);
      const pair = basename(dirname(name));
      if (mode === undefined || !isPair(pair)) return [];
      return [{ file: ['scenarios', ...name.split(sep)].join('/'), pair, mode }];
    });
}

function isPair(folder: string): folder is Pair {
  return /^[a-z]+-[a-z]+$/.test(folder);
}
