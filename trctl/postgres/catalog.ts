/** Describes tables from Postgres's catalog: columns, key, and the types that must exist first. Reads no rows of tables. */
import type { Column, Table, TypeDefinition } from '../model/table.ts';
import type { Session } from './connection.ts';
import { definitionsOf, loadTypes } from './types.ts';
import type { CatalogTypes } from './types.ts';

/** What Postgres knows besides: needed by the source only. */
export interface PostgresTable extends Table {
  readonly oid: string;
  readonly partitioned: boolean;
  readonly partition: boolean;
  readonly unlogged: boolean;
  /** pg_class.relreplident: d(efault), f(ull), i(ndex), n(othing). */
  readonly replicaIdentity: string;
  /** By column: type oid and modifier as pgoutput sends them, and whether it is generated ('s' stored, 'v' virtual). */
  readonly attributes: ReadonlyMap<
    string,
    { readonly oid: string; readonly modifier: string; readonly generated: string }
  >;
}

interface ClassRow {
  oid: string;
  nspname: string;
  relname: string;
  relkind: string;
  relreplident: string;
  relispartition: string;
  relpersistence: string;
}

interface AttributeRow {
  attrelid: string;
  attname: string;
  attnotnull: string;
  attgenerated: string;
  atttypid: string;
  atttypmod: string;
  declared: string;
  missing: string | null;
}

interface IndexRow {
  indrelid: string;
  primary: string;
  identity: string;
  columns: string;
}

/** All user tables, in order of name. */
export async function listTables(session: Session): Promise<ClassRow[]> {
  return session.query<ClassRow>(
    `SELECT c.oid, n.nspname, c.relname, c.relkind, c.relreplident, c.relispartition, c.relpersistence
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
      ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
  );
}

/** Describes tables that listTables gave; those dropped in between are left out. */
export async function describeTables(session: Session, classes: readonly ClassRow[]): Promise<PostgresTable[]> {
  const oids = `{${classes.map((row) => row.oid).join(',')}}`;
  const attributes = await session.query<AttributeRow>(
    `SELECT a.attrelid, a.attname, a.attnotnull, a.attgenerated, a.atttypid, a.atttypmod,
            pg_catalog.format_type(a.atttypid, a.atttypmod) AS declared,
            (a.attmissingval::text::text[])[1] AS missing
       FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attrelid, a.attnum`,
    [oids],
  );
  const indexes = await session.query<IndexRow>(
    `SELECT i.indrelid, i.indisprimary AND i.indimmediate AS "primary", i.indisreplident AS identity,
            (SELECT pg_catalog.json_agg(a.attname ORDER BY k.at)
               FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
              WHERE k.at <= i.indnkeyatts) AS columns
       FROM pg_catalog.pg_index i
      WHERE i.indrelid = ANY ($1::oid[]) AND (i.indisprimary OR i.indisreplident)`,
    [oids],
  );
  const types = await loadTypes(session, [...new Set(attributes.map((row) => row.atttypid))]);
  return classes.flatMap((row) => {
    const own = attributes.filter((attribute) => attribute.attrelid === row.oid);
    const keys = indexes.filter((index) => index.indrelid === row.oid);
    return own.length === 0 ? [] : [assemble(row, own, keys, types)];
  });
}

/** Describes a type that a column of the change log has, though the table no longer does. */
export async function describeType(
  session: Session,
  name: string,
  oid: number,
  modifier: number,
): Promise<{ column: Column; types: TypeDefinition[] }> {
  const types = await loadTypes(session, [String(oid)]);
  const [row] = await session.query<{ declared: string }>('SELECT pg_catalog.format_type($1, $2) AS declared', [
    oid,
    modifier,
  ]);
  return {
    column: columnOf(name, String(oid), String(modifier), row?.declared ?? '???', true, null, types),
    types: definitionsOf(types, [String(oid)]),
  };
}

function assemble(
  row: ClassRow,
  own: readonly AttributeRow[],
  indexes: readonly IndexRow[],
  types: CatalogTypes,
): PostgresTable {
  const index =
    row.relreplident === 'i' ? indexes.find((one) => one.identity === 't') : indexes.find((one) => one.primary === 't');
  return {
    id: { schema: row.nspname, name: row.relname },
    columns: own.map((a) =>
      columnOf(a.attname, a.atttypid, a.atttypmod, a.declared, a.attnotnull !== 't', a.missing, types),
    ),
    key: index === undefined ? [] : (JSON.parse(index.columns) as string[]),
    types: definitionsOf(
      types,
      own.map((a) => a.atttypid),
    ),
    oid: row.oid,
    partitioned: row.relkind === 'p',
    partition: row.relispartition === 't',
    unlogged: row.relpersistence === 'u',
    replicaIdentity: row.relreplident,
    attributes: new Map(
      own.map((a) => [a.attname, { oid: a.atttypid, modifier: a.atttypmod, generated: a.attgenerated }]),
    ),
  };
}

function columnOf(
  name: string,
  oid: string,
  modifier: string,
  declared: string,
  nullable: boolean,
  missing: string | null,
  types: CatalogTypes,
): Column {
  let type = types.get(oid);
  let mod = Number(modifier);
  while (type?.typtype === 'd') {
    if (mod === -1) mod = Number(type.typtypmod);
    type = types.get(type.typbasetype);
  }
  const base = type?.typname ?? declared;
  return {
    name,
    type: { base, declared, ...(base === 'numeric' && mod >= 4 ? numericModifier(mod) : {}) },
    nullable,
    ...(missing === null ? {} : { valueOfOldRows: missing }),
  };
}

/** numeric's typmod: precision in the high half, scale as 11 signed bits in the low (utils/adt/numeric.c, make_numeric_typmod). */
function numericModifier(mod: number): { precision: number; scale: number } {
  const packed = mod - 4;
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 };
}
