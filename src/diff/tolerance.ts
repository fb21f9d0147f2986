/**
 * Declared tolerances applied to cells that differ. Each use is counted, so that a report can say what a verdict rests
 * on and which tolerance was never needed. What each policy means is in docs/canonical-values.md.
 */
import { readCell, showValue, type CellValue } from '../core/canonical-show.ts';
import { UsageError } from '../core/errors.ts';
import { printPolicy, type Policy, type Tolerance } from '../core/policy.ts';
import type { PolicyUse } from '../core/result.ts';
import { exactDecimal, exactOf, minus, nearestDouble, times, toDigits, within, type Exact } from './exact.ts';
import type { ComparedColumn } from './side.ts';

interface Rule {
  readonly tolerance: Tolerance;
  used: number;
}

export class Tolerances {
  readonly #rules: readonly Rule[];
  readonly #byColumn: readonly (readonly Rule[])[];

  /** @throws UsageError for a tolerance on a key column: rows are paired by what the key says exactly. */
  constructor(tolerate: readonly Tolerance[], columns: readonly ComparedColumn[], keyColumns: number) {
    this.#rules = tolerate.map((tolerance) => ({ tolerance, used: 0 }));
    this.#byColumn = columns.map((column, index) => {
      const rules = this.#rules.filter(({ tolerance }) => sameName(tolerance.column, column.name));
      if (rules.length > 0 && index < keyColumns) {
        throw new UsageError(
          'POLICY_ON_KEY',
          `${column.name} is part of the key, by which rows are paired exactly, so it cannot have a tolerance; ` +
            'compare by another key, or take the tolerance away',
        );
      }
      return rules;
    });
  }

  has(column: number): boolean {
    return (this.#byColumn[column]?.length ?? 0) > 0;
  }

  /** Whether the column's tolerances allow these two cells, which differ. Counts what allowed it. */
  allow(column: number, left: Uint8Array, right: Uint8Array): boolean {
    const rules = this.#byColumn[column];
    if (rules === undefined || rules.length === 0) return false;
    const [l, r] = [readCell(left), readCell(right)];
    for (const rule of rules) {
      if (!near([rule.tolerance.policy], l, r)) continue;
      rule.used += 1;
      return true;
    }
    const all = rules.map(({ tolerance }) => tolerance.policy);
    if (rules.length < 2 || !near(all, l, r)) return false;
    for (const rule of rules) rule.used += 1;
    return true;
  }

  /** @param rows of the left side: a column that is not read at all was excused in every one of them. */
  uses(columns: readonly ComparedColumn[], rows: number): PolicyUse[] {
    return this.#rules.map(({ tolerance, used }) => ({
      column: tolerance.column,
      policy: printPolicy(tolerance.policy),
      because: tolerance.because,
      used: columns.some(({ name }) => sameName(name, tolerance.column)) ? used : rows,
    }));
  }
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether two values that differ count as the same under all these policies together. */
export function near(policies: readonly Policy[], left: CellValue, right: CellValue): boolean {
  if (policies.some((policy) => 'lossy' in policy || 'ignore' in policy)) return true;
  const [l, r] = policies.reduce(([a, b], policy) => [bring(policy, a), bring(policy, b)], [left, right]);
  if (sameValue(l, r)) return true;
  if ((l.kind === 'array' || l.kind === 'tuple') && l.kind === r.kind) {
    const other = r.items;
    return (
      l.items.length === other.length &&
      l.items.every((item, index) => {
        const partner = other[index];
        return partner !== undefined && near(policies, item, partner);
      })
    );
  }
  return policies.some((policy) => close(policy, l, r));
}

export function sameValue(left: CellValue, right: CellValue): boolean {
  return left.kind === right.kind && showValue(left) === showValue(right);
}

const NULL: CellValue = { kind: 'null' };

/** The value as the policy sees it. */
function bring(policy: Policy, value: CellValue): CellValue {
  if ('precision' in policy) return cut(value, policy.precision.digits, policy.precision.how);
  if ('ignoreCase' in policy && value.kind === 'text') return withText(value, value.value.toLowerCase());
  if ('trimEnd' in policy && value.kind === 'text') return withText(value, value.value.replace(/ +$/, ''));
  if ('emptyIsNull' in policy && isEmpty(value)) return NULL;
  if ('zeroDateIsNull' in policy && isZeroDate(value)) return NULL;
  if ('jsonNullIsNull' in policy && value.kind === 'json' && value.value === 'null') return NULL;
  return value;
}

