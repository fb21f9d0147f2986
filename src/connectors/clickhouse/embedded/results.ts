// The ways a statement's result is produced: streamed block by block, written to a spool file, whole in memory, or as
// rows of an INSERT read from a spool file. Must not know where connections come from, nor HTTP.
import { createReadStream } from 'node:fs';
import type { Cleanup } from './cleanup.ts';
import type { Block, Connection } from './connection.ts';
import { ClickHouseException } from './exception.ts';
import { headerLength, streaming } from './formats.ts';
import type { Spool, SpoolFile } from './spool.ts';
import type { InsertStatement, SelectStatement, Statement } from './statement.ts';
import { literal } from './tokens.ts';

export interface Progress {
  resultRows: number;
  readRows: number;
  readBytes: number;
  writtenRows: number;
  writtenBytes: number;
}

/** A statement on its way: what is to run, and what it may use. */
export interface Work {
  readonly text: string;
  readonly statement: Statement;
  readonly data: SpoolFile | undefined;
  readonly dataBytes: number;
  readonly defaultFormat: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Hold the result back until the query has ended without an exception. */
  readonly whole: boolean;
}

export interface Result {
  /** Undefined if the statement has no result. */
  readonly format: string | undefined;
  readonly body: AsyncGenerator<Uint8Array, void, undefined>;
}

/** @throws ClickHouseException if the query fails before its first block. What the result needs is left to `clean`. */
export async function produce(
  connection: Connection,
  work: Work,
  spool: Spool,
  clean: Cleanup,
  progress: Progress,
): Promise<Result> {
  const { statement } = work;
  if (statement.kind === 'insert') {
    await insert(connection, work, statement, progress);
    return { format: undefined, body: nothing() };
  }
  const format = statement.format ?? work.defaultFormat;
  if (statement.kind === 'select') {
    const way = streamable(work, statement) ? streaming(format) : 'whole';
    if (way !== 'whole') {
      const body = await stream(connection, work.text, format, clean, progress);
      if (body !== undefined) return { format, body };
      if (way === 'plain') return { format, body: nothing() };
    }
    return { format, body: await spooled(connection, work.text, statement, format, spool.file(), clean, progress) };
  }
  const whole = await connection.run(work.text, format);
  progress.readRows = whole.rows;
  progress.readBytes = whole.readBytes;
  const hasResult = whole.bytes.length > 0 || statement.format !== undefined || ANSWERING.has(firstVerb(statement));
  return { format: hasResult ? format : undefined, body: one(whole.bytes) };
}

/** Statements other than SELECT that answer with rows even when there are none. */
export const ANSWERING: ReadonlySet<string> = new Set(['SHOW', 'DESCRIBE', 'DESC', 'EXISTS', 'EXPLAIN', 'CHECK']);

function firstVerb(statement: Statement): string {
  return statement.kind === 'other' ? (statement.verbs[0] ?? '') : '';
}

/** Blocks are formatted one by one, which is wrong for totals, extremes and one array around all rows. */
function streamable(work: Work, statement: SelectStatement): boolean {
  if (work.whole || statement.scalarSubquery) return false;
  return !['TOTALS', 'EXTREMES', 'OUTPUT_FORMAT_JSON_ARRAY_OF_ROWS'].some(
    (word) => statement.words.has(word) || work.settings.has(word.toLowerCase()),
  );
}

/** Undefined if there is not one block. */
async function stream(
  connection: Connection,
  text: string,
  format: string,
  clean: Cleanup,
  progress: Progress,
): Promise<Result['body'] | undefined> {
  const blocks = connection.stream(text, format);
  clean.defer(async () => {
    await blocks.return();
  });
  const first = await blocks.next();
  return first.done === true ? undefined : joined(first.value, blocks, format, progress);
}

async function* joined(
  first: Block,
  rest: AsyncGenerator<Block, void, undefined>,
  format: string,
  progress: Progress,
): Result['body'] {
  const count = (block: Block): void => {
    progress.resultRows += block.rows;
    progress.readRows += block.rows;
    progress.readBytes += block.bytes.length;
  };
  count(first);
  yield first.bytes;
  for await (const block of rest) {
    count(block);
    yield block.bytes.subarray(headerLength(format, block.bytes));
  }
}

/** Runs a SELECT into a file, as one document in `format`, and reads that. */
async function spooled(
  connection: Connection,
  text: string,
  statement: SelectStatement,
  format: string,
  file: SpoolFile,
  clean: Cleanup,
  progress: Progress,
): Promise<Result['body']> {
  clean.use(file);
  const bytes = Buffer.from(text, 'utf8');
  const before = bytes.subarray(0, statement.clausesAt).toString('utf8');
  const after = bytes.subarray(statement.clausesAt, statement.end).toString('utf8');
  const named = statement.format === undefined ? ` FORMAT ${format}` : '';
  // Line breaks, for a comment may stand before the end.
  const whole = await connection.run(
    `${before}\nINTO OUTFILE ${literal(file.path)} COMPRESSION 'none'${named}\n${after}`,
    format,
  );
  progress.resultRows = whole.rows;
  progress.readRows = whole.rows;
  progress.readBytes = whole.readBytes;
  return contents(file);
}

async function* contents(file: SpoolFile): Result['body'] {
  const reader = createReadStream(file.path, { highWaterMark: 1 << 20 });
  try {
    for await (const chunk of reader) yield chunk as Buffer;
  } finally {
    reader.destroy();
  }
}

async function insert(
  connection: Connection,
  work: Work,
  statement: InsertStatement,
  progress: Progress,
): Promise<void> {
  if (work.data === undefined) {
    throw new ClickHouseException(108, 'NO_DATA_TO_INSERT', 'No data to insert');
  }
  const bytes = Buffer.from(work.text, 'utf8');
  const part = (from: number, to: number): string => bytes.subarray(from, to).toString('utf8');
  const path = literal(work.data.path);
  let sql: string;
  if (statement.input === undefined) {
    const settings = part(...statement.settings);
    sql = `${part(0, statement.clausesAt)}\nFROM INFILE ${path} COMPRESSION 'none' ${settings}\nFORMAT ${statement.format}`;
  } else {
    const { start, end, structure } = statement.input;
    const file = `file(${path}, ${literal(statement.format)}, ${literal(structure)}, 'none')`;
    sql = `${part(0, start)}${file}${part(end, statement.formatAt)}`;
  }
  const result = await connection.run(sql);
  progress.writtenRows = result.rows;
  progress.writtenBytes = result.readBytes;
  progress.readRows = result.rows;
  progress.readBytes = result.readBytes;
}

async function* nothing(): Result['body'] {
  // no blocks
}

// eslint-disable-next-line @typescript-eslint/require-await -- a generator of a type that others share
async function* one(bytes: Uint8Array): Result['body'] {
  if (bytes.length > 0) yield bytes;
}
