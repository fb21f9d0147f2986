/** Writes rows as lines of escaped tab-separated values, which Postgres's COPY and ClickHouse's TabSeparated both read. */
import type { Row } from '../model/change.ts';

/** What Postgres's COPY escapes, no more and no less: a row has one text, whoever wrote it (Postgres manual, COPY, text format). */
const SPECIAL = /[\\\b\f\n\r\t\v]/;
const EVERY_SPECIAL = /[\\\b\f\n\r\t\v]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** One value as it stands in a line; NULL is \N. */
export function escapeValue(value: string | null): string {
  if (value === null) return '\\N';
  return SPECIAL.test(value) ? value.replace(EVERY_SPECIAL, (character) => ESCAPES[character] ?? character) : value;
}

export function lineOf(row: Row): string {
  return `${row.map(escapeValue).join('\t')}\n`;
}
