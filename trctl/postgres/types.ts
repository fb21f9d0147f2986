/** Types of the catalog, and how to create at another Postgres those that users and extensions made. */
import type { TypeDefinition } from '../model/table.ts';
import type { Session } from './connection.ts';
import { literal, quote } from './sql.ts';

interface TypeRow {
  oid: string;
  nspname: string;
  typname: string;
  typtype: string;
  typelem: string;
  typbasetype: string;
  typtypmod: string;
  typnotnull: string;
  /** Declared base of a domain. */
  base: string | null;
  extension: string | null;
  extension_schema: string | null;
  labels: string | null;
  checks: string | null;
  members: string | null;
  subtype: string | null;
  subtype_oid: string | null;
  range_of: string | null;
}

export type CatalogTypes = ReadonlyMap<string, TypeRow>;

/** The given types and all that they are made of. */
export async function loadTypes(session: Session, oids: readonly string[]): Promise<CatalogTypes> {
  const rows = await session.query<TypeRow>(
    `WITH RECURSIVE needed(oid) AS (
       SELECT pg_catalog.unnest($1::oid[])
       UNION
       SELECT part.oid FROM needed
         JOIN pg_catalog.pg_type t ON t.oid = needed.oid
         LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid OR r.rngmultitypid = t.oid
         CROSS JOIN LATERAL (
           SELECT pg_catalog.unnest(ARRAY[t.typelem, t.typbasetype, r.rngsubtype,
                                          CASE WHEN t.typtype = 'm' THEN r.rngtypid END]) AS oid
           UNION ALL
           SELECT a.atttypid FROM pg_catalog.pg_attribute a
            WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
         ) part
        WHERE part.oid <> 0
     )
     SELECT t.oid, n.nspname, t.typname, t.typtype, t.typelem, t.typbasetype, t.typtypmod, t.typnotnull,
            CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END AS base,
            e.extname AS extension, en.nspname AS extension_schema,
            (SELECT pg_catalog.json_agg(l.enumlabel ORDER BY l.enumsortorder)
               FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid) AS labels,
            (SELECT pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(c.oid) ORDER BY c.conname)
               FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c') AS checks,
            (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid::text) ORDER BY a.attnum)
               FROM pg_catalog.pg_attribute a
              WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS members,
            pg_catalog.format_type(r.rngsubtype, NULL) AS subtype, r.rngsubtype AS subtype_oid,
            CASE WHEN t.typtype = 'm' THEN r.rngtypid END AS range_of
       FROM needed
       JOIN pg_catalog.pg_type t ON t.oid = needed.oid
       JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
       LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid OR r.rngmultitypid = t.oid
       LEFT JOIN pg_catalog.pg_depend d
              ON d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
       LEFT JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
       LEFT JOIN pg_catalog.pg_namespace en ON en.oid = e.extnamespace`,
    [`{${oids.join(',')}}`],
  );
  return new Map(rows.map((row) => [row.oid, row]));
}

/** What must be created for these types, parts before wholes. */
export function definitionsOf(types: CatalogTypes, oids: readonly string[]): TypeDefinition[] {
  const found: TypeDefinition[] = [];
  const seen = new Set<string>();
  const visit = (oid: string | null): void => {
    const type = oid === null ? undefined : types.get(oid);
    if (type === undefined || seen.has(type.oid)) return;
    seen.add(type.oid);
    if (type.extension !== null) {
      const schema = type.extension_schema ?? 'public';
      const name = type.extension;
      if (!found.some((one) => one.kind === 'extension' && one.name === name)) {
        found.push({ kind: 'extension', schema, name, definition: `SCHEMA ${quote(schema)}` });
      }
      return;
    }
    if (type.nspname === 'pg_catalog') return;
    visit(type.typelem);
    visit(type.typbasetype);
    visit(type.subtype_oid);
    visit(type.range_of);
    for (const [, , member] of membersOf(type)) visit(member);
    const definition = define(type);
    if (definition !== undefined) found.push({ schema: type.nspname, name: type.typname, ...definition });
  };
  oids.forEach(visit);
  return found;
}

function membersOf(type: TypeRow): [name: string, declared: string, oid: string][] {
  return type.members === null ? [] : (JSON.parse(type.members) as [string, string, string][]);
}

function define(type: TypeRow): Pick<TypeDefinition, 'kind' | 'definition' | 'fallback'> | undefined {
  if (type.typtype === 'e') {
    const labels = JSON.parse(type.labels ?? '[]') as string[];
    return { kind: 'enum', definition: `AS ENUM (${labels.map(literal).join(', ')})` };
  }
  if (type.typtype === 'd') {
    const checks = JSON.parse(type.checks ?? '[]') as string[];
    const fallback = `AS ${type.base ?? 'text'}${type.typnotnull === 't' ? ' NOT NULL' : ''}`;
    return { kind: 'domain', definition: [fallback, ...checks].join(' '), fallback };
  }
  if (type.typtype === 'c') {
    const members = membersOf(type).map(([name, declared]) => `${quote(name)} ${declared}`);
    return { kind: 'composite', definition: `AS (${members.join(', ')})` };
  }
  if (type.typtype === 'r') return { kind: 'range', definition: `AS RANGE (subtype = ${type.subtype ?? 'text'})` };
  return undefined; // arrays and multiranges come with what they are of
}