function withText(value: CellValue & { kind: 'text' }, text: string): CellValue {
  // Bytes that are no characters have no case and no spaces.
  return value.valid ? { kind: 'text', value: text, valid: true, bytes: Buffer.from(text) } : value;
}

function isEmpty(value: CellValue): boolean {
  return (value.kind === 'text' && value.bytes.length === 0) || (value.kind === 'bytes' && value.value.length === 0);
}

/** MySQL's zero date, which is no date, and the zero of databases that count from 1970. */
function isZeroDate(value: CellValue): boolean {
  if (value.kind === 'foreign' || value.kind === 'text')
    return /^0000-00-00(?:[ T]00:00:00(?:\.0*)?)?$/.test(value.value);
  if (value.kind === 'date') return value.days === 0;
  return (value.kind === 'timestamp' || value.kind === 'instant') && value.seconds === 0 && value.nanoseconds === 0;
}

const NS_A_SECOND = 1_000_000_000n;

function cut(value: CellValue, digits: number, how: 'truncate' | 'round'): CellValue {
  switch (value.kind) {
    case 'number':
    case 'float': {
      const exact = exactOf(value);
      return exact === undefined ? value : numberOf(toDigits(exact, digits, how));
    }
    case 'timestamp':
    case 'instant': {
      const all = cutNanoseconds(BigInt(value.seconds) * NS_A_SECOND + BigInt(value.nanoseconds), digits, how);
      const rest = ((all % NS_A_SECOND) + NS_A_SECOND) % NS_A_SECOND;
      return { kind: value.kind, seconds: Number((all - rest) / NS_A_SECOND), nanoseconds: Number(rest) };
    }
    case 'time':
      return { kind: 'time', nanoseconds: cutNanoseconds(value.nanoseconds, digits, how) };
    case 'interval':
      return { ...value, nanoseconds: cutNanoseconds(value.nanoseconds, digits, how) };
    default:
      return value;
  }
}

/** Towards the past, as databases cut: a moment before 1970 does not move to the future. */
export function cutNanoseconds(nanoseconds: bigint, digits: number, how: 'truncate' | 'round'): bigint {
  if (digits >= 9) return nanoseconds;
  const unit = 10n ** BigInt(9 - Math.max(0, digits));
  const shifted = how === 'round' ? nanoseconds + unit / 2n : nanoseconds;
  return shifted - (((shifted % unit) + unit) % unit);
}

function numberOf(exact: Exact): CellValue {
  const digits = (exact.units < 0n ? -exact.units : exact.units).toString();
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return { kind: 'number', negative: false, digits: '', exponent: 0 };
  return { kind: 'number', negative: exact.units < 0n, digits: significant, exponent: digits.length - exact.scale };
}

function close(policy: Policy, left: CellValue, right: CellValue): boolean {
  if (!('ulp' in policy || 'absolute' in policy || 'relative' in policy)) return false;
  const [l, r] = [exactOf(left), exactOf(right)];
  if (l === undefined || r === undefined) return false;
  if ('ulp' in policy) return ulps(nearestDouble(l), nearestDouble(r)) <= BigInt(policy.ulp);
  const allowed = exactDecimal('absolute' in policy ? policy.absolute : policy.relative);
  if (allowed === undefined) return false;
  const apart = minus(l, r);
  if ('absolute' in policy) return within(apart, allowed);
  return within(apart, times(allowed, within(l, r) ? r : l));
}

const BITS = new DataView(new ArrayBuffer(8));

/** Representable doubles between two; -0 and 0 are one. */
function ulps(a: number, b: number): bigint {
  const place = (value: number): bigint => {
    BITS.setFloat64(0, value);
    const bits = BITS.getBigInt64(0);
    return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits;
  };
  const apart = place(a) - place(b);
  return apart < 0n ? -apart : apart;
}
