/**
 * What two tables have in common: pairs columns by name and finds for each pair the one form in which both can be
 * read and compared. The rules are the table RULES; docs/canonical-values.md gives their reasons. Reads no rows.
 */
import type { Comparison } from '../core/canonical.ts';
import { UsageError } from '../core/errors.ts';
import type { Tolerance } from '../core/policy.ts';
import { printType, type Column, type LogicalType, type Table } from '../core/table.ts';
import type { ComparedColumn } from './side.ts';

/** A column that both sides have. `name` is the left side's. */
export interface AgreedColumn extends ComparedColumn {
  readonly left: Column;
  readonly right: Column;
}

export interface Agreement {
  /** Key columns first, in key order, then the others in the left table's order. */
  readonly columns: readonly AgreedColumn[];
  /** How many of the columns are the key; 0 when rows can only be compared as a multiset. */
  readonly keyColumns: number;
  /** What could not be paired or compared, in words. Empty when the tables have the same columns. */
  readonly schema: readonly string[];
}

export interface AgreeOptions {
  /** Columns that identify a row, by either side's names; default is the left table's primary key. */
  readonly key?: readonly string[];
  /** A column under `ignore` or `lossy` that cannot be paired or compared is not held against the tables. */
  readonly tolerate?: readonly Tolerance[];
}

/** @throws UsageError when `options.key` names a column that is not on both sides or cannot be compared. */
export function agree(left: Table, right: Table, options: AgreeOptions = {}): Agreement {
  const excused = new Set(
    (options.tolerate ?? [])
      .filter(({ policy }) => 'ignore' in policy || 'lossy' in policy)
      .map(({ column }) => column.toLowerCase()),
  );
  const schema: string[] = [];
  const complain = (column: string, problem: string): void => {
    if (!excused.has(column.toLowerCase())) schema.push(problem);
  };
  const partners = pairByName(left.columns, right.columns);
  const agreed: AgreedColumn[] = [];
  for (const column of left.columns) {
    const partner = partners.get(column);
    if (partner === undefined) {
      complain(column.name, `right side has no column ${column.name}`);
      continue;
    }
    const as = comparisonOf(column.type, partner.type);
    if (as !== undefined) agreed.push({ name: column.name, as, left: column, right: partner });
    else complain(column.name, cannotCompare(column, partner));
  }
  const paired = new Set(partners.values());
  for (const column of right.columns) {
    if (!paired.has(column)) complain(column.name, `left side has no column ${column.name}`);
  }
  const key = keyOf(left, agreed, options.key);
  const others = agreed.filter((column) => !key.includes(column));
  return { columns: [...key, ...others], keyColumns: key.length, schema };
}

/** Exact names first, so that `Id` and `id` of one table stay apart; then whatever case. */
function pairByName(left: readonly Column[], right: readonly Column[]): ReadonlyMap<Column, Column> {
  const pairs = new Map<Column, Column>();
  const free = new Set(right);
  for (const same of [
    (a: string, b: string) => a === b,
    (a: string, b: string) => a.toLowerCase() === b.toLowerCase(),
  ]) {
    for (const column of left) {
      if (pairs.has(column)) continue;
      for (const other of free) {
        if (!same(column.name, other.name)) continue;
        pairs.set(column, other);
        free.delete(other);
        break;
      }
    }
  }
  return pairs;
}

function keyOf(left: Table, agreed: readonly AgreedColumn[], asked: readonly string[] | undefined): AgreedColumn[] {
  const find = (name: string): AgreedColumn | undefined =>
    agreed.find(({ left: l, right: r }) => l.name === name || r.name === name) ??
    agreed.find(({ left: l }) => l.name.toLowerCase() === name.toLowerCase());
  if (asked === undefined) {
    const key = left.key.map(find).filter((column) => column !== undefined);
    return key.length === left.key.length ? key : [];
  }
  return asked.map((name) => {
    const column = find(name);
    if (column !== undefined) return column;
    const known = agreed.map((one) => one.name).join(', ');
    throw new UsageError('KEY_COLUMN', `no column ${name} that both tables have; columns in common: ${known}`);
  });
}

function cannotCompare(left: Column, right: Column): string {
  return `${left.name}: ${spelled(left)} on the left cannot be compared with ${spelled(right)} on the right`;
}

function spelled(column: Column): string {
  const logical = printType(column.type);
  return column.native === undefined || column.native === logical ? logical : `${logical} (${column.native})`;
}

