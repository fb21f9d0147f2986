import { describe, expect, it } from 'vitest';
import type { Comparison } from '../core/canonical.ts';
import type { Column, LogicalType, Table } from '../core/table.ts';
import { agree, comparisonOf } from './agree.ts';

const integer: LogicalType = { kind: 'integer', bits: 32, signed: true };
const decimal: LogicalType = { kind: 'decimal', precision: 10, scale: 2 };
const float32: LogicalType = { kind: 'float', bits: 32 };
const float64: LogicalType = { kind: 'float', bits: 64 };
const text: LogicalType = { kind: 'text' };
const timestamp: LogicalType = { kind: 'timestamp', digits: 6 };
const instant: LogicalType = { kind: 'instant', digits: 6 };
const zoned: LogicalType = { kind: 'instant', digits: 3, zone: 'Asia/Kolkata' };
const array = (of: LogicalType): LogicalType => ({ kind: 'array', of });
const kinds = (
  ...list: Exclude<
    LogicalType['kind'],
    'integer' | 'decimal' | 'float' | 'time' | 'timestamp' | 'instant' | 'array' | 'map' | 'tuple'
  >[]
): LogicalType[] => list.map((kind) => ({ kind }));
const [bool, bytes, uuid, date, interval, json] = kinds('bool', 'bytes', 'uuid', 'date', 'interval', 'json') as [
  LogicalType,
  LogicalType,
  LogicalType,
  LogicalType,
  LogicalType,
  LogicalType,
];

const AGREED: readonly (readonly [LogicalType, LogicalType, Comparison])[] = [
  [integer, { kind: 'integer', bits: 256, signed: false }, { as: 'number' }],
  [integer, decimal, { as: 'number' }],
  [decimal, { kind: 'decimal' }, { as: 'number' }],
  [decimal, float64, { as: 'number' }],
  [integer, float32, { as: 'number' }],
  [float32, float64, { as: 'float' }],
  [float32, text, { as: 'float', bits: 32 }],
  [float64, text, { as: 'float' }],
  [bool, integer, { as: 'bool' }],
  [bool, text, { as: 'bool' }],
  [text, { kind: 'text', maxLength: 3 }, { as: 'text' }],
  [text, decimal, { as: 'number' }],
  [text, uuid, { as: 'uuid' }],
  [text, bytes, { as: 'bytes' }],
  [text, json, { as: 'json' }],
  [text, date, { as: 'date' }],
  [text, instant, { as: 'instant' }],
  [text, interval, { as: 'interval' }],
  [text, array(integer), { as: 'array', of: { as: 'number' } }],
  [text, array(float32), { as: 'array', of: { as: 'float', bits: 32 } }],
  [date, timestamp, { as: 'timestamp' }],
  [date, zoned, { as: 'timestamp' }],
  [timestamp, zoned, { as: 'timestamp' }],
  [timestamp, instant, { as: 'timestamp' }],
  [instant, zoned, { as: 'instant' }],
  [array(integer), array(decimal), { as: 'array', of: { as: 'number' } }],
  [array(integer), array(array(integer)), { as: 'array', of: { as: 'array', of: { as: 'number' } } }],
  [array(text), json, { as: 'array', of: { as: 'text' } }],
  [
    { kind: 'map', key: text, value: integer },
    { kind: 'map', key: text, value: text },
    { as: 'map', key: { as: 'text' }, value: { as: 'number' } },
  ],
  [{ kind: 'map', key: text, value: text }, json, { as: 'map', key: { as: 'text' }, value: { as: 'text' } }],
  [
    { kind: 'tuple', of: [integer, text] },
    { kind: 'tuple', of: [decimal, text] },
    { as: 'tuple', of: [{ as: 'number' }, { as: 'text' }] },
  ],
];

const APART: readonly (readonly [LogicalType, LogicalType])[] = [
  [interval, uuid],
  [integer, timestamp],
  [bool, date],
  [bytes, json],
  [array(integer), integer],
  [array(integer), array(uuid)],
  [
    { kind: 'tuple', of: [integer] },
    { kind: 'tuple', of: [integer, integer] },
  ],
  [{ kind: 'time', digits: 6 }, timestamp],
];

function table(name: string, columns: Readonly<Record<string, LogicalType>>, key: readonly string[] = []): Table {
  return {
    name,
    key,
    columns: Object.entries(columns).map(([column, type]): Column => ({ name: column, type, nullable: true })),
  };
}

describe('two types', () => {
  it.each(AGREED)('%j and %j are compared as %j, in either order', (left, right, as) => {
    expect(comparisonOf(left, right)).toEqual(as);
    expect(comparisonOf(right, left)).toEqual(as);
  });

  it.each(APART)('%j and %j are not comparable', (left, right) => {
    expect(comparisonOf(left, right)).toBeUndefined();
    expect(comparisonOf(right, left)).toBeUndefined();
  });
});

describe('two tables', () => {
  it('pair columns by exact name, then by any case, and put the source key first', () => {
    const left = table('t', { Note: text, note: text, Id: integer, at: instant }, ['Id']);
    const right = table('t', { id: decimal, note: text, NOTE: text, at: zoned });
    const { columns, keyColumns, schema } = agree(left, right);
    expect(columns.map(({ name, left: l, right: r, as }) => [name, l.name, r.name, as.as])).toEqual([
      ['Id', 'Id', 'id', 'number'],
      ['Note', 'Note', 'NOTE', 'text'],
      ['note', 'note', 'note', 'text'],
      ['at', 'at', 'at', 'instant'],
    ]);
    expect(keyColumns).toBe(1);
    expect(schema).toEqual([]);
  });

  it('say in words what cannot be paired or compared', () => {
    const left = table('t', { id: integer, amount: decimal, span: interval }, ['id']);
    const right = table('t', { id: integer, span: uuid, more: text });
    const { columns, schema } = agree(left, right);
    expect(columns.map(({ name }) => name)).toEqual(['id']);
    expect(schema).toEqual([
      'right side has no column amount',
      'span: interval on the left cannot be compared with uuid on the right',
      'left side has no column more',
    ]);
  });

  it('are not held to columns that a tolerance excuses', () => {
    const left = table('t', { id: integer, amount: decimal, span: interval }, ['id']);
    const right = table('t', { id: integer, span: uuid, more: text });
    const because = 'the test';
    const { schema } = agree(left, right, {
      tolerate: [
        { column: 'amount', policy: { ignore: true }, because },
        { column: 'span', policy: { lossy: true }, because },
        { column: 'more', policy: { trimEnd: true }, because },
      ],
    });
    expect(schema).toEqual(['left side has no column more']);
  });

  it('are compared without a key when the right side lacks a part of it', () => {
    const left = table('t', { a: integer, b: integer, c: text }, ['b', 'a']);
    expect(agree(left, left).columns.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
    expect(agree(left, table('t', { a: integer, c: text })).keyColumns).toBe(0);
  });

  it('take another key where it is asked for, and say so when there is no such column', () => {
    const left = table('t', { a: integer, b: integer }, ['a']);
    const { columns, keyColumns } = agree(left, left, { key: ['B'] });
    expect([columns[0]?.name, keyColumns]).toEqual(['b', 1]);
    expect(() => agree(left, left, { key: ['x'] })).toThrow(
      'no column x that both tables have; columns in common: a, b',
    );
  });
});
