/**
 * Reads a table as canonical rows: one COPY statement, which sees one snapshot, decoded from the wire's chunks without
 * making a value or a row object on the way.
 */
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { CanonicalWriter, type Comparison, type RowBatch } from '../../core/canonical.ts';
import { E2eError, messageOf } from '../../core/errors.ts';
import { printName } from '../../core/words.ts';
import type { ReadRequest } from '../connector.ts';
import { type ColumnSource, columnSources, findTable } from './catalog.ts';
import { CopyDecoder } from './copy-decoder.ts';
import { type Decode, decoderOf, textDecoder } from './decode.ts';
import { quoteName, quoteTable } from './quote.ts';

const BATCH_BYTES = 1 << 20;

/**
 * @param connect gives a connection of this read's own, which is ended with it.
 * @throws E2eError PG_READ when the server fails half-way; the signal's reason when the caller gives up.
 */
export async function* readTable(connect: () => Promise<pg.Client>, request: ReadRequest): AsyncGenerator<RowBatch> {
  const { signal, table, columns } = request;
  signal?.throwIfAborted();
  const client = await connect();
  try {
    const plan = await planRead(client, request);
    const writer = new CanonicalWriter(BATCH_BYTES + (BATCH_BYTES >> 2));
    const decoder = new CopyDecoder(plan.decoders, writer);
    const stream = client.query(copyTo(plan.statement));
    const abort = (): void => void stream.destroy(new Error('the read was given up'));
    signal?.addEventListener('abort', abort);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        decoder.push(chunk);
        if (writer.length < BATCH_BYTES) continue;
        const batch = writer.take(columns.length);
        if (batch !== undefined) yield batch;
      }
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    decoder.finish();
    const last = writer.take(columns.length);
    if (last !== undefined) yield last;
  } catch (error) {
    signal?.throwIfAborted();
    throw readError(error, printName(table));
  } finally {
    await client.end().catch(() => undefined);
  }
}

function readError(error: unknown, table: string): E2eError {
  return new E2eError('PG_READ', `reading ${table} from Postgres failed: ${messageOf(error)}`, { cause: error });
}

interface ReadPlan {
  readonly statement: string;
  readonly decoders: readonly Decode[];
}

async function planRead(client: pg.Client, { table, columns }: ReadRequest): Promise<ReadPlan> {
  const sources = await sourcesOf(client, table);
  const parts = columns.map(({ column, as }) => readColumn(sources, column.name, as));
  const list = parts.map((part) => part.select).join(', ');
  return {
    statement: `COPY (SELECT ${list} FROM ${quoteTable(table)}) TO STDOUT (FORMAT binary)`,
    decoders: parts.map((part) => part.decode),
  };
}

/** The columns of a table by name. @throws E2eError when there is no such table. */
export async function sourcesOf(
  client: pg.ClientBase,
  table: ReadRequest['table'],
): Promise<ReadonlyMap<string, ColumnSource>> {
  const oid = await findTable(client, table);
  if (oid === undefined) throw new E2eError('PG_TABLE', `there is no table ${printName(table)}`);
  const sources = await columnSources(client, oid);
  return new Map(sources.map((source) => [source.column.name, source]));
}

/** As its binary form where that can be read as the comparison, else as the text of the type's output function. */
function readColumn(
  sources: ReadonlyMap<string, ColumnSource>,
  name: string,
  as: Comparison,
): { readonly select: string; readonly decode: Decode } {
  const source = columnIn(sources, name);
  const decode = source.wire === undefined ? undefined : decoderOf(source.wire, as);
  if (decode !== undefined) return { select: quoteName(name), decode };
  return { select: textOf(source), decode: textDecoder(as) };
}

export function columnIn(sources: ReadonlyMap<string, ColumnSource>, name: string): ColumnSource {
  const source = sources.get(name);
  if (source === undefined) throw new E2eError('PG_COLUMN', `there is no column ${JSON.stringify(name)}`);
  return source;
}

/** The text that psql shows, as an expression. */
export function textOf(source: ColumnSource, alias?: string): string {
  const column = alias === undefined ? quoteName(source.column.name) : `${alias}.${quoteName(source.column.name)}`;
  return `pg_catalog.textin(${source.output}(${column}))`;
}
