/**
 * Binary values as the server sends them → canonical cells. The forms are those of each type's send function
 * (src/backend/utils/adt); all integers are big endian, all times count microseconds from 2000-01-01.
 */
import type { CanonicalWriter, Comparison } from '../../core/canonical.ts';
import { writeExactNumber } from '../../core/canonical-float.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { writeText } from '../../core/canonical-text.ts';
import type { WireForm } from './catalog.ts';
import type { Wire } from './types.ts';

/** Writes the value at `buffer[at … at + length)` as one cell, not ended. */
export type Decode = (writer: CanonicalWriter, buffer: Buffer, at: number, length: number) => void;

const DAYS_TO_2000 = 10_957;
const SECONDS_TO_2000 = 946_684_800;
const MAX_INT32 = 0x7fffffff;
const MIN_INT32 = -0x80000000;

/** How each form is read directly as a comparison. What is not here goes by way of the value's text. */
const DECODERS: Readonly<Record<Wire, Readonly<Partial<Record<Comparison['as'], Decode>>>>> = {
  bool: {
    bool: (writer, buffer, at) => writer.bool(buffer[at] !== 0),
    number: (writer, buffer, at) => writer.int(buffer[at] === 0 ? 0 : 1),
  },
  int2: { number: (writer, buffer, at) => writer.int(buffer.readInt16BE(at)) },
  int4: { number: (writer, buffer, at) => writer.int(buffer.readInt32BE(at)) },
  int8: { number: (writer, buffer, at) => writer.int64(buffer.readInt32BE(at + 4), buffer.readInt32BE(at)) },
  uint4: { number: (writer, buffer, at) => writer.int(buffer.readUInt32BE(at)) },
  float4: {
    float: (writer, buffer, at) => writer.float(buffer.readFloatBE(at)),
    number: (writer, buffer, at) => writeExactNumber(writer, buffer.readFloatBE(at)),
  },
  float8: {
    float: (writer, buffer, at) => writer.float(buffer.readDoubleBE(at)),
    number: (writer, buffer, at) => writeExactNumber(writer, buffer.readDoubleBE(at)),
  },
  numeric: { number: decodeNumeric },
  text: { text: (writer, buffer, at, length) => writer.textBytes(buffer, at, at + length) },
  bytea: { bytes: (writer, buffer, at, length) => writer.bytes(buffer, at, at + length) },
  uuid: { uuid: (writer, buffer, at) => writer.uuid(buffer, at) },
  date: { date: decodeDate },
  time: { time: (writer, buffer, at) => writer.time(buffer.readBigInt64BE(at) * 1000n) },
  timestamp: { timestamp: decodeMoment('timestamp'), instant: decodeMoment('instant') },
  timestamptz: { instant: decodeMoment('instant'), timestamp: decodeMoment('timestamp') },
  interval: { interval: decodeInterval },
  jsonb: {
    // The first byte is the version of the form.
    json: (writer, buffer, at, length) => writeJson(writer, buffer.toString('utf8', at + 1, at + length)),
    text: (writer, buffer, at, length) => writer.textBytes(buffer, at + 1, at + length),
  },
};

/**
 * The decoder that reads a binary form as a comparison.
 *
 * @returns undefined where the value has to come as text instead.
 */
export function decoderOf(wire: WireForm, as: Comparison): Decode | undefined {
  if (wire.array) {
    const leaf = leafOf(as);
    const decode = leaf === undefined ? undefined : scalarDecoder(wire.of, leaf);
    return decode === undefined ? undefined : arrayDecoder(decode);
  }
  return scalarDecoder(wire.of, as);
}

function scalarDecoder(wire: Wire, as: Comparison): Decode | undefined {
  if (as.as === 'float' && as.bits === 32 && wire !== 'float4') return undefined;
  const direct = DECODERS[wire][as.as];
  if (direct !== undefined || wire !== 'text') return direct;
  return textDecoder(as);
}

/** Characters that carry a value of another type. */
export function textDecoder(as: Comparison): Decode {
  return (writer, buffer, at, length) => writeText(writer, buffer.toString('utf8', at, at + length), as);
}

function writeJson(writer: CanonicalWriter, text: string): void {
  const canonical = canonicalJson(text);
  if (canonical === undefined) writer.foreign(text);
  else writer.json(canonical);
}

const NUMERIC_NEGATIVE = 0x4000;
const NUMERIC_NAN = 0xc000;
const NUMERIC_PLUS_INFINITY = 0xd000;
const NUMERIC_MINUS_INFINITY = 0xf000;
/** Groups of four digits that make a number safe for a double. */
const SAFE_GROUPS = 3;
const GROUPS = Array.from({ length: 10_000 }, (_, group) => String(group).padStart(4, '0'));

