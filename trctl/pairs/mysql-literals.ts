/** Literals of MySQL that several pairs make of a value's text. */
import { ValueRefused } from '../model/refused.ts';
import { hex, literal } from '../mysql/sql.ts';

/** Digits as they are. */
export function number(text: string): string {
  return text;
}

export function double(text: string): string {
  return floating(Number(text), text);
}

/** The double that is exactly the single: its shortest text may lie beyond what FLOAT takes. */
export function single(text: string): string {
  return floating(Math.fround(Number(text)), text);
}

/** Zero keeps its sign only as text: as a number it is a decimal, or loses it at MariaDB. */
function floating(value: number, text: string): string {
  if (!Number.isFinite(value)) {
    throw new ValueRefused(text, 'MySQL has no such number', 'correct it, or make the column text');
  }
  return Object.is(value, -0) ? "'-0'" : value.toExponential();
}

/** `\x` and hex digits, as Postgres prints bytes. */
export function bytes(text: string): string {
  return hex(text.slice(2));
}

export function text(value: string): string {
  return literal(value);
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:\+00)?$/;
const RANGE = 'MySQL holds dates from 0001-01-01 to 9999-12-31';
const REMEDY = 'correct the value, or make the column text';

export function date(value: string): string {
  if (!DATE.test(value)) throw new ValueRefused(value, RANGE, REMEDY);
  return literal(value);
}

/** Fields in UTC; an offset of zero says nothing. */
export function moment(value: string): string {
  const [, fields] = MOMENT.exec(value) ?? [];
  if (fields === undefined) throw new ValueRefused(value, RANGE, REMEDY);
  return literal(fields);
}

const TOKENS = /"(?:[^"\\]|\\[^])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const LEAST = -(2n ** 63n);
const GREATEST = 2n ** 64n - 1n;

/** A document, if every number in it is one that MySQL reads without rounding: a double, or an integer of 64 bits. */
export function json(value: string): string {
  for (const [token] of value.matchAll(TOKENS)) {
    if (token.startsWith('"') || isExact(token)) continue;
    throw new ValueRefused(
      token,
      'MySQL reads numbers in JSON as doubles, and this one is none',
      'round it, or make it a string',
    );
  }
  return literal(value);
}

function isExact(token: string): boolean {
  if (/^-?\d+$/.test(token)) {
    const whole = BigInt(token);
    return whole >= LEAST && whole <= GREATEST;
  }
  return digitsOf(token) === digitsOf(String(Number(token)));
}

/** The number as its significant digits and where the point is: `1.50` and `15e-1` are the same. */
function digitsOf(token: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const all = whole + fraction;
  const significant = all.replace(/^0+/, '').replace(/0+$/, '');
  if (significant === '') return '0';
  const leading = all.length - all.replace(/^0+/, '').length;
  return `${sign}${significant}e${whole.length - leading + Number(exponent)}`;
}
