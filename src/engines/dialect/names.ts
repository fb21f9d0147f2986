/** What a source table is called at the destination: the engine's own rules, by destination. Data, one line each. */
import type { DatabaseKind, Square, TableName } from '../../core/words.ts';

/** Of both ends, what a name may depend on. */
export interface NamedEnds {
  /** Database that the source's tables lie in. */
  readonly sourceNamespace: string;
  /** Schema in which tables without one lie at the destination. */
  readonly destinationSchema: string | undefined;
}

type Rule = (table: TableName, square: Square, ends: NamedEnds) => TableName;

/** Sources whose databases are what others call schemas. */
const DATABASE_IS_SCHEMA: ReadonlySet<DatabaseKind> = new Set(['mysql', 'clickhouse']);

/** Schemas that a name does not carry along. */
const unmarked = (schema: string | undefined): boolean => schema === undefined || schema === 'public';

const RULES: Readonly<Record<DatabaseKind, Rule>> = {
  /** Same schema, same name; a database of the source is a schema here. */
  postgres: (table, { source }, { sourceNamespace, destinationSchema }) => ({
    ...schemaOf(DATABASE_IS_SCHEMA.has(source) ? sourceNamespace : (table.schema ?? destinationSchema)),
    name: table.name,
  }),
  /** The schema is dropped: all in the one database that the configuration names. */
  mysql: (table) => ({ name: table.name }),
  clickhouse: (table) => ({ name: table.name }),
  /** `public` is kept in the name: `public_users`. */
  ydb: (table) => ({ name: table.schema === undefined ? table.name : `${table.schema}_${table.name}` }),
  /** `public` is dropped, other schemas are a prefix. */
  ytsaurus: (table) => ({ name: unmarked(table.schema) ? table.name : `${table.schema ?? ''}_${table.name}` }),
};

function schemaOf(schema: string | undefined): Pick<TableName, 'schema'> {
  return schema === undefined ? {} : { schema };
}

export function tableAtDestination(square: Square, table: TableName, ends: NamedEnds): TableName {
  return RULES[square.destination](table, square, ends);
}
