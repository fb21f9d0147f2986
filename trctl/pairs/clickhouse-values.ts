/** Values as ClickHouse reads them, that several pairs make of a source's text. */
import { ValueRefused } from '../model/refused.ts';

const DATE = /^(?:19|2[0-2])\d\d-\d\d-\d\d$/;
const TIMESTAMP = /^((?:19|2[0-2])\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:\+00)?$/;
const RANGE = 'ClickHouse holds dates from 1900-01-01 to 2299-12-31';
const DATE_REMEDY = 'correct the value, or make the column text';

export function date(text: string): string {
  if (!DATE.test(text)) throw new ValueRefused(text, RANGE, DATE_REMEDY);
  return text;
}

export function timestamp(text: string): string {
  const [, inUtc] = TIMESTAMP.exec(text) ?? [];
  if (inUtc === undefined) throw new ValueRefused(text, RANGE, DATE_REMEDY);
  return inUtc;
}

/** `\x` and hex digits become the bytes, escaped; in a string of one character a byte. */
export function bytes(text: string): string {
  const hex = text.startsWith('\\\\x') ? text.slice(3) : text.slice(2);
  return Buffer.from(hex, 'hex')
    .toString('latin1')
    .replace(/[\\\t\n\r]/g, (byte) => BYTE_ESCAPES[byte] ?? byte);
}

const BYTE_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
