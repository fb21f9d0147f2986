// Runs what a client of the native protocol asks on the engine, and relays blocks both ways. Per query:
//  1. its text is read as a statement; a FORMAT clause is taken out, for here the client formats
//  2. a header says which columns come: of a result, or of the rows that the client is to send
//  3. the rows flow, in the engine's own columnar formats: nothing is decoded but sizes
// Must not know sockets.
import { writeFile } from 'node:fs/promises';
import type { Answer, Engine, Query } from '../engine.ts';
import { ClickHouseException } from '../exception.ts';
import { ANSWERING } from '../results.ts';
import type { SessionRequest } from '../sessions.ts';
import type { SpoolFile } from '../spool.ts';
import type { InsertStatement, OtherStatement, SelectStatement, Statement } from '../statement.ts';
import { assertOneStatement, readStatement, utf8 } from '../statement.ts';
import { identifier, literal, tokens } from '../tokens.ts';
import type { Column } from './blocks.ts';
import { resultBlocks } from './blocks.ts';
import { insertTarget } from './insert-target.ts';
import type { AskedQuery } from './packets.ts';
import type { Replies } from './replies.ts';
import type { ReceivedRows } from './received-rows.ts';

/** What was counted of a query, for its line in the log. */
export interface Relayed {
  rows: number;
  bytes: number;
}

/** Rows that came with a query as a table of its own. */
export interface ExternalTable {
  readonly name: string;
  readonly rows: ReceivedRows;
}

export interface Asker {
  /** Of the query. */
  readonly id: string;
  readonly user: string;
  readonly session: SessionRequest;
}

/** Whose query it is, and what came with it. */
export interface RelayContext extends Asker {
  readonly external: readonly ExternalTable[];
  /** Receives the rows of an INSERT, until the client says that these are all. */
  readonly receive: () => Promise<ReceivedRows>;
}

/** The engine's result, by columns: what the wire's blocks are made of. */
const COLUMNAR = 'Buffers';

/** Of KILL QUERY. */
const KILL_COLUMNS: readonly Column[] = ['kill_status', 'query_id', 'user', 'query'].map((name) => ({
  name,
  type: 'String',
}));

export class Relay {
  readonly #engine: Engine;
  readonly #replies: Replies;
  readonly #asked: AskedQuery;
  readonly #context: RelayContext;
  readonly #signal: AbortSignal;
  readonly #settings: ReadonlyMap<string, string>;
  readonly #began = performance.now();
  readonly counted: Relayed = { rows: 0, bytes: 0 };

  /** @param signal kills the query. */
  constructor(engine: Engine, replies: Replies, asked: AskedQuery, context: RelayContext, signal: AbortSignal) {
    this.#engine = engine;
    this.#replies = replies;
    this.#asked = asked;
    this.#context = context;
    this.#signal = signal;
    const known = asked.settings.filter(({ name, important }) => important || engine.facts.settings.has(name));
    this.#settings = new Map(known.map(({ name, value }) => [name, value]));
  }

  /** Answers the query, all but its end of stream. @throws ClickHouseException; ClientGone. */
  async run(): Promise<void> {
    const { external } = this.#context;
    const made: string[] = [];
    try {
      for (const table of external) {
        await this.#bring(table);
        made.push(table.name);
      }
      await this.#statement();
    } finally {
      for (const name of made)
        await this.#run(`DROP TEMPORARY TABLE IF EXISTS ${identifier(name)}`, new AbortController().signal);
    }
  }

