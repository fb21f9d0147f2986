/** Writes rows as lines of escaped tab-separated values, which Postgres's COPY and ClickHouse's TabSeparated both read. */
import type { Row } from '../model/change.ts';
import type { RowLines } from '../provider.ts';

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

const NEWLINE = 0x0a;

/** Cuts a stream of COPY text into pieces that end at the end of a row. A newline inside a value is escaped there. */
export async function* wholeLines(stream: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<RowLines> {
  let rest: Buffer[] = [];
  for await (const chunk of stream) {
    signal.throwIfAborted();
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      rest.push(chunk);
      continue;
    }
    const lines = Buffer.concat([...rest, chunk.subarray(0, end + 1)]);
    rest = end + 1 === chunk.length ? [] : [chunk.subarray(end + 1)];
    yield { lines, rows: countLines(lines) };
  }
}

function countLines(lines: Buffer): number {
  let rows = 0;
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) rows += 1;
  return rows;
}
