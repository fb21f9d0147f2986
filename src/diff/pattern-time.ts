/** Patterns of dates, times and moments: shifts, lost fractions, lost times of day, units mistaken. */
import type { CellValue } from '../core/canonical-show.ts';
import type { Claim, Detector } from './patterns.ts';
import { cutNanoseconds } from './tolerance.ts';

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;

/** Nanoseconds from 1970 or midnight; undefined for what is no point in time. */
function point(value: CellValue): bigint | undefined {
  switch (value.kind) {
    case 'timestamp':
    case 'instant':
      return BigInt(value.seconds) * SECOND + BigInt(value.nanoseconds);
    case 'date':
      return BigInt(value.days) * DAY;
    case 'time':
      return value.nanoseconds;
    default:
      return undefined;
  }
}

function points(left: CellValue, right: CellValue): readonly [bigint, bigint] | undefined {
  if (left.kind !== right.kind) return undefined;
  const [l, r] = [point(left), point(right)];
  return l === undefined || r === undefined ? undefined : [l, r];
}

const UNITS: readonly (readonly [string, bigint])[] = [
  ['day', DAY],
  ['h', 3600n * SECOND],
  ['min', 60n * SECOND],
  ['s', SECOND],
  ['ms', 1_000_000n],
  ['µs', 1_000n],
  ['ns', 1n],
];

/** `5 h 30 min`, `2 days`. */
export function printDuration(nanoseconds: bigint): string {
  let rest = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const amount = rest / size;
    rest -= amount * size;
    if (amount > 0n) parts.push(`${amount.toLocaleString('en-US')} ${unit === 'day' && amount > 1n ? 'days' : unit}`);
  }
  return parts.join(' ');
}

function printShift(nanoseconds: bigint): string {
  return `${printDuration(nanoseconds)} ${nanoseconds > 0n ? 'later' : 'earlier'}`;
}

const shift: Detector = {
  name: 'shift',
  explain(left, right) {
    const both = points(left, right);
    return both === undefined ? [] : [String(both[1] - both[0])];
  },
  say: (parameter) => `exactly ${printShift(BigInt(parameter))} on the right`,
};

const FRACTIONS: Readonly<Record<string, string>> = { '0': 'seconds', '3': 'milliseconds', '6': 'microseconds' };
const DIGITS = [3, 6, 0, 1, 2, 4, 5, 7, 8] as const;

function cutTo(how: 'truncate' | 'round'): Detector {
  return {
    name: how,
    explain(left, right) {
      const both = points(left, right);
      if (both === undefined || left.kind === 'date') return [];
      return DIGITS.filter((digits) => cutNanoseconds(both[0], digits, how) === both[1]).map(String);
    },
    say(digits) {
      const unit = FRACTIONS[digits] ?? `${digits} digits of the second`;
      return `${how === 'round' ? 'rounded' : 'truncated'} to ${unit} on the right`;
    },
  };
}

const timeLost: Detector = {
  name: 'time-lost',
  explain(left, right) {
    const both = points(left, right);
    if (both === undefined || left.kind === 'date' || left.kind === 'time') return [];
    const rest = ((both[0] % DAY) + DAY) % DAY;
    return both[0] - rest === both[1] ? [''] : [];
  },
  say: () => 'without their time of day on the right',
};

const FACTORS: readonly (readonly [bigint, string])[] = [
  [1_000n, '1,000'],
  [1_000_000n, '1,000,000'],
  [1_000_000_000n, '1,000,000,000'],
];

/** Seconds taken for milliseconds and the like: times since 1970 that are a thousand times too small or large. */
const unitMistaken: Detector = {
  name: 'unit',
  explain(left, right) {
    const both = points(left, right);
    if (both === undefined || left.kind === 'date' || both[0] === 0n || both[1] === 0n) return [];
    const [l, r] = both;
    return FACTORS.flatMap(([factor, name]) => {
      if (l === r * factor || l / factor === r) return [`${name} times nearer to`];
      return r === l * factor ? [`${name} times farther from`] : [];
    });
  },
  say: (how) => `${how} 1970 on the right (a unit of time mistaken for another)`,
};

/** The more a pattern says, the earlier: any two moments are some shift apart, few are a truncation. */
export const MOMENTS: readonly Detector[] = [cutTo('truncate'), cutTo('round'), timeLost, unitMistaken, shift];

const QUARTER = 900n * SECOND;

/** Two shifts an hour or half an hour apart are one zone with summer time. */
export function zoneShift(shifts: readonly (readonly [string, number])[]): Claim | undefined {
  const whole = shifts
    .map(([parameter, cells]) => ({ by: BigInt(parameter), cells }))
    .filter(({ by }) => by % QUARTER === 0n)
    .sort((a, b) => b.cells - a.cells);
  const [first, second] = whole;
  if (first === undefined || second === undefined) return undefined;
  const apart = first.by > second.by ? first.by - second.by : second.by - first.by;
  if (apart !== 3600n * SECOND && apart !== 1800n * SECOND) return undefined;
  return {
    say: `exactly ${printShift(first.by)} or ${printShift(second.by)} on the right: a time zone with summer time`,
    cells: first.cells + second.cells,
  };
}
