/** Postgres to Postgres: every type is what it was; user-made types and extensions are created where they are missing. */
import type { Table, TypeDefinition } from '../model/table.ts';
import { quote, quoteTable } from '../postgres/sql.ts';
import type { TypeLine } from './type-line.ts';

/** CREATE TABLE for a destination, without defaults, checks and foreign keys: rows come with all their values. */
export function createTable(table: Table): string {
  const columns = table.columns.map(
    (column) => `${quote(column.name)} ${column.type.declared}${column.nullable ? '' : ' NOT NULL'}`,
  );
  const key = table.key.length === 0 ? [] : [`PRIMARY KEY (${table.key.map(quote).join(', ')})`];
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(table.id)} (${[...columns, ...key].join(', ')})`;
}

/** CREATE statement of a type or extension; `fallback` leaves checks out that may call functions the destination has not. */
export function createType(type: TypeDefinition, fallback = false): string {
  if (type.kind === 'extension') return `CREATE EXTENSION IF NOT EXISTS ${quote(type.name)} ${type.definition} CASCADE`;
  const keyword = type.kind === 'domain' ? 'DOMAIN' : 'TYPE';
  const definition = fallback ? (type.fallback ?? type.definition) : type.definition;
  return `CREATE ${keyword} ${quote(type.schema)}.${quote(type.name)} ${definition}`;
}

export const TYPE_LINES: readonly TypeLine[] = [
  {
    from: 'every type',
    to: 'the same type',
    note: 'user-made types and extensions are created where they are missing',
  },
];
