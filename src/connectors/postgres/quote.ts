/** Names and values as they may stand in SQL text. Source: PostgreSQL manual, 4.1.1 and 4.1.2. */
import type { TableName } from '../../core/words.ts';
import { traits } from './traits.ts';

/** `a "b"` → `"a ""b"""`. Always quoted: a bare name is folded to lower case, and may be a reserved word. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string literal. Needs standard_conforming_strings, which is on in every supported server unless somebody turned it off. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The schema of a table; portable tables, which name none, lie in the default one. */
export function schemaOf(table: TableName): string {
  return table.schema ?? traits.defaultSchema ?? 'public';
}

/** `"public"."orders"`. */
export function quoteTable(table: TableName): string {
  return `${quoteName(schemaOf(table))}.${quoteName(table.name)}`;
}
