/**
 * Readers of fixed-width values of RowBinary other than times: integers to 256 bits, decimals, floats, UUID, days.
 * All numbers are little endian. Source: ClickHouse manual, "Formats", RowBinary. Must not know what contains them.
 */
import type { CanonicalWriter, Comparison } from '../../core/canonical.ts';
import { writeExactNumber } from '../../core/canonical-float.ts';
import type { ClickHouseType } from './type-name.ts';
import type { Wire } from './wire.ts';

/** Reads one value at the cursor and writes one cell, not ended. Throws the wire's "not enough" half-way through. */
export type CellReader = (wire: Wire, writer: CanonicalWriter) => void;

/** Readers of a type by what they read it as. */
export type Readers = Readonly<Partial<Record<Comparison['as'], CellReader>>>;

const SECONDS_A_DAY = 86_400;

/** An integer of any width. Narrow ones stay JS numbers, 64-bit ones two halves. */
type IntegerType = 'Int8' | 'Int16' | 'Int32' | 'UInt8' | 'UInt16' | 'UInt32';

const NARROW: Readonly<Record<IntegerType, (wire: Wire) => number>> = {
  Int8: (wire) => wire.bytes.readInt8(wire.skip(1)),
  Int16: (wire) => wire.bytes.readInt16LE(wire.skip(2)),
  Int32: (wire) => wire.bytes.readInt32LE(wire.skip(4)),
  UInt8: (wire) => wire.byte(),
  UInt16: (wire) => wire.bytes.readUInt16LE(wire.skip(2)),
  UInt32: (wire) => wire.bytes.readUInt32LE(wire.skip(4)),
};

/** A signed or unsigned integer of 8, 16 or 32 bytes. */
export function readBigInt(wire: Wire, size: number, signed: boolean): bigint {
  const start = wire.skip(size);
  const { bytes } = wire;
  let value = signed ? bytes.readBigInt64LE(start + size - 8) : bytes.readBigUInt64LE(start + size - 8);
  for (let at = size - 16; at >= 0; at -= 8) value = (value << 64n) | bytes.readBigUInt64LE(start + at);
  return value;
}

/** 0 and 1 are what databases without a boolean keep in its place; other numbers are none. */
function writeAsBool(writer: CanonicalWriter, value: number | bigint): void {
  if (value === 0 || value === 0n) writer.bool(false);
  else if (value === 1 || value === 1n) writer.bool(true);
  else writer.foreign(String(value));
}

function narrow(name: IntegerType): { number: CellReader; bool: CellReader } {
  const read = NARROW[name];
  return {
    number: (wire, writer) => writer.int(read(wire)),
    bool: (wire, writer) => writeAsBool(writer, read(wire)),
  };
}

function wide(size: 16 | 32, signed: boolean): Readers {
  return {
    number: (wire, writer) => writer.bigint(readBigInt(wire, size, signed)),
    bool: (wire, writer) => writeAsBool(writer, readBigInt(wire, size, signed)),
  };
}

const INT64: Readers = {
  number: (wire, writer) => {
    const start = wire.skip(8);
    writer.int64(wire.bytes.readInt32LE(start), wire.bytes.readInt32LE(start + 4));
  },
  bool: (wire, writer) => writeAsBool(writer, readBigInt(wire, 8, true)),
};

const UINT64: Readers = {
  number: (wire, writer) => {
    const start = wire.skip(8);
    const high = wire.bytes.readInt32LE(start + 4);
    if (high >= 0) writer.int64(wire.bytes.readInt32LE(start), high);
    else writer.bigint(wire.bytes.readBigUInt64LE(start));
  },
  bool: (wire, writer) => writeAsBool(writer, readBigInt(wire, 8, false)),
};

function float(read: (wire: Wire) => number): Readers {
  return {
    float: (wire, writer) => writer.float(read(wire)),
    number: (wire, writer) => writeExactNumber(writer, read(wire)),
  };
}

const BFLOAT = new DataView(new ArrayBuffer(4));

/** A BFloat16 is the upper half of a Float32. */
function readBFloat16(wire: Wire): number {
  BFLOAT.setUint16(0, wire.bytes.readUInt16LE(wire.skip(2)));
  return BFLOAT.getFloat32(0);
}

function days(read: (wire: Wire) => number): Readers {
  return {
    date: (wire, writer) => writer.date(read(wire)),
    timestamp: (wire, writer) => writer.timestamp(read(wire) * SECONDS_A_DAY, 0),
  };
}

const UUID = Buffer.alloc(16);

