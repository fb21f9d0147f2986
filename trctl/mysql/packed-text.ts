/**
 * Decimals and times as MySQL packs them, as text: the same in rows of the binary log and inside JSON. Layouts: MySQL
 * source, decimal.cc and my_time.cc.
 */

/** Bytes of so many decimal digits that do not fill a group of nine. */
const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];
const GROUP = 9;

export function decimalBytes(precision: number, scale: number): number {
  const whole = precision - scale;
  const bytes = (digits: number): number => Math.floor(digits / GROUP) * 4 + (DIGIT_BYTES[digits % GROUP] ?? 0);
  return bytes(whole) + bytes(scale);
}

/** Groups of nine digits, big endian; the sign bit inverted, all bits of a negative number inverted (decimal.cc). */
export function decimalText(packed: Buffer, precision: number, scale: number): string {
  const bytes = Buffer.from(packed);
  const negative = ((bytes[0] ?? 0) & 0x80) === 0;
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  if (negative) for (let at = 0; at < bytes.length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  const whole = precision - scale;
  let at = 0;
  const group = (digits: number): string => {
    const size = DIGIT_BYTES[digits] ?? 0;
    const value = size === 0 ? 0 : bytes.readUIntBE(at, size);
    at += size;
    return digits === 0 ? '' : pad(value, digits);
  };
  let left = group(whole % GROUP);
  for (let groups = Math.floor(whole / GROUP); groups > 0; groups -= 1) left += group(GROUP);
  let right = '';
  for (let groups = Math.floor(scale / GROUP); groups > 0; groups -= 1) right += group(GROUP);
  right += group(scale % GROUP);
  const digits = left.replace(/^0+(?=\d)/, '');
  return `${negative ? '-' : ''}${digits === '' ? '0' : digits}${right === '' ? '' : `.${right}`}`;
}

export function fractionText(microseconds: number, digits: number): string {
  return digits === 0 ? '' : `.${pad(microseconds, 6).slice(0, digits)}`;
}

/** Fields in bits: year × 13 + month (17), day (5), hour (5), minute (6), second (6). */
export function dateTimeText(packed: bigint, microseconds: number, digits: number): string {
  const date = Number(packed >> 17n);
  const time = Number(packed & 0x1ffffn);
  const month = date >> 5;
  const day = `${pad(Math.floor(month / 13), 4)}-${pad(month % 13, 2)}-${pad(date & 31, 2)}`;
  return `${day} ${clock(time >> 12, (time >> 6) & 63, time & 63)}${fractionText(microseconds, digits)}`;
}

/** @param packed hour (10 bits), minute (6), second (6). */
export function timeText(negative: boolean, packed: number, microseconds: number, digits: number): string {
  const text = clock((packed >> 12) & 0x3ff, (packed >> 6) & 63, packed & 63);
  return `${negative ? '-' : ''}${text}${fractionText(microseconds, digits)}`;
}

export function clock(hours: number, minutes: number, seconds: number): string {
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}`;
}

export function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
