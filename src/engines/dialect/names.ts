/** What a source table is called at the destination: the engine's own rules, by destination. Data, one line each. */
import type { DatabaseKind, Square, TableName } from '../../core/words.ts';

type Rule = (table: TableName, destinationDefaultSchema: string | undefined) => TableName;

/** Schemas that a name does not carry along. */
const unmarked = (schema: string | undefined): boolean => schema === undefined || schema === 'public';

const RULES: Readonly<Record<DatabaseKind, Rule>> = {
  /** Same schema, same name. */
  postgres: (table, fallback) => ({ ...schemaOf(table.schema ?? fallback), name: table.name }),
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

export function tableAtDestination(
  square: Square,
  table: TableName,
  destinationDefaultSchema: string | undefined,
): TableName {
  return RULES[square.destination](table, destinationDefaultSchema);
}