/** numeric_send: count of base-10000 groups, weight of the first, sign, scale as shown, groups. */
function decodeNumeric(writer: CanonicalWriter, buffer: Buffer, at: number): void {
  const count = buffer.readUInt16BE(at);
  const weight = buffer.readInt16BE(at + 2);
  const sign = buffer.readUInt16BE(at + 4);
  if (sign === NUMERIC_NAN) {
    writer.numberNaN();
    return;
  }
  if (sign === NUMERIC_PLUS_INFINITY || sign === NUMERIC_MINUS_INFINITY) {
    writer.numberInfinity(sign === NUMERIC_MINUS_INFINITY);
    return;
  }
  if (count <= weight + 1 && weight < SAFE_GROUPS) {
    let value = 0;
    for (let group = 0; group <= weight; group += 1) {
      value = value * 10_000 + (group < count ? buffer.readUInt16BE(at + 8 + group * 2) : 0);
    }
    writer.int(sign === NUMERIC_NEGATIVE && value !== 0 ? -value : value);
    return;
  }
  let digits = '';
  for (let group = 0; group < count; group += 1) digits += GROUPS[buffer.readUInt16BE(at + 8 + group * 2)] ?? '';
  writer.number(sign === NUMERIC_NEGATIVE, digits, (weight + 1) * 4);
}

function decodeDate(writer: CanonicalWriter, buffer: Buffer, at: number): void {
  const days = buffer.readInt32BE(at);
  if (days === MAX_INT32 || days === MIN_INT32) writer.infinity('date', days === MIN_INT32);
  else writer.date(days + DAYS_TO_2000);
}

/** High halves within which microseconds, and their quotient, are exact as doubles: years 1857 to 2142. */
const SAFE_HIGH = 1 << 20;

/** A timestamp's fields are counted as if they were UTC; a timestamptz is UTC. */
function decodeMoment(as: 'timestamp' | 'instant'): Decode {
  return (writer, buffer, at) => {
    const high = buffer.readInt32BE(at);
    const low = buffer.readUInt32BE(at + 4);
    if (high >= -SAFE_HIGH && high < SAFE_HIGH) {
      const micros = high * 4_294_967_296 + low;
      const seconds = Math.floor(micros / 1_000_000);
      writer[as](seconds + SECONDS_TO_2000, (micros - seconds * 1_000_000) * 1000);
    } else if ((high === MAX_INT32 && low === 0xffffffff) || (high === MIN_INT32 && low === 0)) {
      writer.infinity(as, high < 0);
    } else {
      const micros = buffer.readBigInt64BE(at);
      const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
      writer[as](Number((micros - rest) / 1_000_000n) + SECONDS_TO_2000, Number(rest) * 1000);
    }
  };
}

const MAX_INT64 = 2n ** 63n - 1n;

/** interval_send: microseconds, days, months; all three at their ends are the infinities (since 17). */
function decodeInterval(writer: CanonicalWriter, buffer: Buffer, at: number): void {
  const micros = buffer.readBigInt64BE(at);
  const days = buffer.readInt32BE(at + 8);
  const months = buffer.readInt32BE(at + 12);
  if (micros === MAX_INT64 && days === MAX_INT32 && months === MAX_INT32) {
    writer.infinity('interval', false);
    return;
  }
  if (micros === -MAX_INT64 - 1n && days === MIN_INT32 && months === MIN_INT32) {
    writer.infinity('interval', true);
    return;
  }
  writer.interval(months, days, micros * 1000n);
}

/** What the elements of an array are compared as; dimensions are not part of an array's type. */
function leafOf(as: Comparison): Comparison | undefined {
  if (as.as !== 'array') return undefined;
  return as.of.as === 'array' ? leafOf(as.of) : as.of;
}

/** array_send: dimensions, flags, element type; each dimension's length and lower bound; elements with their lengths. */
function arrayDecoder(element: Decode): Decode {
  return (writer, buffer, at) => {
    const dimensions = buffer.readInt32BE(at);
    if (dimensions === 0) {
      writer.array(0);
      return;
    }
    const lengths: number[] = [];
    let next = at + 12;
    for (let dimension = 0; dimension < dimensions; dimension += 1) {
      lengths.push(buffer.readInt32BE(next));
      next += 8; // bounds do not count: no other database keeps them (docs/canonical-values.md)
    }
    const write = (depth: number): void => {
      const length = lengths[depth] ?? 0;
      writer.array(length);
      for (let index = 0; index < length; index += 1) {
        if (depth + 1 < dimensions) {
          write(depth + 1);
          continue;
        }
        const size = buffer.readInt32BE(next);
        next += 4;
        if (size === -1) writer.null();
        else {
          element(writer, buffer, next, size);
          next += size;
        }
      }
    };
    write(0);
  };
}