type Kind = LogicalType['kind'];

/**
 * What two kinds, in either order, are compared as. Not here: two of the same kind, text with anything (it carries the
 * other's value), and what contains other types.
 */
const RULES: readonly (readonly [Kind, Kind, Comparison])[] = [
  ['integer', 'decimal', { as: 'number' }],
  ['integer', 'float', { as: 'number' }],
  ['decimal', 'float', { as: 'number' }],
  ['bool', 'integer', { as: 'bool' }],
  ['bool', 'decimal', { as: 'bool' }],
  ['date', 'timestamp', { as: 'timestamp' }],
  ['date', 'instant', { as: 'timestamp' }],
  // The fields in the zone that the instant's column declares, or in UTC.
  ['timestamp', 'instant', { as: 'timestamp' }],
  ['tuple', 'json', { as: 'json' }],
];

/** Two of the same kind, where nothing inside matters. */
const SAME: Readonly<Partial<Record<Kind, Comparison>>> = {
  bool: { as: 'bool' },
  integer: { as: 'number' },
  decimal: { as: 'number' },
  float: { as: 'float' },
  text: { as: 'text' },
  bytes: { as: 'bytes' },
  uuid: { as: 'uuid' },
  date: { as: 'date' },
  time: { as: 'time' },
  timestamp: { as: 'timestamp' },
  instant: { as: 'instant' },
  interval: { as: 'interval' },
  json: { as: 'json' },
};

/** @returns undefined when no rule makes values of the two types comparable. */
export function comparisonOf(left: LogicalType, right: LogicalType): Comparison | undefined {
  if (left.kind === 'text' && right.kind !== 'text') return carried(right);
  if (right.kind === 'text' && left.kind !== 'text') return carried(left);
  if (left.kind === right.kind) return SAME[left.kind] ?? container(left, right);
  const rule = RULES.find(([a, b]) => (a === left.kind && b === right.kind) || (a === right.kind && b === left.kind));
  if (rule !== undefined) return rule[2];
  // JSON carries arrays and maps as text does.
  if (left.kind === 'json') return right.kind === 'array' || right.kind === 'map' ? carried(right) : undefined;
  if (right.kind === 'json') return left.kind === 'array' || left.kind === 'map' ? carried(left) : undefined;
  return undefined;
}

/** A type as it is compared with itself, or with text or JSON that carries it. */
function carried(type: LogicalType): Comparison | undefined {
  switch (type.kind) {
    case 'float':
      return type.bits === 32 ? { as: 'float', bits: 32 } : { as: 'float' };
    case 'array':
      return nested(carried(type.of));
    case 'map': {
      const [key, value] = [carried(type.key), carried(type.value)];
      return key === undefined || value === undefined ? undefined : { as: 'map', key, value };
    }
    case 'tuple': {
      const of = type.of.map(carried).filter((as) => as !== undefined);
      return of.length === type.of.length ? { as: 'tuple', of } : undefined;
    }
    default:
      return comparisonOf(type, type);
  }
}

function container(left: LogicalType, right: LogicalType): Comparison | undefined {
  if (left.kind === 'array' && right.kind === 'array') return arrays(left, right);
  if (left.kind === 'map' && right.kind === 'map') {
    const key = comparisonOf(left.key, right.key);
    const value = comparisonOf(left.value, right.value);
    return key === undefined || value === undefined ? undefined : { as: 'map', key, value };
  }
  if (left.kind === 'tuple' && right.kind === 'tuple' && left.of.length === right.of.length) {
    const of: Comparison[] = [];
    for (const [index, type] of left.of.entries()) {
      const other = right.of[index];
      const as = other === undefined ? undefined : comparisonOf(type, other);
      if (as === undefined) return undefined;
      of.push(as);
    }
    return { as: 'tuple', of };
  }
  return undefined;
}

/** Postgres declares no number of dimensions: an array of leaves stands for arrays of any depth over them. */
function arrays(left: LogicalType & { kind: 'array' }, right: LogicalType & { kind: 'array' }): Comparison | undefined {
  if (left.of.kind === 'array' && right.of.kind !== 'array') return nested(comparisonOf(left.of, right));
  if (right.of.kind === 'array' && left.of.kind !== 'array') return nested(comparisonOf(left, right.of));
  return nested(comparisonOf(left.of, right.of));
}

function nested(of: Comparison | undefined): Comparison | undefined {
  return of === undefined ? undefined : { as: 'array', of };
}
