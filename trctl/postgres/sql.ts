/** Quoting, and the settings under which every value is read and written. Knows no connection. */
import type { TableName } from '../model/table.ts';

export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

export function quoteTable(id: TableName): string {
  return `${quote(id.schema)}.${quote(id.name)}`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function columnList(names: readonly string[], prefix = ''): string {
  return names.map((name) => prefix + quote(name)).join(', ');
}

/**
 * Settings of every session, walsenders included, so that a value has one text whatever the server's or role's defaults,
 * and that text can be read back without loss. Postgres 18 manual, 19.11.2 (locale and formatting).
 */
export const SESSION_OPTIONS = [
  'DateStyle=ISO,YMD',
  'IntervalStyle=postgres',
  'TimeZone=UTC',
  'extra_float_digits=3',
  'bytea_output=hex',
  'lc_monetary=C',
  'xmloption=content',
  'search_path=',
  'statement_timeout=0',
  'lock_timeout=0',
  'idle_in_transaction_session_timeout=0',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');