  async #statement(): Promise<void> {
    const { text } = this.#asked;
    const statement = readStatement(text.toString('latin1'));
    switch (statement.kind) {
      case 'select':
        return this.#select(utf8(text), statement);
      case 'insert':
        return this.#insert(text, statement);
      case 'kill':
        return this.#result(KILL_COLUMNS, this.#query(utf8(text), { ...statement, format: undefined }, COLUMNAR));
      case 'other': {
        if (insertsRows(statement)) {
          const whole = Buffer.concat([text.subarray(0, statement.end), Buffer.from(' FORMAT Native')]);
          const insert = readStatement(whole.toString('latin1'));
          if (insert.kind === 'insert') return this.#insert(whole, insert);
        }
        return this.#other(utf8(text), statement);
      }
    }
  }

  async #select(text: string, statement: SelectStatement): Promise<void> {
    this.#refuseWhatIsBesideRows(text);
    const select = withoutFormat(text, statement);
    const columns = await this.#columnsOf(select);
    await this.#result(columns, this.#query(select, readStatement(latin1(select)), COLUMNAR));
  }

  /** Totals and extremes come in packets of their own, for which the engine gives no columns. */
  #refuseWhatIsBesideRows(text: string): void {
    let before = '';
    for (const { kind, text: token } of tokens(latin1(text))) {
      if (before === 'WITH' && token === 'TOTALS') {
        throw ClickHouseException.notSupported('WITH TOTALS over the native protocol (over HTTP it is)');
      }
      if (token === 'EXTREMES' && kind === 'word') this.#refuseExtremes();
      before = token;
    }
    if (!['0', 'false', undefined].includes(this.#settings.get('extremes'))) this.#refuseExtremes();
  }

  #refuseExtremes(): never {
    throw ClickHouseException.notSupported('extremes over the native protocol (over HTTP they are)');
  }

  /** The columns of a SELECT, as its plan has them: the engine's stream of no rows has no header. */
  async #columnsOf(select: string): Promise<readonly Column[]> {
    let plan: string;
    try {
      plan = await this.#text(`EXPLAIN PLAN json = 1, header = 1, description = 0\n${select}`, 'TabSeparatedRaw');
    } catch (error) {
      if (!(error instanceof ClickHouseException) || error.symbol !== 'SYNTAX_ERROR') throw error;
      // Let the message count from the beginning of the client's own text.
      await this.#collect(this.#query(select, readStatement(latin1(select)), 'Null'));
      throw error;
    }
    const [first] = JSON.parse(plan) as [{ Plan: { Header: { Name: string; Type: string }[] } }];
    return first.Plan.Header.map(({ Name, Type }) => ({ name: Name, type: Type }));
  }

  /** Sends a header, then the rows of `query`. */
  async #result(columns: readonly Column[], query: Query): Promise<void> {
    await this.#replies.block(columns, 0, []);
    await using answer = await this.#engine.execute(query, this.#signal);
    let blocks = 0;
    for await (const { rows, data } of resultBlocks(answer.body)) {
      if (data.length !== columns.length) {
        throw new ClickHouseException(
          49,
          'LOGICAL_ERROR',
          `The result has ${data.length} columns, its header ${columns.length}`,
        );
      }
      if (rows === 0) continue;
      blocks += 1;
      this.counted.rows += rows;
      for (const bytes of data) this.counted.bytes += bytes.length;
      await this.#replies.block(columns, rows, data);
    }
    await answer[Symbol.asyncDispose]();
    await this.#replies.profileInfo(this.counted.rows, blocks, this.counted.bytes);
    await this.#replies.progress({ rows: answer.progress.readRows, bytes: answer.progress.readBytes }, this.#ms());
    await this.#replies.block([], 0, []);
  }

  async #other(text: string, statement: OtherStatement): Promise<void> {
    const [verb = ''] = statement.verbs;
    if (verb === 'SET' && statement.words.has('EXTREMES')) this.#refuseExtremes();
    const plain = withoutFormat(text, statement);
    const read = readStatement(latin1(plain));
    if (!ANSWERING.has(verb)) {
      const answer = await this.#collect(this.#query(plain, read, 'Null'));
      const { writtenRows, writtenBytes, readRows, readBytes } = answer.progress;
      this.counted.rows = writtenRows > 0 ? writtenRows : readRows;
      await this.#replies.progress({ rows: readRows, bytes: readBytes, writtenRows, writtenBytes }, this.#ms());
      return;
    }
    // Asked twice, for no format of the engine has both a header without rows and rows by column.
    const header = await this.#text(plain, 'JSONCompactEachRowWithNamesAndTypes');
    const [names = '[]', types = '[]'] = header.split('\n');
    const columnTypes = JSON.parse(types) as string[];
    const columns = (JSON.parse(names) as string[]).map((name, index) => ({ name, type: columnTypes[index] ?? '' }));
    await this.#result(columns, this.#query(plain, read, COLUMNAR));
  }

  async #insert(text: Buffer, statement: InsertStatement): Promise<void> {
    const head = utf8(text.subarray(0, statement.formatAt));
    const inline = text.subarray(statement.dataAt);
    if (/[^\s;]/.test(inline.toString('latin1'))) {
      if (statement.format === 'Values') assertOneStatement(text, statement.dataAt);
      await using rows = await this.#spooled(inline);
      await this.#insertRows({ ...this.#query(head, statement, ''), data: rows, dataBytes: inline.length });
      return;
    }
    await this.#announce(text.toString('latin1'), statement);
    await using rows = await this.#context.receive();
    this.counted.bytes = rows.bytes;
    if (rows.rows === 0) return;
    const query = this.#query(head, { ...statement, format: 'Native' }, '');
    await this.#insertRows({ ...query, data: rows.file, dataBytes: rows.bytes });
  }

  async #insertRows(query: Query): Promise<void> {
    const { progress } = await this.#collect(query);
    const { writtenRows, writtenBytes } = progress;
    this.counted.rows = writtenRows;
    this.counted.bytes = query.dataBytes;
    await this.#replies.progress({ rows: writtenRows, bytes: writtenBytes, writtenRows, writtenBytes }, this.#ms());
  }

  /** Tells the client which columns it is to send. */
  async #announce(text: string, statement: InsertStatement): Promise<void> {
    if (statement.input !== undefined) {
      const columns = await this.#columnsOf(`SELECT * FROM null(${literal(statement.input.structure)})`);
      await this.#replies.block(columns, 0, []);
      return;
    }
    const { table, columns } = insertTarget(text, statement);
    const lines = (await this.#text(`DESCRIBE TABLE ${table}`, 'JSONCompactEachRow', false)).trimEnd().split('\n');
    const described = lines.map((line) => JSON.parse(line) as DescribedColumn);
    await this.#replies.tableColumns(columnsDescription(described));
    await this.#replies.block(await this.#insertColumns(table, columns, described), 0, []);
  }

  async #insertColumns(
    table: string,
    columns: ReturnType<typeof insertTarget>['columns'],
    described: readonly DescribedColumn[],
  ): Promise<readonly Column[]> {
    if (columns === 'all') {
      const own = described.filter(([, , kind]) => kind === '' || kind === 'DEFAULT');
      return own.map(([name, type]) => ({ name, type }));
    }
    if (columns.names === undefined) return this.#columnsOf(`SELECT ${columns.text} FROM ${table}`);
    const types = new Map(described.map(([name, type]) => [name, type]));
    return columns.names.map((name) => {
      const type = types.get(name);
      if (type !== undefined) return { name, type };
      throw new ClickHouseException(16, 'NO_SUCH_COLUMN_IN_TABLE', `No such column ${name} in table ${table}`);
    });
  }

  /** Makes a table of the session from rows that came with the query. */
  async #bring({ name, rows }: ExternalTable): Promise<void> {
    const columns = rows.columns.map((column) => `${identifier(column.name)} ${column.type}`).join(', ');
    await this.#run(`CREATE TEMPORARY TABLE ${identifier(name)} (${columns}) ENGINE = Memory`);
    if (rows.rows === 0) return;
    const head = `INSERT INTO ${identifier(name)} `;
    const statement = readStatement(latin1(`${head}FORMAT Native`));
    await this.#collect({ ...this.#query(head, statement, '', false), data: rows.file, dataBytes: rows.bytes });
  }

  async #spooled(bytes: Buffer): Promise<SpoolFile> {
    const file = this.#engine.spool.file();
    await writeFile(file.path, bytes, { mode: 0o600 });
    return file;
  }

  /** Runs a statement of ours. */
  async #run(text: string, signal = this.#signal): Promise<void> {
    await this.#collect(this.#query(text, readStatement(latin1(text)), 'Null', false), signal);
  }

  async #text(text: string, format: string, settings = true): Promise<string> {
    const chunks: Uint8Array[] = [];
    await this.#collect(this.#query(text, readStatement(latin1(text)), format, settings), this.#signal, chunks);
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Runs a query to its end. */
  #collect(query: Query, signal = this.#signal, into?: Uint8Array[]): Promise<Answer> {
    return toItsEnd(this.#engine, query, signal, into);
  }

  #query(text: string, statement: Statement, defaultFormat: string, settings = true): Query {
    return {
      ...plainQuery(this.#context, text, defaultFormat, statement),
      settings: settings ? this.#settings : new Map(),
      parameters: this.#asked.parameters,
    };
  }

  #ms(): number {
    return performance.now() - this.#began;
  }
}

