/**
 * From a value in RowBinary to a canonical cell: one reader per ClickHouse type and comparison, without a JavaScript
 * value in between where it can be helped. What has no reader of its own is read as its text (expressionFor).
 * Source: ClickHouse manual, "Formats", RowBinary and "Data types encoding". Must not know tables or streams.
 */
import { isUtf8 } from 'node:buffer';
import type { Comparison } from '../../core/canonical.ts';
import { writeText } from '../../core/canonical-text.ts';
import { decimalReaders, enumReaders, PLAIN_READERS, type CellReader } from './number-readers.ts';
import { dateTimeReaders, momentWithOffset, timeReaders } from './time-readers.ts';
import type { ClickHouseType } from './type-name.ts';
import { holdsAnything, unwrap } from './types.ts';

/** @returns undefined when values of the type are not read so as they lie on the wire. */
export function cellReader(type: ClickHouseType, as: Comparison): CellReader | undefined {
  switch (type.kind) {
    case 'nullable':
      return nullable(cellReader(type.of, as));
    case 'lowCardinality':
    case 'simpleAggregate':
      return cellReader(type.of, as);
    case 'plain':
      return type.name === 'String' ? stringReader(as) : PLAIN_READERS[type.name]?.[as.as];
    case 'fixedString':
      return as.as === 'bytes' ? fixedBytes(type.bytes) : undefined;
    case 'decimal':
      return decimalReaders(type)[as.as];
    case 'dateTime':
      return dateTimeReaders(type)[as.as];
    case 'time':
      return timeReaders(type)[as.as];
    case 'enum':
      return enumReaders(type)[as.as];
    case 'array':
      if (as.as === 'map') return mapOfPairs(type.of, as.key, as.value);
      return as.as === 'array' ? arrayOf(cellReader(type.of, as.of)) : undefined;
    case 'nested':
      return as.as === 'array' ? arrayOf(cellReader({ kind: 'tuple', elements: type.elements }, as.of)) : undefined;
    case 'map':
      return as.as === 'map' ? mapOf(cellReader(type.key, as.key), cellReader(type.value, as.value)) : undefined;
    case 'tuple': {
      if (as.as === 'timestamp') return fieldsOfMoment(type.elements.map((element) => element.type));
      if (as.as !== 'tuple' || as.of.length !== type.elements.length) return undefined;
      const { of } = as;
      return tupleOf(
        type.elements.map((element, index) => {
          const wanted = of[index];
          return wanted === undefined ? undefined : cellReader(element.type, wanted);
        }),
      );
    }
    case 'opaque':
      return undefined;
  }
}

/**
 * SQL that yields `sql`, a value of `type`, in a form that `cellReader` has a reader for.
 *
 * @param depth of lambdas around it, so that their arguments do not shadow each other.
 */
export function expressionFor(type: ClickHouseType, as: Comparison, sql: string, depth = 0): string {
  const bare = unwrap(type);
  if (cellReader(type, as) !== undefined) return sql;
  if (bare.kind === 'dateTime' && as.as === 'timestamp') {
    // A column that declares no zone has its fields in UTC, whatever zone the server happens to be in. Else they depend
    // on the zone's history, which the server knows.
    return bare.zone === undefined ? `toTimeZone(${sql}, 'UTC')` : `tuple(${sql}, timezoneOffset(${sql}))`;
  }
  if (bare.kind === 'array' && as.as === 'array') {
    return `arrayMap(x${depth} -> ${expressionFor(bare.of, as.of, `x${depth}`, depth + 1)}, ${sql})`;
  }
  if (bare.kind === 'map' && as.as === 'map') {
    const [key, value] = [`k${depth}`, `v${depth}`];
    const inner = `tuple(${expressionFor(bare.key, as.key, key, depth + 1)}, ${expressionFor(bare.value, as.value, value, depth + 1)})`;
    // Not mapApply: a key read as text may be Nullable, which a map's key may not be.
    return `arrayMap((${key}, ${value}) -> ${inner}, mapKeys(${sql}), mapValues(${sql}))`;
  }
  if (bare.kind === 'tuple' && as.as === 'tuple' && as.of.length === bare.elements.length) {
    const { of } = as;
    const parts = bare.elements.map((element, index) => {
      const wanted = of[index];
      const part = `tupleElement(${sql}, ${index + 1})`;
      return wanted === undefined ? part : expressionFor(element.type, wanted, part, depth + 1);
    });
    return `tuple(${parts.join(', ')})`;
  }
  if (as.as === 'json' && ['array', 'map', 'tuple', 'nested'].includes(bare.kind)) return `toJSONString(${sql})`;
  return textOf(type, sql);
}

