/**
 * Reads a table as canonical rows: one SELECT, which sees one snapshot of an InnoDB table, each value taken from the
 * wire's buffer while the driver walks over it, without a value or a row object of its own.
 */
import type { Connection } from 'mysql2';
import { CanonicalWriter, type RowBatch } from '../../core/canonical.ts';
import { E2eError } from '../../core/errors.ts';
import { printName } from '../../core/words.ts';
import type { ReadRequest } from '../connector.ts';
import { columnSources, type ColumnSource } from './catalog.ts';
import { end, oneLine } from './connection.ts';
import { decoderOf, type Decode } from './decode.ts';
import { quoteName } from './quote.ts';

const BATCH_BYTES = 1 << 20;

/** A column of a SELECT and what becomes of it. */
interface Selected {
  readonly sql: string;
  readonly decode: Decode;
}

/**
 * @param connectOwn gives a connection of this read's own, which is ended with it.
 * @throws E2eError MYSQL_READ when the server fails half-way; the signal's reason when the caller gives up.
 */
export async function* readTable(
  connectOwn: () => Promise<Connection>,
  database: string,
  request: ReadRequest,
): AsyncGenerator<RowBatch> {
  const { signal, table } = request;
  signal?.throwIfAborted();
  const connection = await connectOwn();
  try {
    const sources = await sourcesOf(connection, database, request);
    const columns = request.columns.map(({ column, as }) => {
      const source = columnIn(sources, column.name);
      return { sql: compared(source), decode: decoderOf(source.column.type, as) };
    });
    yield* select(connection, columns, `FROM ${quoteName(table.name)}`, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof E2eError) throw error;
    throw new E2eError('MYSQL_READ', `reading ${printName(table)} from MySQL failed: ${oneLine(error)}`, {
      cause: error,
    });
  } finally {
    await end(connection);
  }
}

/** The rows of a SELECT. The connection is no longer usable when the caller stops before the end. */
export async function* select(
  connection: Connection,
  columns: readonly Selected[],
  from: string,
  signal?: AbortSignal,
): AsyncGenerator<RowBatch> {
  const writer = new CanonicalWriter(BATCH_BYTES + (BATCH_BYTES >> 2));
  const full: RowBatch[] = [];
  const state: { now: 'reading' | 'ended' | 'failed'; failure?: unknown } = { now: 'reading' };
  let wake = (): void => undefined;
  let at = 0;
  const query = connection.query({
    sql: `SELECT ${columns.map(({ sql }) => sql).join(', ')} ${from}`,
    rowsAsArray: true,
    typeCast: (field) => {
      const bytes = field.buffer();
      const column = columns[at];
      at = at + 1 === columns.length ? 0 : at + 1;
      if (bytes === null) writer.null();
      else column?.decode(writer, bytes);
      writer.endCell();
      return undefined;
    },
  });
  query.on('result', () => {
    if (writer.length < BATCH_BYTES) return;
    const batch = writer.take(columns.length);
    if (batch === undefined) return;
    full.push(batch);
    // The server waits until somebody has taken this one.
    connection.pause();
    wake();
  });
  const fail = (error: unknown): void => {
    state.failure = error;
    state.now = 'failed';
    wake();
  };
  query.on('error', fail);
  // A connection that is lost is told of here alone.
  connection.on('error', fail);
  query.on('end', () => {
    if (state.now === 'reading') state.now = 'ended';
    wake();
  });
  const abort = (): void => fail(signal?.reason);
  signal?.addEventListener('abort', abort);
  let whole = false;
  try {
    for (;;) {
      const batch = full.shift();
      if (batch !== undefined) {
        yield batch;
        if (full.length === 0) connection.resume();
        continue;
      }
      if (state.now === 'failed') throw state.failure;
      if (state.now === 'ended') break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (full.length > 0 || state.now !== 'reading') resolve();
      });
    }
    whole = true;
    const last = writer.take(columns.length);
    if (last !== undefined) yield last;
  } finally {
    signal?.removeEventListener('abort', abort);
    connection.off('error', fail);
    // Rows that nobody wants would otherwise all be read before the connection ends.
    if (!whole) connection.destroy();
  }
}

/** The columns of a table by name. @throws E2eError when there is no such table. */
export async function sourcesOf(
  connection: Connection,
  database: string,
  { table }: Pick<ReadRequest, 'table'>,
): Promise<ReadonlyMap<string, ColumnSource>> {
  const sources = await columnSources(connection, database, table);
  if (sources.length === 0) throw new E2eError('MYSQL_TABLE', `there is no table ${printName(table)} in ${database}`);
  return new Map(sources.map((source) => [source.column.name, source]));
}

export function columnIn(sources: ReadonlyMap<string, ColumnSource>, name: string): ColumnSource {
  const source = sources.get(name);
  if (source === undefined) throw new E2eError('MYSQL_COLUMN', `there is no column ${JSON.stringify(name)}`);
  return source;
}

/** The expression whose text holds the whole value. */
export function compared({ column, base }: ColumnSource): string {
  const name = quoteName(column.name);
  // FLOAT is printed to six digits; as a double it is printed to all that it has.
  if (base === 'float') return `CAST(${name} AS DOUBLE)`;
  // BIT comes as bytes.
  if (base === 'bit') return `CAST(${name} AS UNSIGNED)`;
  return name;
}

/** The text that people read. */
export function shown(source: ColumnSource): string {
  const { column } = source;
  return column.type.kind === 'bytes' ? `CONCAT('0x', HEX(${quoteName(column.name)}))` : compared(source);
}
