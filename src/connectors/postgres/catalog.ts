/** What tables there are and what their columns hold, from the system catalogs (manual, chapter 52). */
import type pg from 'pg';
import type { Column, LogicalType, Table } from '../../core/table.ts';
import type { TableName } from '../../core/words.ts';
import { rowsOf } from './connection.ts';
import { schemaOf } from './quote.ts';
import { isSystemName } from './traits.ts';
import { CHARACTERS, NATIVE_TYPES, type Wire } from './types.ts';

/** How a column's values come over the wire. */
export interface ColumnSource {
  readonly column: Column;
  /** Binary form; undefined where the value is asked for as text. */
  readonly wire: WireForm | undefined;
  /** The type's output function: what makes the text that psql shows. A cast to text is not always the same (bool, inet, char). */
  readonly output: string;
}

/** A scalar, or an array of them in any number of dimensions. */
export interface WireForm {
  readonly of: Wire;
  readonly array: boolean;
}

const FIND = `
  SELECT c.oid
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;

const COLUMNS = `
  SELECT a.attname, a.atttypid, a.atttypmod, a.attnotnull, format_type(a.atttypid, a.atttypmod)
  FROM pg_attribute a
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attnum`;

/** The columns' types, the types that domains stand for, and the types of arrays' elements. */
const TYPES = `
  WITH RECURSIVE used AS (
    SELECT t.* FROM pg_type t
    WHERE t.oid IN (SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0)
    UNION
    SELECT t.* FROM pg_type t JOIN used u ON t.oid = u.typbasetype OR (t.oid = u.typelem AND u.typcategory = 'A')
  )
  SELECT u.oid, u.typname, n.nspname, u.typtype, u.typbasetype, u.typtypmod, u.typnotnull,
         CASE WHEN u.typcategory = 'A' AND u.typname NOT IN ('int2vector', 'oidvector') THEN u.typelem ELSE 0 END,
         u.typoutput::regproc
  FROM used u JOIN pg_namespace n ON n.oid = u.typnamespace`;

const KEY = `
  SELECT a.attname
  FROM pg_index i
  CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS part(attnum, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = part.attnum
  WHERE i.indrelid = $1 AND i.indisprimary
  ORDER BY part.place`;

/** Partitions are read through their parents; tables of extensions are not the user's. */
const TABLES = `
  SELECT n.nspname, c.relname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

interface CatalogType {
  readonly name: string;
  readonly schema: string;
  readonly kind: string;
  readonly base: string;
  readonly modifier: number;
  readonly notNull: boolean;
  readonly element: string;
  readonly output: string;
}

type CatalogTypes = ReadonlyMap<string, CatalogType>;

/** User tables, schema first, then name. */
export async function listTables(client: pg.ClientBase): Promise<TableName[]> {
  const rows = await rowsOf(client, TABLES);
  return rows
    .map(([schema, name]) => ({ schema: schema ?? '', name: name ?? '' }))
    .filter((table) => !isSystemName(table.name));
}

/** @returns undefined when there is no such table. */
export async function describeTable(client: pg.ClientBase, name: TableName): Promise<Table | undefined> {
  const oid = await findTable(client, name);
  if (oid === undefined) return undefined;
  const columns = await columnSources(client, oid);
  const key = await rowsOf(client, KEY, [oid]);
  return {
    schema: schemaOf(name),
    name: name.name,
    columns: columns.map(({ column }) => column).filter((column) => !isSystemName(column.name)),
    key: key.map(([column]) => column ?? ''),
  };
}

export async function findTable(client: pg.ClientBase, name: TableName): Promise<string | undefined> {
  const [row] = await rowsOf(client, FIND, [schemaOf(name), name.name]);
  return row?.[0] ?? undefined;
}

/** The table's columns in its own order, system columns included. */
export async function columnSources(client: pg.ClientBase, oid: string): Promise<readonly ColumnSource[]> {
  const types = new Map<string, CatalogType>();
  for (const row of await rowsOf(client, TYPES, [oid])) {
    const [id = '', name = '', schema = '', kind = '', base = '', modifier, notNull, element = '', output = ''] = row;
    types.set(id ?? '', {
      name: name ?? '',
      schema: schema ?? '',
      kind: kind ?? '',
      base: base ?? '',
      modifier: Number(modifier),
      notNull: notNull === 't',
      element: element ?? '0',
      output: output ?? '',
    });
  }
  const columns = await rowsOf(client, COLUMNS, [oid]);
  return columns.map(([name, typeId, modifier, notNull, native]) => {
    const resolved = resolve(types, typeId ?? '', Number(modifier));
    return {
      column: {
        name: name ?? '',
        type: resolved.logical,
        nullable: notNull !== 't' && !resolved.notNull,
        native: native ?? '',
      },
      wire: resolved.wire,
      output: resolved.output,
    };
  });
}

interface Resolved {
  readonly logical: LogicalType;
  readonly wire: WireForm | undefined;
  readonly output: string;
  readonly notNull: boolean;
}

/** Follows domains to what they stand for, and arrays to their elements. */
function resolve(types: CatalogTypes, id: string, modifier: number): Resolved {
  const type = types.get(id);
  if (type === undefined) return { logical: { kind: 'text' }, wire: undefined, output: 'textout', notNull: false };
  if (type.kind === 'd') {
    const base = resolve(types, type.base, type.modifier >= 0 ? type.modifier : modifier);
    return { ...base, notNull: base.notNull || type.notNull };
  }
  if (type.element !== '0') {
    const of = resolve(types, type.element, modifier);
    const wire = of.wire === undefined || of.wire.array ? undefined : { of: of.wire.of, array: true };
    return { logical: { kind: 'array', of: of.logical }, wire, output: type.output, notNull: false };
  }
  const native = type.schema === 'pg_catalog' ? NATIVE_TYPES[type.name] : isCharacters(type) ? CHARACTERS : undefined;
  return {
    logical: native?.logical(modifier) ?? { kind: 'text' },
    wire: native === undefined ? undefined : { of: native.wire, array: false },
    output: type.output,
    notNull: false,
  };
}

function isCharacters(type: CatalogType): boolean {
  return type.kind === 'e' || type.name === 'citext';
}
