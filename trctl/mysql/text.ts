/**
 * The one text that a value has on its way, whether a snapshot or the binary log brings it: numbers and times as the
 * server prints them, floats as the shortest text of the double, bytes as `\x` and hex digits, JSON as the server prints
 * it. Must not know where the bytes come from.
 */
import type { Attribute } from './catalog.ts';
import { quote } from './sql.ts';

const BYTES = new Set([
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'vector'],
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geomcollection'],
  'geometrycollection',
]);

export function isBytes({ base }: Pick<Attribute, 'base'>): boolean {
  return BYTES.has(base);
}

/** The expression that a snapshot selects for a column. */
export function selected(name: string, { base, zerofill }: Attribute, declared: string): string {
  const column = quote(name);
  if (base === 'float' || (base === 'double' && zerofill)) return `CAST(${column} AS DOUBLE)`;
  if (base === 'bit' || base === 'year' || (zerofill && base.endsWith('int'))) return `CAST(${column} AS UNSIGNED)`;
  if (base === 'decimal' && zerofill)
    return `CAST(${column} AS ${/^decimal\([\d,]+\)/.exec(declared)?.[0] ?? 'DECIMAL'})`;
  return column;
}

/** A double as text, whoever printed it. */
export function textOfDouble(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A value of a snapshot: from what the server sent. */
export function textOfWire(bytes: Buffer, attribute: Attribute): string {
  if (isBytes(attribute)) return `\\x${bytes.toString('hex')}`;
  if (attribute.base === 'float' || attribute.base === 'double') return textOfDouble(Number(bytes.toString('latin1')));
  return bytes.toString('utf8');
}
