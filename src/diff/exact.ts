/** Numbers of any size and precision, exactly: units × 10^-scale. What policies and patterns reckon with. */
import type { CellValue } from '../core/canonical-show.ts';

export interface Exact {
  readonly units: bigint;
  readonly scale: number;
}

/** Beyond so many places a power of ten is no longer worth its memory. */
const MAX_SCALE = 5_000;

/** @returns undefined for what is no finite number, or too far from 1 to reckon with. */
export function exactOf(value: CellValue): Exact | undefined {
  if (value.kind === 'float') return exactDouble(value.value);
  if (value.kind !== 'number') return undefined;
  if (value.digits === '') return { units: 0n, scale: 0 };
  const scale = value.digits.length - value.exponent;
  if (Math.abs(scale) > MAX_SCALE) return undefined;
  const units = BigInt(value.digits) * (value.negative ? -1n : 1n);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

const DOUBLE = new DataView(new ArrayBuffer(8));

/** The number that a double holds, to its last digit. */
export function exactDouble(value: number): Exact | undefined {
  if (!Number.isFinite(value)) return undefined;
  DOUBLE.setFloat64(0, value);
  const bits = DOUBLE.getBigUint64(0);
  const field = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const mantissa = field === 0 ? fraction : fraction | 0x10_0000_0000_0000n;
  const exponent = (field === 0 ? 1 : field) - 1075;
  const signed = value < 0 ? -mantissa : mantissa;
  if (exponent >= 0) return { units: signed << BigInt(exponent), scale: 0 };
  // m / 2^k = m × 5^k / 10^k
  return reduce({ units: signed * 5n ** BigInt(-exponent), scale: -exponent });
}

/** A decimal as a person writes it in a policy: `1e-12`. */
export function exactDecimal(value: number): Exact | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (parts === null) return undefined;
  const scale = (parts[3] ?? '').length - Number(parts[4] ?? 0);
  const units = BigInt(`${parts[1] ?? ''}${parts[2] ?? ''}${parts[3] ?? ''}`);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

/** Both in the units of the finer one. */
export function align(a: Exact, b: Exact): readonly [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale];
}

export function sameExact(a: Exact, b: Exact): boolean {
  const [x, y] = align(a, b);
  return x === y;
}

export function minus(a: Exact, b: Exact): Exact {
  const [x, y, scale] = align(a, b);
  return reduce({ units: x - y, scale });
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** |a| ≤ |b| */
export function within(a: Exact, b: Exact): boolean {
  const [x, y] = align(a, b);
  return magnitude(x) <= magnitude(y);
}

export function times(a: Exact, b: Exact): Exact {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** To `digits` after the point; halves away from zero, as SQL's numeric rounds. */
export function toDigits(value: Exact, digits: number, how: 'truncate' | 'round'): Exact {
  if (value.scale <= digits) return value;
  const divisor = 10n ** BigInt(value.scale - digits);
  const half = how === 'round' ? divisor / 2n : 0n;
  const units = (magnitude(value.units) + half) / divisor;
  return { units: value.units < 0n ? -units : units, scale: digits };
}

/** Without trailing zeros after the point. */
export function reduce(value: Exact): Exact {
  let { units, scale } = value;
  if (units === 0n) return { units, scale: 0 };
  while (scale > 0 && units % 10n === 0n) {
    units /= 10n;
    scale -= 1;
  }
  return { units, scale };
}

export function printExact(value: Exact): string {
  const { units, scale } = reduce(value);
  const digits = magnitude(units)
    .toString()
    .padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const sign = units < 0n ? '-' : '';
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(digits.length - scale)}`;
}

/** The nearest double. */
export function nearestDouble(value: Exact): number {
  return Number(`${value.units}e${-value.scale}`);
}
