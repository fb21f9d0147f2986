/** Patterns of numbers: rounding, narrower types, signs, powers of ten, constant offsets. */
import type { CellValue } from '../core/canonical-show.ts';
import {
  exactDouble,
  exactOf,
  magnitude,
  minus,
  nearestDouble,
  printExact,
  reduce,
  sameExact,
  toDigits,
  type Exact,
} from './exact.ts';
import type { Detector } from './patterns.ts';

/** A detector that sees finite numbers only. */
function ofNumbers(
  name: string,
  explain: (left: Exact, right: Exact) => readonly string[],
  say: (parameter: string) => string,
): Detector {
  return {
    name,
    explain(left: CellValue, right: CellValue) {
      const [l, r] = [exactOf(left), exactOf(right)];
      return l === undefined || r === undefined || sameExact(l, r) ? [] : explain(l, r);
    },
    say,
  };
}

const MOST_DECIMALS = 20;

function decimals(how: 'round' | 'truncate'): Detector {
  return ofNumbers(
    how,
    (left, right) => {
      const [l, r] = [reduce(left), reduce(right)];
      const found: string[] = [];
      for (let digits = r.scale; digits < Math.min(l.scale, MOST_DECIMALS); digits += 1) {
        if (sameExact(toDigits(l, digits, how), r)) found.push(String(digits));
      }
      return found;
    },
    (digits) => {
      const verb = how === 'round' ? 'rounded' : 'truncated';
      if (digits === '0') return `${verb} to whole numbers on the right`;
      return `${verb} to ${digits} ${digits === '1' ? 'decimal' : 'decimals'} on the right`;
    },
  );
}

/** Digits that a decimal needs to name a float of the width: what databases print. */
const FLOATS = [
  { bits: 32, digits: 9, narrow: (value: number) => Math.fround(value) },
  { bits: 64, digits: 17, narrow: (value: number) => value },
] as const;

function significant(value: Exact): number {
  return magnitude(value.units).toString().replace(/0+$/, '').length;
}

const floats = ofNumbers(
  'float',
  (left, right) => {
    const [l, r] = [nearestDouble(left), nearestDouble(right)];
    return FLOATS.filter(({ digits, narrow }) => {
      if (narrow(l) !== narrow(r)) return false;
      const held = exactDouble(narrow(r));
      return (held !== undefined && sameExact(held, right)) || significant(right) <= digits;
    }).map(({ bits }) => String(bits));
  },
  (bits) => `rounded to float${bits} on the right`,
);

const SIGNIFICANT = [6, 7, 9, 12, 14, 15, 16, 17] as const;

const significantDigits = ofNumbers(
  'significant',
  (left, right) => {
    const digits = magnitude(left.units).toString().length;
    return SIGNIFICANT.filter(
      (kept) => kept < digits && significant(right) <= kept && sameExact(toSignificant(left, digits - kept), right),
    ).map(String);
  },
  (digits) => `rounded to ${digits} significant digits on the right`,
);

/** Without its last `dropped` digits. */
function toSignificant(value: Exact, dropped: number): Exact {
  const cut = toDigits({ units: value.units, scale: dropped }, 0, 'round');
  return { units: cut.units * 10n ** BigInt(dropped), scale: value.scale };
}

const sign = ofNumbers(
  'sign',
  (left, right) => (sameExact({ units: -left.units, scale: left.scale }, right) ? [''] : []),
  () => 'of the opposite sign on the right',
);

const powerOfTen = ofNumbers(
  'power',
  (left, right) => {
    const [l, r] = [withoutZeros(left), withoutZeros(right)];
    if (l.units === 0n || l.units !== r.units) return [];
    return [String(l.scale - r.scale)];
  },
  (power) => `10^${Math.abs(Number(power))} times ${power.startsWith('-') ? 'smaller' : 'larger'} on the right`,
);

function withoutZeros(value: Exact): Exact {
  const digits = magnitude(value.units).toString();
  const zeros = value.units === 0n ? 0 : digits.length - digits.replace(/0+$/, '').length;
  return { units: value.units / 10n ** BigInt(zeros), scale: value.scale - zeros };
}

const WIDTHS = [64n, 32n, 24n, 16n, 8n] as const;

const wrapped = ofNumbers(
  'wrapped',
  (left, right) => {
    const [l, r] = [reduce(left), reduce(right)];
    if (l.scale > 0 || r.scale > 0) return [];
    return WIDTHS.filter((bits) => {
      const span = 2n ** bits;
      const outside = l.units < -(span / 2n) || l.units >= span / 2n;
      return outside && magnitude(r.units) < span && (l.units - r.units) % span === 0n;
    }).map(String);
  },
  (bits) => `wrapped around at ${bits} bits on the right`,
);

const offset = ofNumbers(
  'offset',
  (left, right) => [printExact(minus(right, left))],
  (by) => (by.startsWith('-') ? `exactly ${by.slice(1)} less on the right` : `exactly ${by} more on the right`),
);

/** A narrow float explains a rounding, and a rounding an offset; each is asked before what it explains. */
export const NUMBERS: readonly Detector[] = [
  sign,
  powerOfTen,
  wrapped,
  decimals('round'),
  decimals('truncate'),
  floats,
  significantDigits,
  offset,
];
