/** Floats as the exact number they hold: 0.1 is 0.1000000000000000055511151231257827021181583404541015625. */
import type { CanonicalWriter } from './canonical.ts';

const bits = new DataView(new ArrayBuffer(8));
/** 5^0, 5^1 … as far as asked for; a double needs at most 5^1074. */
const POWERS_OF_FIVE = [1n];

/** Writes a `number` cell. -0 is 0: as a number there is only one. */
export function writeExactNumber(writer: CanonicalWriter, value: number): void {
  if (Number.isSafeInteger(value)) {
    writer.int(value === 0 ? 0 : value);
    return;
  }
  if (Number.isNaN(value)) {
    writer.numberNaN();
    return;
  }
  if (!Number.isFinite(value)) {
    writer.numberInfinity(value < 0);
    return;
  }
  bits.setFloat64(0, value);
  const biased = (bits.getUint16(0) >> 4) & 0x7ff;
  const fraction = bits.getBigUint64(0) & 0xf_ffff_ffff_ffffn;
  // IEEE 754: subnormals have no hidden bit and the least exponent.
  let mantissa = biased === 0 ? fraction : fraction | 0x10_0000_0000_0000n;
  let exponent = (biased === 0 ? 1 : biased) - 1075;
  if (exponent >= 0) {
    writer.bigint((value < 0 ? -mantissa : mantissa) << BigInt(exponent));
    return;
  }
  while ((mantissa & 1n) === 0n && exponent < 0) {
    mantissa >>= 1n;
    exponent += 1;
  }
  // m × 2^-e = m × 5^e / 10^e
  const digits = (mantissa * powerOfFive(-exponent)).toString();
  writer.number(value < 0, digits, digits.length + exponent);
}

function powerOfFive(exponent: number): bigint {
  for (let known = POWERS_OF_FIVE.length; known <= exponent; known += 1) {
    POWERS_OF_FIVE.push((POWERS_OF_FIVE[known - 1] ?? 1n) * 5n);
  }
  return POWERS_OF_FIVE[exponent] ?? 1n;
}
