/**
 * Text that carries a value of another type: a numeric column copied into a string column, a uuid kept as characters.
 * Parses the spellings in which databases print such values and writes the value's canonical cell. Text that is no
 * value of the type is written as `foreign`, never guessed at. The rules are docs/canonical-values.md.
 */
import type { CanonicalWriter, Comparison } from './canonical.ts';
import { canonicalJson } from './canonical-json.ts';
import { writeArrayText, writeMapText, writeTupleText } from './canonical-text-collection.ts';
import { writeIntervalText } from './canonical-text-interval.ts';
import { writeDateText, writeInstantText, writeTimestampText, writeTimeText } from './canonical-text-time.ts';

/** Writes exactly one cell (not ended by endCell). @param as what the column pair is compared as. */
export function writeText(writer: CanonicalWriter, text: string, as: Comparison): void {
  const start = writer.length;
  if (write(writer, text, as)) return;
  if (writer.length > start) writer.cut(start);
  writer.foreign(text);
}

/** @returns false when the text is no value of the type; what was written by then is taken back by the caller. */
function write(writer: CanonicalWriter, text: string, as: Comparison): boolean {
  switch (as.as) {
    case 'text':
      writer.text(text);
      return true;
    case 'number':
      return writeNumber(writer, text);
    case 'bool':
      return writeBool(writer, text);
    case 'float':
      return writeFloat(writer, text, as.bits === 32);
    case 'bytes':
      writeBytes(writer, text);
      return true;
    case 'uuid':
      return writeUuid(writer, text);
    case 'date':
      return writeDateText(writer, text);
    case 'time':
      return writeTimeText(writer, text);
    case 'timestamp':
      return writeTimestampText(writer, text);
    case 'instant':
      return writeInstantText(writer, text);
    case 'interval':
      return writeIntervalText(writer, text);
    case 'json': {
      const canonical = canonicalJson(text);
      if (canonical !== undefined) writer.json(canonical);
      return canonical !== undefined;
    }
    case 'array':
      return writeArrayText(writer, text, as.of, writeText);
    case 'map':
      return writeMapText(writer, text, as.key, as.value, writeText);
    case 'tuple':
      return writeTupleText(writer, text, as.of, writeText);
  }
}

const NUMBER = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,10}))?$/;
const NOT_FINITE = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i;
const MAX_EXPONENT = 2 ** 31 - 1;

function writeNumber(writer: CanonicalWriter, text: string): boolean {
  const parts = NUMBER.exec(text);
  if (parts === null) return writeNotFinite(writer, text);
  const whole = parts[2] ?? '';
  const digits = whole + (parts[3] ?? parts[4] ?? '');
  const exponent = whole.length + (parts[5] === undefined ? 0 : Number(parts[5]));
  if (Math.abs(exponent) + digits.length > MAX_EXPONENT) return false;
  writer.number(parts[1] === '-', digits, exponent);
  return true;
}

function writeNotFinite(writer: CanonicalWriter, text: string): boolean {
  const parts = NOT_FINITE.exec(text);
  if (parts === null) return false;
  if (parts[2] === undefined) writer.numberInfinity(parts[1] === '-');
  else writer.numberNaN();
  return true;
}

/** A finite text that a double can only hold as 0 or infinity was not printed from a double. */
function writeFloat(writer: CanonicalWriter, text: string, single: boolean): boolean {
  if (NUMBER.test(text)) {
    const value = single ? Math.fround(Number(text)) : Number(text);
    if (!Number.isFinite(value)) return false;
    if (value === 0 && /[1-9]/.test(text.split(/[eE]/, 1)[0] ?? '')) return false;
    writer.float(value);
    return true;
  }
  const parts = NOT_FINITE.exec(text);
  if (parts === null) return false;
  if (parts[2] !== undefined) writer.float(Number.NaN);
  else writer.float(parts[1] === '-' ? -Infinity : Infinity);
  return true;
}

const BOOLS: Readonly<Record<string, boolean>> = { t: true, true: true, '1': true, f: false, false: false, '0': false };

function writeBool(writer: CanonicalWriter, text: string): boolean {
  if (text.length > 5) return false;
  const value = BOOLS[text.toLowerCase()];
  if (value === undefined) return false;
  writer.bool(value);
  return true;
}

const HEX_BYTES = /^\\x(?:[0-9a-f]{2})*$/i;

/** `\x4142` as Postgres prints bytea; any other text stands for its own UTF-8 bytes. */
function writeBytes(writer: CanonicalWriter, text: string): void {
  writer.bytes(HEX_BYTES.test(text) ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text, 'utf8'));
}

const UUID =
  /^(?:([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})|\{([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}|([0-9a-f]{32}))$/i;

function writeUuid(writer: CanonicalWriter, text: string): boolean {
  const parts = UUID.exec(text);
  if (parts === null) return false;
  writer.uuid(Buffer.from(parts.slice(1).join(''), 'hex'));
  return true;
}