/** SQL for the value as ClickHouse prints it. */
export function textOf(type: ClickHouseType, sql: string): string {
  // toString of a NULL in Variant or Dynamic is '', not NULL.
  return holdsAnything(unwrap(type)) ? `CAST(${sql} AS Nullable(String))` : `toString(${sql})`;
}

function nullable(reader: CellReader | undefined): CellReader | undefined {
  if (reader === undefined) return undefined;
  return (wire, writer) => {
    if (wire.byte() === 0) reader(wire, writer);
    else writer.null();
  };
}

function stringReader(as: Comparison): CellReader {
  if (as.as === 'text') {
    return (wire, writer) => {
      const length = wire.varint();
      const start = wire.skip(length);
      writer.textBytes(wire.bytes, start, start + length);
    };
  }
  if (as.as === 'bytes') {
    return (wire, writer) => {
      const length = wire.varint();
      const start = wire.skip(length);
      writer.bytes(wire.bytes, start, start + length);
    };
  }
  return (wire, writer) => {
    const length = wire.varint();
    const start = wire.skip(length);
    const bytes = wire.bytes.subarray(start, start + length);
    // Bytes that are no characters stay apart from each other, and from every text.
    if (isUtf8(bytes)) writeText(writer, bytes.toString('utf8'), as);
    else writer.foreign(`not UTF-8: ${bytes.toString('hex')}`);
  };
}

function fixedBytes(size: number): CellReader {
  return (wire, writer) => {
    const start = wire.skip(size);
    writer.bytes(wire.bytes, start, start + size);
  };
}

function arrayOf(element: CellReader | undefined): CellReader | undefined {
  if (element === undefined) return undefined;
  return (wire, writer) => {
    const count = wire.varint();
    writer.array(count);
    for (let index = 0; index < count; index += 1) element(wire, writer);
  };
}

function tupleOf(elements: readonly (CellReader | undefined)[]): CellReader | undefined {
  const readers = elements.filter((reader) => reader !== undefined);
  if (readers.length < elements.length) return undefined;
  return (wire, writer) => {
    writer.tuple(readers.length);
    for (const reader of readers) reader(wire, writer);
  };
}

function mapOf(key: CellReader | undefined, value: CellReader | undefined): CellReader | undefined {
  if (key === undefined || value === undefined) return undefined;
  return (wire, writer) => {
    const count = wire.varint();
    const start = writer.length;
    const entries: [Uint8Array, Uint8Array][] = [];
    for (let index = 0; index < count; index += 1) {
      key(wire, writer);
      const keyCell = writer.cut(start);
      value(wire, writer);
      entries.push([keyCell, writer.cut(start)]);
    }
    writer.map(entries);
  };
}

/** Pairs lie on the wire as a map's entries do; `expressionFor` makes them of maps. */
function mapOfPairs(pair: ClickHouseType, keyAs: Comparison, valueAs: Comparison): CellReader | undefined {
  if (pair.kind !== 'tuple' || pair.elements.length !== 2) return undefined;
  const [key, value] = pair.elements;
  if (key === undefined || value === undefined) return undefined;
  return mapOf(cellReader(key.type, keyAs), cellReader(value.type, valueAs));
}

/** The pair that `expressionFor` makes of a moment: the value and its zone's offset then, either nullable. */
function fieldsOfMoment(pair: readonly ClickHouseType[]): CellReader | undefined {
  const [moment, offset] = pair;
  if (pair.length !== 2 || moment === undefined || offset === undefined) return undefined;
  const bare = unwrap(moment);
  const bareOffset = unwrap(offset);
  if (bare.kind !== 'dateTime' || bareOffset.kind !== 'plain' || bareOffset.name !== 'Int32') return undefined;
  return momentWithOffset(bare, moment.kind !== 'dateTime' && hasFlag(moment), hasFlag(offset));
}

/** Whether a byte before the value says that it is NULL. */
function hasFlag(type: ClickHouseType): boolean {
  if (type.kind === 'lowCardinality' || type.kind === 'simpleAggregate') return hasFlag(type.of);
  return type.kind === 'nullable';
}
