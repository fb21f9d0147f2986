/**
 * Readers of moments and times of day in RowBinary: DateTime, DateTime64, Time, Time64. They lie as counts of ticks
 * since the epoch (or midnight), whatever zone the column declares. Must not know what contains them.
 */
import type { CanonicalWriter } from '../../core/canonical.ts';
import { SAFE_HIGH, type CellReader, type Readers } from './number-readers.ts';
import type { ClickHouseType } from './type-name.ts';
import type { Wire } from './wire.ts';

type DateTimeType = ClickHouseType & { kind: 'dateTime' };
type TimeType = ClickHouseType & { kind: 'time' };
type Emit = (writer: CanonicalWriter, seconds: number, nanoseconds: number) => void;

/** Zones whose fields are the moment's own. */
const UTC = new Set(['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT', 'Universal', 'Zulu', 'Etc/Universal', 'Etc/Zulu']);

const asInstant: Emit = (writer, seconds, nanoseconds) => writer.instant(seconds, nanoseconds);
const asTimestamp: Emit = (writer, seconds, nanoseconds) => writer.timestamp(seconds, nanoseconds);

/** As timestamps only where the column declares UTC; other zones need the server's offset (momentWithOffset). */
export function dateTimeReaders(type: DateTimeType): Readers {
  const instant = momentReader(type, asInstant);
  return type.zone !== undefined && UTC.has(type.zone)
    ? { instant, timestamp: momentReader(type, asTimestamp) }
    : { instant };
}

function momentReader(type: DateTimeType, emit: Emit): CellReader {
  const read = ticks(type);
  return (wire, writer) => read(wire, writer, emit);
}

/** Reads `tuple(moment, seconds east of UTC then)` as the fields that the column shows. */
export function momentWithOffset(type: DateTimeType, nullableMoment: boolean, nullableOffset: boolean): CellReader {
  const read = ticks(type);
  let seconds = 0;
  let nanoseconds = 0;
  const keep: Emit = (_writer, s, ns) => {
    seconds = s;
    nanoseconds = ns;
  };
  return (wire, writer) => {
    const absent = nullableMoment && wire.byte() !== 0;
    if (!absent) read(wire, writer, keep);
    const noOffset = nullableOffset && wire.byte() !== 0;
    const offset = noOffset ? 0 : wire.bytes.readInt32LE(wire.skip(4));
    if (absent) writer.null();
    else writer.timestamp(seconds + offset, nanoseconds);
  };
}

/** Splits ticks into seconds and nanoseconds, counted upwards also before the epoch. */
function ticks(type: DateTimeType): (wire: Wire, writer: CanonicalWriter, emit: Emit) => void {
  const { digits } = type;
  if (digits === undefined) {
    return (wire, writer, emit) => emit(writer, wire.bytes.readUInt32LE(wire.skip(4)), 0);
  }
  const perSecond = 10 ** digits;
  const nanosecondsPerTick = 10 ** (9 - digits);
  const bigPerSecond = BigInt(perSecond);
  return (wire, writer, emit) => {
    const start = wire.skip(8);
    const high = wire.bytes.readInt32LE(start + 4);
    if (high >= -SAFE_HIGH && high < SAFE_HIGH) {
      const count = high * 4_294_967_296 + wire.bytes.readUInt32LE(start);
      const seconds = Math.floor(count / perSecond);
      emit(writer, seconds, (count - seconds * perSecond) * nanosecondsPerTick);
      return;
    }
    const count = wire.bytes.readBigInt64LE(start);
    let seconds = count / bigPerSecond;
    if (count < 0n && seconds * bigPerSecond !== count) seconds -= 1n;
    emit(writer, Number(seconds), Number(count - seconds * bigPerSecond) * nanosecondsPerTick);
  };
}

const NS_A_SECOND = 1_000_000_000n;

export function timeReaders(type: TimeType): Readers {
  const { digits } = type;
  if (digits === undefined) {
    return {
      time: (wire, writer) => writer.time(BigInt(wire.bytes.readInt32LE(wire.skip(4))) * NS_A_SECOND),
    };
  }
  const perTick = 10n ** BigInt(9 - digits);
  return { time: (wire, writer) => writer.time(wire.bytes.readBigInt64LE(wire.skip(8)) * perTick) };
}
