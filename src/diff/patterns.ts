/**
 * What the differences of a column share. Every differing cell is shown to the detectors (pattern-*.ts); each says
 * under which parameters it explains the cell, and what explains most of them is told with its exact count. Nothing is
 * claimed that was not checked on every row.
 */
import type { CellValue } from '../core/canonical-show.ts';
import { ANY } from './pattern-any.ts';
import { NUMBERS } from './pattern-number.ts';
import { TEXTS } from './pattern-text.ts';
import { MOMENTS, zoneShift } from './pattern-time.ts';
import { count } from './reading.ts';
import type { Row } from './row.ts';
import type { ComparedColumn } from './side.ts';
import { Swaps } from './swaps.ts';

/** One way in which values go wrong. */
export interface Detector {
  readonly name: string;
  /** Parameters under which it explains the right value, likeliest first: `-3600000000000` of a shift. */
  explain(left: CellValue, right: CellValue): readonly string[];
  /** Reads after "all 12 are": `exactly 1 h later on the right`. */
  say(parameter: string): string;
  /** Says nothing of a single cell: with one, anything is constant. */
  readonly needsTwo?: boolean;
}

/** In the order in which they are believed where several explain equally many cells. */
const DETECTORS: readonly Detector[] = [...ANY.certain, ...MOMENTS, ...NUMBERS, ...TEXTS, ...ANY.vague];

/** A detector that explained none of so many cells is asked no more. */
const TRIAL = 1_000;
const MOST_PARAMETERS = 256;
/** Less than this part of the cells is not worth a claim. */
const WORTH = 0.05;

export interface Claim {
  readonly say: string;
  readonly cells: number;
}

export class Patterns {
  readonly #columns: readonly ComparedColumn[];
  readonly #stories = new Map<number, Story>();
  readonly #swaps: Swaps;

  constructor(columns: readonly ComparedColumn[]) {
    this.#columns = columns;
    this.#swaps = new Swaps(columns.length);
  }

  /** @param differing columns in which the rows differ. @param copies how many such pairs of rows there are. */
  add(left: Row, right: Row, differing: readonly number[], copies: number): void {
    for (const column of differing) {
      const story = this.#stories.get(column) ?? new Story();
      this.#stories.set(column, story);
      story.add(left.value(column), right.value(column), copies);
      this.#swaps.add(left, right, column, copies);
    }
  }

  /** Rows in which the column differs. */
  different(column: number): number {
    return this.#stories.get(column)?.total ?? 0;
  }

  /** `all 3,214 are exactly 1 h later on the right`; undefined where nothing was found. */
  describe(column: number): string | undefined {
    const story = this.#stories.get(column);
    if (story === undefined) return undefined;
    const name = (other: number): string => this.#columns[other]?.name ?? '';
    const { swapped, copied } = this.#swaps.claims(column, name);
    return tell([...swapped, ...story.claims(), ...copied], story.total);
  }
}

/** The claim that covers most, and with it one that covers what is left. */
function tell(claims: readonly Claim[], total: number): string | undefined {
  const best = most(claims, total);
  if (best === undefined || best.cells < total * WORTH) return undefined;
  if (best.cells === total) return total === 1 ? best.say : `all ${count(total)} are ${best.say}`;
  // One cell of many shares nothing with the others.
  if (best.cells === 1) return undefined;
  const others = claims.filter(({ say }) => say !== best.say);
  const rest = most(others, total - best.cells);
  const also =
    rest === undefined || rest.cells < Math.max(2, total * WORTH) ? '' : `; ${count(rest.cells)} are ${rest.say}`;
  return `${count(best.cells)} of ${count(total)} are ${best.say}${also}`;
}

function most(claims: readonly Claim[], limit: number): Claim | undefined {
  let best: Claim | undefined;
  for (const claim of claims) {
    if (claim.cells <= limit && claim.cells > (best?.cells ?? 0)) best = claim;
  }
  return best;
}

/** The differences of one column so far. */
class Story {
  total = 0;
  #seen = 0;
  #live: readonly { readonly detector: Detector; readonly tally: Tally }[] = DETECTORS.map((detector) => ({
    detector,
    tally: new Tally(),
  }));

  add(left: CellValue, right: CellValue, copies: number): void {
    this.total += copies;
    this.#seen += 1;
    for (const { detector, tally } of this.#live) {
      for (const parameter of detector.explain(left, right)) tally.add(parameter, copies);
    }
    if (this.#seen === TRIAL) this.#live = this.#live.filter(({ tally }) => tally.size > 0);
  }

  claims(): Claim[] {
    const claims = this.#live.flatMap(({ detector, tally }) => {
      if (detector.needsTwo === true && this.#seen < 2) return [];
      return tally.exact().map(([parameter, cells]) => ({ say: detector.say(parameter), cells }));
    });
    const shifts = this.#live.find(({ detector }) => detector.name === 'shift')?.tally.exact() ?? [];
    const zone = zoneShift(shifts);
    return zone === undefined ? claims : [...claims, zone];
  }
}

/** Counts parameters in bounded memory; what may have been forgotten in between is not told. */
class Tally {
  readonly #counts = new Map<string, { cells: number; readonly exact: boolean }>();
  #forgot = false;

  get size(): number {
    return this.#counts.size;
  }

  add(parameter: string, cells: number): void {
    const known = this.#counts.get(parameter);
    if (known !== undefined) {
      known.cells += cells;
      return;
    }
    if (this.#counts.size >= MOST_PARAMETERS) this.#forget();
    if (this.#counts.size < MOST_PARAMETERS) this.#counts.set(parameter, { cells, exact: !this.#forgot });
  }

  exact(): [string, number][] {
    return [...this.#counts].flatMap(([parameter, { cells, exact }]) => (exact ? [[parameter, cells]] : []));
  }

  /** Those seen once only; what is shared by many has been seen again by now. */
  #forget(): void {
    this.#forgot = true;
    for (const [parameter, { cells }] of this.#counts) if (cells === 1) this.#counts.delete(parameter);
  }
}
