/** A value's text, as it lies in the wire's buffer, into a canonical cell. Must not know how the text was asked for. */
import type { CanonicalWriter, Comparison } from '../../core/canonical.ts';
import { writeExactNumber } from '../../core/canonical-float.ts';
import { daysOf } from '../../core/canonical-text-time.ts';
import { writeText } from '../../core/canonical-text.ts';
import type { LogicalType } from '../../core/table.ts';

/** Writes one cell, not ended. The buffer is the driver's and is read at once. */
export type Decode = (writer: CanonicalWriter, text: Buffer) => void;

/** The fastest way from a column's text to the comparison; text that is no plain value of it goes the general way. */
export function decoderOf(type: LogicalType, as: Comparison): Decode {
  switch (as.as) {
    case 'number':
      if (type.kind === 'float') return (writer, text) => writeExactNumber(writer, Number(text.toString('latin1')));
      return number;
    case 'text':
      return (writer, text) => {
        writer.textBytes(text, 0, text.length);
      };
    case 'bytes':
      if (type.kind === 'bytes') {
        return (writer, text) => {
          writer.bytes(text);
        };
      }
      break;
    case 'date':
      return date;
    case 'timestamp':
      return moment('timestamp');
    case 'instant':
      return moment('instant');
    default:
      break;
  }
  return (writer, text) => {
    writeText(writer, text.toString('utf8'), as);
  };
}

const ZERO = 48;
const NINE = 57;
const MINUS = 45;
/** As many digits are a safe integer whatever they are. */
const SAFE_DIGITS = 15;

function number(writer: CanonicalWriter, text: Buffer): void {
  const negative = text[0] === MINUS;
  const start = negative ? 1 : 0;
  let value = 0;
  let at = start;
  for (; at < text.length && at - start <= SAFE_DIGITS; at += 1) {
    const digit = text[at] ?? 0;
    if (digit < ZERO || digit > NINE) break;
    value = value * 10 + digit - ZERO;
  }
  if (at === text.length && at > start && at - start <= SAFE_DIGITS) {
    writer.int(negative && value !== 0 ? -value : value);
    return;
  }
  writeText(writer, text.toString('latin1'), { as: 'number' });
}

/** The number in two digits; -1 where there are none. */
function two(text: Buffer, at: number): number {
  const tens = (text[at] ?? 0) - ZERO;
  const ones = (text[at + 1] ?? 0) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

const DATE_LENGTH = 10;
const SECONDS_A_DAY = 86_400;

/** Days since 1970 of `YYYY-MM-DD` at the start of the text; undefined for zero dates and whatever else is no date. */
function daysAt(text: Buffer): number | undefined {
  const [century, year, month, day] = [two(text, 0), two(text, 2), two(text, 5), two(text, 8)];
  // A month of 31 days can be trusted with 1 to 28; the general way looks at the others.
  if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > 28) return undefined;
  if (text[4] !== MINUS || text[7] !== MINUS) return undefined;
  return daysOf(century * 100 + year, month, day);
}

function date(writer: CanonicalWriter, text: Buffer): void {
  const days = text.length === DATE_LENGTH ? daysAt(text) : undefined;
  if (days === undefined) writeText(writer, text.toString('latin1'), { as: 'date' });
  else writer.date(days);
}

/** `2024-02-29 23:59:59.999999` */
function moment(as: 'timestamp' | 'instant'): Decode {
  return (writer, text) => {
    const days = text.length >= 19 && text.length <= 26 && text[10] === 32 ? daysAt(text) : undefined;
    const [hours, minutes, seconds] = [two(text, 11), two(text, 14), two(text, 17)];
    const fraction = days === undefined ? -1 : nanosecondsAt(text);
    if (days === undefined || hours < 0 || minutes < 0 || seconds < 0 || seconds > 59 || fraction < 0) {
      writeText(writer, text.toString('latin1'), { as });
      return;
    }
    writer[as](days * SECONDS_A_DAY + hours * 3600 + minutes * 60 + seconds, fraction);
  };
}

function nanosecondsAt(text: Buffer): number {
  let value = 0;
  let scale = 1e9;
  for (let at = 20; at < text.length; at += 1) {
    const digit = (text[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    scale /= 10;
  }
  return value * scale;
}
