/** ClickHouse's own text of values, for destinations that read another. */
import { ValueRefused } from '../model/refused.ts';

const MOMENT = /^(-?\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?Z$/;

/** `2024-01-01T00:00:00.123000000Z` → `2024-01-01 00:00:00.123`: six digits, if the others say nothing. */
export function utcFields(text: string): string {
  const [, date, time, fraction = ''] = MOMENT.exec(text) ?? [];
  if (date === undefined || time === undefined) throw new ValueRefused(text, 'it is no moment', 'correct the value');
  if (/[^0]/.test(fraction.slice(7))) {
    throw new ValueRefused(
      text,
      'the destination keeps six digits of the second',
      'round the value, or make the column a String',
    );
  }
  return `${date} ${time}${fraction.slice(0, 7)}`;
}

/** Digits of a decimal type: `Decimal(10, 2)` → 10 and 2. */
export function decimalOf(type: string): { precision: number; scale: number } | undefined {
  const [, precision, scale] = /^Decimal\((\d+), (\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : { precision: Number(precision), scale: Number(scale) };
}