/** A query without settings and parameters. */
export function plainQuery(
  { id, user, session }: Asker,
  text: string,
  defaultFormat = 'Null',
  statement = readStatement(latin1(text)),
): Query {
  return {
    id,
    user,
    session,
    text,
    statement,
    defaultFormat,
    settings: new Map(),
    parameters: new Map(),
    database: undefined,
    data: undefined,
    dataBytes: 0,
    readonly: false,
    whole: false,
  };
}

/** Runs a query to its end. @throws ClickHouseException */
export async function toItsEnd(
  engine: Engine,
  query: Query,
  signal: AbortSignal,
  into: Uint8Array[] = [],
): Promise<Answer> {
  await using answer = await engine.execute(query, signal);
  for await (const chunk of answer.body) into.push(chunk);
  return answer;
}

/** `INSERT INTO t (a, b)` and nothing else: the rows follow in blocks. */
function insertsRows({ verbs, words }: OtherStatement): boolean {
  return verbs[0] === 'INSERT' && !['SELECT', 'WITH', 'FROM', 'WATCH'].some((word) => words.has(word));
}

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** The statement without its FORMAT clause. */
function withoutFormat(text: string, { format, clausesAt, end }: SelectStatement | OtherStatement): string {
  const bytes = Buffer.from(text, 'utf8');
  const rest = bytes.subarray(clausesAt, end);
  const [, name] = format === undefined ? [] : [...tokens(rest.toString('latin1'))];
  const kept = [bytes.subarray(0, clausesAt), rest.subarray(name?.end ?? 0)].map((part) => part.toString('utf8'));
  // A line break, for a comment may stand before the clause.
  return kept.filter((part) => part !== '').join('\n');
}

type DescribedColumn = readonly [
  name: string,
  type: string,
  kind: string,
  expression: string,
  comment: string,
  codec: string,
  ttl: string,
];

/** As ColumnsDescription::toString of ClickHouse: clients compute the defaults of columns that they are not given. */
function columnsDescription(columns: readonly DescribedColumn[]): string {
  const lines = columns.map(([name, type, kind, expression, comment, codec, ttl]) => {
    const clauses = [`${identifier(name)} ${escaped(type)}`];
    if (kind !== '') clauses.push(kind, escaped(expression));
    if (comment !== '') clauses.push(`COMMENT ${escaped(literal(comment))}`);
    if (codec !== '') clauses.push(escaped(`CODEC(${codec})`));
    if (ttl !== '') clauses.push(`TTL ${escaped(ttl)}`);
    return `${clauses.join('\t')}\n`;
  });
  return `columns format version: 1\n${columns.length} columns:\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll("'", "\\'");
}
