/**
 * Intervals in text: Postgres's own style (`1 year 2 mons -3 days +04:05:06.7`), its verbose style (`@ 1 hour ago`),
 * ISO 8601 with designators (`P1Y2M-3DT4H5M6.7S`) and plain unit words. By fields: months, days and nanoseconds.
 */
import type { CanonicalWriter } from './canonical.ts';
import { nanosecondsOf } from './canonical-text-time.ts';

type Field = 'months' | 'days' | 'nanoseconds';

/** Unit → field and how many of the field's units it is. */
const UNITS = new Map<string, readonly [Field, bigint]>(
  Object.entries({
    millennium: ['months', 12_000n],
    century: ['months', 1_200n],
    decade: ['months', 120n],
    year: ['months', 12n],
    quarter: ['months', 3n],
    mon: ['months', 1n],
    month: ['months', 1n],
    week: ['days', 7n],
    day: ['days', 1n],
    hour: ['nanoseconds', 3_600_000_000_000n],
    min: ['nanoseconds', 60_000_000_000n],
    minute: ['nanoseconds', 60_000_000_000n],
    sec: ['nanoseconds', 1_000_000_000n],
    second: ['nanoseconds', 1_000_000_000n],
    millisecond: ['nanoseconds', 1_000_000n],
    microsecond: ['nanoseconds', 1_000n],
    nanosecond: ['nanoseconds', 1n],
    centuries: ['months', 1_200n],
    millennia: ['months', 12_000n],
  }),
);
const ISO_DATE_UNITS: Readonly<Record<string, string>> = { Y: 'year', M: 'month', W: 'week', D: 'day' };
const ISO_TIME_UNITS: Readonly<Record<string, string>> = { H: 'hour', M: 'minute', S: 'second' };

const INFINITY = /^([+-]?)infinity$/i;
const ISO = /^([+-]?)P((?:[+-]?\d+(?:\.\d+)?[YMWD])*)(?:T((?:[+-]?\d+(?:[.,]\d+)?[HMS])+))?$/;
const ISO_PART = /([+-]?)(\d+)(?:[.,](\d+))?([YMWDHS])/g;
const WORD_PART = /^\s*(?:([+-]?)(\d+)(?:\.(\d+))?\s*([a-z]+)|([+-]?)(\d+):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)(?=\s|$)/i;

class Sum {
  months = 0n;
  days = 0n;
  nanoseconds = 0n;

  /** @returns false for an unknown unit, or a fraction of a unit that has no exact smaller one. */
  add(negative: boolean, whole: string, fraction: string | undefined, unit: string): boolean {
    const known = UNITS.get(unit);
    if (known === undefined) return false;
    const [field, size] = known;
    let amount = BigInt(whole) * size;
    if (fraction !== undefined && /[^0]/.test(fraction)) {
      const scale = 10n ** BigInt(fraction.length);
      const part = BigInt(fraction) * size;
      // A month has no fixed number of days, nor a day of hours: only what divides exactly keeps its meaning.
      if (part % scale !== 0n) return false;
      amount += part / scale;
    }
    this[field] += negative ? -amount : amount;
    return true;
  }

  write(writer: CanonicalWriter, negated: boolean): boolean {
    const sign = negated ? -1n : 1n;
    const limit = 2n ** 31n;
    const [months, days] = [this.months * sign, this.days * sign];
    if (months < -limit || months >= limit || days < -limit || days >= limit) return false;
    writer.interval(Number(months), Number(days), this.nanoseconds * sign);
    return true;
  }
}

export function writeIntervalText(writer: CanonicalWriter, text: string): boolean {
  const infinite = INFINITY.exec(text);
  if (infinite !== null) {
    writer.infinity('interval', infinite[1] === '-');
    return true;
  }
  const iso = ISO.exec(text);
  if (iso !== null) return writeIso(writer, iso);
  return writeWords(writer, text);
}

function writeIso(writer: CanonicalWriter, iso: RegExpExecArray): boolean {
  const halves = [
    [iso[2] ?? '', ISO_DATE_UNITS],
    [iso[3] ?? '', ISO_TIME_UNITS],
  ] as const;
  if (halves.every(([half]) => half === '')) return false;
  const sum = new Sum();
  for (const [half, units] of halves) {
    for (const part of half.matchAll(ISO_PART)) {
      if (!sum.add(part[1] === '-', part[2] ?? '', part[3], units[part[4] ?? ''] ?? '')) return false;
    }
  }
  return sum.write(writer, iso[1] === '-');
}

function writeWords(writer: CanonicalWriter, text: string): boolean {
  let rest = text.replace(/^\s*@\s*/, '');
  const ago = /\s+ago\s*$/i.exec(rest);
  if (ago !== null) rest = rest.slice(0, ago.index);
  const sum = new Sum();
  let parts = 0;
  while (rest.trim() !== '') {
    const part = WORD_PART.exec(rest);
    if (part === null || !addPart(sum, part)) return false;
    rest = rest.slice(part[0].length);
    parts += 1;
  }
  return parts > 0 && sum.write(writer, ago !== null);
}

function addPart(sum: Sum, part: RegExpExecArray): boolean {
  const unit = part[4]?.toLowerCase();
  if (unit !== undefined) {
    const singular = UNITS.has(unit) ? unit : unit.replace(/s$/, '');
    return sum.add(part[1] === '-', part[2] ?? '', part[3], singular);
  }
  const nanoseconds = nanosecondsOf(part[9]);
  if (nanoseconds === undefined || Number(part[7]) > 59 || Number(part[8] ?? 0) > 59) return false;
  const negative = part[5] === '-';
  sum.add(negative, part[6] ?? '', undefined, 'hour');
  sum.add(negative, part[7] ?? '', undefined, 'minute');
  sum.add(negative, part[8] ?? '0', undefined, 'second');
  return sum.add(negative, String(nanoseconds), undefined, 'nanosecond');
}
