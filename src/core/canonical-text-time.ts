/**
 * Dates, times, timestamps and instants in text, as Postgres (ISO DateStyle), MySQL, ClickHouse and ISO 8601 write
 * them. Proleptic Gregorian calendar, years of any length, BC, infinities, up to nine digits after the second.
 */
import type { CanonicalWriter } from './canonical.ts';

const DATE = /^([+-]?\d{4,7})-(\d\d)-(\d\d)/;
const CLOCK = /^(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?/;
const LONG_CLOCK = /^([+-]?)(\d{1,3}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?$/;
const ZONE = /^ ?(?:(Z|UTC|GMT)|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)/i;
const INFINITY = /^([+-]?)infinity$/i;
const SECONDS_A_DAY = 86_400;
const NS_A_SECOND = 1_000_000_000n;

/** Days from 1970-01-01 to a day of the proleptic Gregorian calendar; year 0 is 1 BC. Exact for all safe years. */
export function daysOf(year: number, month: number, day: number): number {
  // Years counted from March, so that the leap day is the last one (H. Hinnant, chrono-compatible date algorithms).
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The inverse of `daysOf`. */
export function civilOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && leap ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

/** Takes ` BC` off the end. */
function era(text: string): { readonly rest: string; readonly bc: boolean } {
  return / (?:BC|BCE)$/i.test(text)
    ? { rest: text.slice(0, text.lastIndexOf(' ')), bc: true }
    : { rest: text, bc: false };
}

/** @returns days since 1970 and how many characters the date took; undefined when there is no such day. */
function readDate(text: string, bc: boolean): { readonly days: number; readonly length: number } | undefined {
  const parts = DATE.exec(text);
  if (parts === null) return undefined;
  const written = Number(parts[1]);
  if (bc && written < 1) return undefined;
  const year = bc ? 1 - written : written;
  const month = Number(parts[2]);
  const day = Number(parts[3]);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  return { days: daysOf(year, month, day), length: parts[0].length };
}

/** @returns nanoseconds of a fraction's digits; undefined when digits past the ninth would be lost. */
export function nanosecondsOf(digits: string | undefined): number | undefined {
  if (digits === undefined) return 0;
  if (digits.length > 9 && /[^0]/.test(digits.slice(9))) return undefined;
  return Number(digits.slice(0, 9).padEnd(9, '0'));
}

function writeInfinity(writer: CanonicalWriter, text: string, of: 'date' | 'timestamp' | 'instant'): boolean {
  const parts = INFINITY.exec(text);
  if (parts === null) return false;
  writer.infinity(of, parts[1] === '-');
  return true;
}

export function writeDateText(writer: CanonicalWriter, text: string): boolean {
  const { rest, bc } = era(text);
  const date = readDate(rest, bc);
  if (date === undefined) return writeInfinity(writer, text, 'date');
  if (date.length !== rest.length || Math.abs(date.days) > 2 ** 31 - 1) return false;
  writer.date(date.days);
  return true;
}

/** Hours may exceed a day and be negative, as MySQL's TIME and ClickHouse's Time may. */
export function writeTimeText(writer: CanonicalWriter, text: string): boolean {
  const parts = LONG_CLOCK.exec(text);
  if (parts === null) return false;
  const [minutes, seconds] = [Number(parts[3]), Number(parts[4] ?? 0)];
  const nanoseconds = nanosecondsOf(parts[5]);
  if (minutes > 59 || seconds > 59 || nanoseconds === undefined) return false;
  const total = BigInt(Number(parts[2]) * 3600 + minutes * 60 + seconds) * NS_A_SECOND + BigInt(nanoseconds);
  writer.time(parts[1] === '-' ? -total : total);
  return true;
}

interface Fields {
  /** Seconds since 1970 of the fields. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Seconds east of UTC; undefined where the text names no zone. */
  readonly offset: number | undefined;
}

function readFields(text: string): Fields | undefined {
  const { rest, bc } = era(text);
  const date = readDate(rest, bc);
  if (date === undefined) return undefined;
  if (date.length === rest.length) return { seconds: date.days * SECONDS_A_DAY, nanoseconds: 0, offset: undefined };
  const separator = rest[date.length];
  if (separator !== ' ' && separator !== 'T' && separator !== 't') return undefined;
  const clockText = rest.slice(date.length + 1);
  const clock = CLOCK.exec(clockText);
  if (clock === null) return undefined;
  const [hours, minutes, seconds] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
  const nanoseconds = nanosecondsOf(clock[4]);
  if (nanoseconds === undefined || minutes > 59 || seconds > 59) return undefined;
  // 24:00:00 is the end of the day in ISO 8601; no later moment of that hour is.
  if (hours > 24 || (hours === 24 && minutes + seconds + nanoseconds > 0)) return undefined;
  const offset = readZone(clockText.slice(clock[0].length));
  if (offset === undefined) return undefined;
  return {
    seconds: date.days * SECONDS_A_DAY + hours * 3600 + minutes * 60 + seconds,
    nanoseconds,
    offset: offset === 'none' ? undefined : offset,
  };
}

/** @returns seconds east of UTC; undefined when what is left of the text is no zone. */
function readZone(text: string): number | 'none' | undefined {
  if (text === '') return 'none';
  const parts = ZONE.exec(text);
  if (parts?.[0].length !== text.length) return undefined;
  if (parts[1] !== undefined) return 0;
  const seconds = Number(parts[3]) * 3600 + Number(parts[4] ?? 0) * 60 + Number(parts[5] ?? 0);
  return parts[2] === '-' ? -seconds : seconds;
}

/** Fields, so a zone is allowed only where it says nothing: `Z` and offsets of zero. */
export function writeTimestampText(writer: CanonicalWriter, text: string): boolean {
  const fields = readFields(text);
  if (fields === undefined) return writeInfinity(writer, text, 'timestamp');
  if (fields.offset !== undefined && fields.offset !== 0) return false;
  writer.timestamp(fields.seconds, fields.nanoseconds);
  return true;
}

/** A moment; text that names no zone is taken as UTC. */
export function writeInstantText(writer: CanonicalWriter, text: string): boolean {
  const fields = readFields(text);
  if (fields === undefined) return writeInfinity(writer, text, 'instant');
  writer.instant(fields.seconds - (fields.offset ?? 0), fields.nanoseconds);
  return true;
}