/** Two 64-bit halves, the upper one first, each little endian. */
const readUuid: CellReader = (wire, writer) => {
  const start = wire.skip(16);
  for (let index = 0; index < 8; index += 1) {
    UUID[index] = wire.bytes[start + 7 - index] ?? 0;
    UUID[index + 8] = wire.bytes[start + 15 - index] ?? 0;
  }
  writer.uuid(UUID);
};

/** A count of the unit: months, days and nanoseconds of one. */
function interval(months: number, days: number, nanoseconds: bigint): Readers {
  return {
    interval: (wire, writer) => {
      const count = wire.bytes.readBigInt64LE(wire.skip(8));
      writer.interval(months * Number(count), days * Number(count), nanoseconds * count);
    },
    ...INT64,
  };
}

/** Types without arguments that are read as they lie; String is in cell-readers.ts. */
export const PLAIN_READERS: Readonly<Record<string, Readers>> = {
  Bool: { bool: (wire, writer) => writer.bool(wire.byte() !== 0), number: (wire, writer) => writer.int(wire.byte()) },
  Int8: narrow('Int8'),
  Int16: narrow('Int16'),
  Int32: narrow('Int32'),
  Int64: INT64,
  Int128: wide(16, true),
  Int256: wide(32, true),
  UInt8: narrow('UInt8'),
  UInt16: narrow('UInt16'),
  UInt32: narrow('UInt32'),
  UInt64: UINT64,
  UInt128: wide(16, false),
  UInt256: wide(32, false),
  BFloat16: float(readBFloat16),
  Float32: float((wire) => wire.bytes.readFloatLE(wire.skip(4))),
  Float64: float((wire) => wire.bytes.readDoubleLE(wire.skip(8))),
  UUID: { uuid: readUuid },
  Date: days(NARROW.UInt16),
  Date32: days(NARROW.Int32),
  IntervalNanosecond: interval(0, 0, 1n),
  IntervalMicrosecond: interval(0, 0, 1_000n),
  IntervalMillisecond: interval(0, 0, 1_000_000n),
  IntervalSecond: interval(0, 0, 1_000_000_000n),
  IntervalMinute: interval(0, 0, 60_000_000_000n),
  IntervalHour: interval(0, 0, 3_600_000_000_000n),
  IntervalDay: interval(0, 1, 0n),
  IntervalWeek: interval(0, 7, 0n),
  IntervalMonth: interval(1, 0, 0n),
  IntervalQuarter: interval(3, 0, 0n),
  IntervalYear: interval(12, 0, 0n),
};

/** Enums lie as their numbers; their names are read as text (expressionFor). */
export function enumReaders(type: ClickHouseType & { kind: 'enum' }): Readers {
  return { number: narrow(type.bits === 8 ? 'Int8' : 'Int16').number };
}

/** Bytes that a decimal of a precision takes. */
export function decimalBytes(precision: number): 4 | 8 | 16 | 32 {
  if (precision <= 9) return 4;
  if (precision <= 18) return 8;
  return precision <= 38 ? 16 : 32;
}

/** A decimal lies as the integer that it is without its point. */
export function decimalReaders(type: ClickHouseType & { kind: 'decimal' }): Readers {
  const size = decimalBytes(type.precision);
  const { scale } = type;
  const unit = 10 ** scale;
  const small = (writer: CanonicalWriter, value: number): void => {
    if (value % unit === 0) {
      writer.int(value / unit);
      return;
    }
    const digits = String(Math.abs(value));
    writer.number(value < 0, digits, digits.length - scale);
  };
  const large = (writer: CanonicalWriter, value: bigint): void => {
    const digits = (value < 0n ? -value : value).toString();
    writer.number(value < 0n, digits, digits.length - scale);
  };
  if (size === 4) return { number: (wire, writer) => small(writer, NARROW.Int32(wire)) };
  if (size === 8) {
    return {
      number: (wire, writer) => {
        const start = wire.skip(8);
        const high = wire.bytes.readInt32LE(start + 4);
        if (high >= -SAFE_HIGH && high < SAFE_HIGH) {
          small(writer, high * 4_294_967_296 + wire.bytes.readUInt32LE(start));
        } else {
          large(writer, wire.bytes.readBigInt64LE(start));
        }
      },
    };
  }
  return { number: (wire, writer) => large(writer, readBigInt(wire, size, true)) };
}

/** Upper halves below this keep a 64-bit integer within the safe integers of JavaScript. */
export const SAFE_HIGH = 2 ** 21;
