/** MySQL to MySQL: every type is what it was, its character set and collation too; generated columns become plain ones. */
import type { Column } from '../model/table.ts';
import type { MappedColumn } from '../mysql/mapping.ts';
import { bytes, double, json, number, text } from './mysql-literals.ts';
import type { TypeLine } from './type-line.ts';

const NUMBERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'bit', 'year']);
const BYTES = new Set([
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'vector'],
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geomcollection'],
  'geometrycollection',
]);

export function mapColumn({ name, type }: Column): MappedColumn {
  const { base } = type;
  const [declared, attributes] = splitAttributes(type.declared);
  const mapped = { name, type: declared, ...(attributes === undefined ? {} : { attributes }) };
  if (NUMBERS.has(base)) return { ...mapped, literal: number };
  if (base === 'float') {
    return { ...mapped, literal: double, equals: (column, value) => `${column} <=> CAST(${value} AS FLOAT)` };
  }
  if (base === 'double') return { ...mapped, literal: double };
  if (base === 'json') {
    return { ...mapped, literal: json, equals: (column, value) => `${column} <=> CAST(${value} AS JSON)` };
  }
  if (BYTES.has(base)) {
    return { ...mapped, literal: bytes, equals: (column, value) => `CAST(${column} AS BINARY) <=> ${value}` };
  }
  return { ...mapped, literal: text };
}

/** `varchar(10) CHARACTER SET latin1 COLLATE latin1_bin`: the catalog's type, and what is not part of it there. */
function splitAttributes(declared: string): [string, string | undefined] {
  const at = declared.search(/ CHARACTER SET | SRID /);
  return at === -1 ? [declared, undefined] : [declared.slice(0, at), declared.slice(at + 1)];
}

export const TYPE_LINES: readonly TypeLine[] = [
  {
    from: 'every type',
    to: 'the same type',
    note: 'with character set, collation, SRID; generated columns become plain',
  },
];
