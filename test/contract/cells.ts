/**
 * What a portable value must read back as: the expected side of the contract, made from the value alone by its own
 * simple rules, not by those that the connectors use.
 */
import { CanonicalWriter, type Comparison, type RowBatch } from '../../src/core/canonical.ts';
import { showCell } from '../../src/core/canonical-show.ts';
import type { LogicalType, Value } from '../../src/core/table.ts';

/** What a portable column is read as when both sides hold the portable type. */
export function comparisonOf(type: LogicalType): Comparison {
  switch (type.kind) {
    case 'integer':
    case 'decimal':
      return { as: 'number' };
    case 'array':
      return { as: 'array', of: comparisonOf(type.of) };
    case 'map':
      return { as: 'map', key: comparisonOf(type.key), value: comparisonOf(type.value) };
    case 'tuple':
      return { as: 'tuple', of: type.of.map(comparisonOf) };
    default:
      return { as: type.kind };
  }
}

/** The canonical cell of a value of a type, read as `comparisonOf(type)`. */
export function cellOf(type: LogicalType, value: Value): Uint8Array {
  const writer = new CanonicalWriter();
  writeValue(writer, type, value);
  return writer.cut(0);
}

/** Writes one cell, not ended. */
export function writeValue(writer: CanonicalWriter, type: LogicalType, value: Value): void {
  if (value === null) {
    writer.null();
    return;
  }
  switch (type.kind) {
    case 'bool':
      writer.bool(value === true);
      return;
    case 'integer':
      writer.bigint(value as bigint);
      return;
    case 'decimal':
      writeDecimal(writer, value as string);
      return;
    case 'float':
      writer.float(type.bits === 32 ? Math.fround(value as number) : (value as number));
      return;
    case 'text':
      writer.text(value as string);
      return;
    case 'bytes':
      writer.bytes(value as Uint8Array);
      return;
    case 'uuid':
      writer.uuid(Buffer.from((value as string).replaceAll('-', ''), 'hex'));
      return;
    case 'date':
      writer.date(Date.parse(`${value as string}T00:00:00Z`) / 86_400_000);
      return;
    case 'time':
      writer.time(nanosecondsOfDay(value as string));
      return;
    case 'timestamp':
    case 'instant': {
      const [day = '', clock = ''] = (value as string).replace('Z', '').split(' ');
      const seconds = Date.parse(`${day}T${clock.slice(0, 8)}Z`) / 1000;
      writer[type.kind](seconds, fractionOf(clock));
      return;
    }
    case 'interval':
      writeInterval(writer, value as string);
      return;
    case 'json':
      // Small documents only: JSON.stringify of sorted keys is canonical for what the contract uses.
      writer.json(JSON.stringify(sorted(JSON.parse(value as string))));
      return;
    case 'array':
      writer.array((value as readonly Value[]).length);
      for (const item of value as readonly Value[]) writeValue(writer, type.of, item);
      return;
    case 'map':
    case 'tuple':
      throw new Error(`there are no portable values of ${type.kind}`);
  }
}

function writeDecimal(writer: CanonicalWriter, text: string): void {
  const [whole = '', fraction = ''] = text.replace(/^-/, '').split('.');
  writer.number(text.startsWith('-'), whole + fraction, whole.length);
}

function fractionOf(clock: string): number {
  return Number((clock.split('.')[1] ?? '').padEnd(9, '0'));
}

function nanosecondsOfDay(clock: string): bigint {
  const [hours = '0', minutes = '0', seconds = '0'] = clock.split('.')[0]?.split(':') ?? [];
  return (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * 1_000_000_000n + BigInt(fractionOf(clock));
}

const ISO_INTERVAL = /^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+)S)?)?$/;

function writeInterval(writer: CanonicalWriter, text: string): void {
  const [years = 0, months = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = (ISO_INTERVAL.exec(text) ?? [])
    .slice(1)
    .map((part) => Number((part as string | undefined) ?? 0));
  writer.interval(years * 12 + months, days, BigInt(hours * 3600 + minutes * 60 + seconds) * 1_000_000_000n);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** A cell for assertions: readable, and exact. Equal strings are equal bytes. */
export function printCell(cell: Uint8Array): string {
  const hex = Buffer.from(cell).toString('hex');
  return `${showCell(cell).slice(0, 200)} = ${hex.slice(0, 400)}${hex.length > 400 ? `… ${hex.length / 2} bytes` : ''}`;
}

/** The cells of a batch, row by row, copied. @param columns cells a row. */
export function* rowsIn(batch: RowBatch, columns: number): Generator<Uint8Array[]> {
  let start = 0;
  for (let row = 0; row < batch.rows; row += 1) {
    const cells: Uint8Array[] = [];
    for (let column = 0; column < columns; column += 1) {
      const end = batch.cellEnds[row * columns + column] ?? 0;
      cells.push(batch.bytes.slice(start, end));
      start = end;
    }
    yield cells;
  }
}
