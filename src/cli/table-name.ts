/** Table names on the command line: `orders`, `public.orders`, `"my.schema"."a ""quoted"" table"`, two joined by `:`. */
import { UsageError } from '../core/errors.ts';
import type { TableName } from '../core/words.ts';

/** A name quoted as SQL does, or one without dots, colons and quotes. */
const PART = /(?:"((?:[^"]|"")+)"|([^".:]+))([.:]?)/y;

/** @returns the left table, and the right one or the same. @throws UsageError showing how a name is written. */
export function parseTables(text: string): { readonly left: TableName; readonly right: TableName } {
  const tables: string[][] = [[]];
  PART.lastIndex = 0;
  let separator = '.';
  while (PART.lastIndex < text.length || separator !== '') {
    const match = PART.exec(text);
    if (match === null) throw unreadable(text);
    const [, quoted, plain, next = ''] = match;
    tables.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (next === ':') tables.push([]);
    separator = next;
  }
  const [left, right = left, ...more] = tables.map((parts) => nameOf(parts, text));
  if (left === undefined || right === undefined || more.length > 0) throw unreadable(text);
  return { left, right };
}

function nameOf(parts: readonly string[], text: string): TableName {
  const [first, second, ...more] = parts;
  if (first === undefined || more.length > 0) throw unreadable(text);
  return second === undefined ? { name: first } : { schema: first, name: second };
}

function unreadable(text: string): UsageError {
  return new UsageError(
    'TABLE_NAME',
    `--table ${text}: a table is written NAME or SCHEMA.NAME, two of them joined by ":"; ` +
      'quote a part that holds dots, colons or quotes: "my.schema"."my ""table"""',
  );
}
