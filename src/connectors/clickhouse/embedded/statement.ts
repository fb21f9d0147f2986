// What a query's text asks for, as far as the way it is run depends on it: its kind, its FORMAT clause, where the data
// of an INSERT begins. The engine alone decides whether the text is valid. Must not know how anything is run.
import { ClickHouseException } from './exception.ts';
import type { Token } from './tokens.ts';
import { tokens, unquote } from './tokens.ts';

/** SELECT: its result can be streamed, or written to a file by a clause put in at `clausesAt`. */
export interface SelectStatement {
  readonly kind: 'select';
  readonly format: string | undefined;
  /** Offset where `INTO OUTFILE` belongs: before FORMAT, or the end of the statement. */
  readonly clausesAt: number;
  readonly end: number;
  readonly words: ReadonlySet<string>;
  /** A subquery stands where a value is expected: the engine computes it while it analyses the query. */
  readonly scalarSubquery: boolean;
}

/** INSERT whose rows follow its text: `INSERT INTO t FORMAT CSV`, newline, rows. */
export interface InsertStatement {
  readonly kind: 'insert';
  readonly format: string;
  /** Offset where `FROM INFILE` belongs: before SETTINGS, FORMAT or VALUES. */
  readonly clausesAt: number;
  /** The SETTINGS clause, as offsets; empty if there is none. */
  readonly settings: readonly [start: number, end: number];
  /** `input('structure')` of INSERT … SELECT … FROM input(…) FORMAT …, as offsets and its structure. */
  readonly input: { readonly start: number; readonly end: number; readonly structure: string } | undefined;
  /** Offset of FORMAT or VALUES. */
  readonly formatAt: number;
  /** Offset of the first byte of data. */
  readonly dataAt: number;
  readonly words: ReadonlySet<string>;
}

/** KILL QUERY WHERE query_id = '…' or IN (…); `ids` is undefined for any other condition. */
export interface KillStatement {
  readonly kind: 'kill';
  readonly ids: readonly string[] | undefined;
  readonly mode: 'ASYNC' | 'SYNC' | 'TEST';
  readonly format: string | undefined;
  readonly words: ReadonlySet<string>;
}

export interface OtherStatement {
  readonly kind: 'other';
  /** The first words, upper case: `['DROP', 'TABLE', …]`. */
  readonly verbs: readonly string[];
  readonly format: string | undefined;
  /** Offset of FORMAT, or the end of the statement. */
  readonly clausesAt: number;
  readonly end: number;
  readonly words: ReadonlySet<string>;
}

export type Statement = SelectStatement | InsertStatement | KillStatement | OtherStatement;

/**
 * Reads one statement.
 * @param text the query, one character a byte (latin1), so that offsets are byte offsets; for an INSERT its head suffices.
 * @throws ClickHouseException as the server words it: empty query, several statements, INTO OUTFILE, FROM INFILE.
 */
export function readStatement(text: string): Statement {
  const from = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
  const stream = tokens(text, from);
  const first = stream.next();
  if (first.done === true) throw ClickHouseException.syntax('Empty query');
  if (first.value.text === 'INSERT') return readInsert(text, first.value, stream);
  const all = [first.value, ...stream];
  const semicolon = all.findIndex((token) => token.kind === 'semicolon' && token.depth === 0);
  if (semicolon !== -1) refuseSecondStatement(text, all, semicolon);
  const statement = semicolon === -1 ? all : all.slice(0, semicolon);
  const last = statement.at(-1);
  if (last === undefined) throw ClickHouseException.syntax('Empty query');
  const words = new Set(statement.filter((token) => token.kind === 'word').map((token) => token.text));
  const format = trailingFormat(text, statement);
  if (hasPair(statement, 'INTO', 'OUTFILE')) {
    throw new ClickHouseException(358, 'INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
  }
  const verbs = statement.slice(0, 4).map((token) => token.text);
  if (verbs[0] === 'KILL' && verbs[1] === 'QUERY') {
    const parts = statement.filter((token) => format === undefined || token.start < format.at);
    return { kind: 'kill', ...killed(parts), format: format?.name, words };
  }
  if (['SELECT', 'WITH', '(', 'FROM'].includes(verbs[0] ?? '')) {
    return {
      kind: 'select',
      format: format?.name,
      clausesAt: format?.at ?? last.end,
      end: last.end,
      words,
      scalarSubquery: hasScalarSubquery(statement),
    };
  }
  return { kind: 'other', verbs, format: format?.name, clausesAt: format?.at ?? last.end, end: last.end, words };
}

function refuseSecondStatement(text: string, all: readonly Token[], semicolon: number): void {
  const rest = all.slice(semicolon + 1).find((token) => token.kind !== 'semicolon');
  if (rest === undefined) return;
  const at = all[semicolon]?.start ?? 0;
  const shown = Buffer.from(text.slice(at, at + 160), 'latin1').toString('utf8');
  throw ClickHouseException.syntax(
    `Syntax error (Multi-statements are not allowed): failed at position ${at + 1} (end of query): ${shown}. `,
  );
}

function hasPair(statement: readonly Token[], one: string, two: string): boolean {
  return statement.some(
    (token, index) => token.depth === 0 && token.text === one && statement[index + 1]?.text === two,
  );
}

/** What stands before the bracket of a subquery that the engine does not compute during analysis; IN may do so. */
const BEFORE_ROWS = new Set(['FROM', 'JOIN', 'AS', 'UNION', 'EXCEPT', 'INTERSECT']);

function hasScalarSubquery(statement: readonly Token[]): boolean {
  return statement.some((token, index) => {
    if (token.text !== '(' || !['SELECT', 'WITH'].includes(statement[index + 1]?.text ?? '')) return false;
    const before = statement[index - 1];
    return before !== undefined && !BEFORE_ROWS.has(before.text);
  });
}

/** The FORMAT clause: the last `FORMAT name` at the outermost level, followed by nothing or by SETTINGS. */
function trailingFormat(text: string, statement: readonly Token[]): { name: string; at: number } | undefined {
  for (let index = statement.length - 2; index >= 1; index -= 1) {
    const token = statement[index];
    const name = statement[index + 1];
    const after = statement[index + 2];
    if (token?.text !== 'FORMAT' || token.depth !== 0 || name?.kind !== 'word') continue;
    if (after !== undefined && after.text !== 'SETTINGS') continue;
    return { name: text.slice(name.start, name.end), at: token.start };
  }
  return undefined;
}

function killed(statement: readonly Token[]): Pick<KillStatement, 'ids' | 'mode'> {
  const last = statement.at(-1)?.text;
  const mode = last === 'SYNC' || last === 'TEST' ? last : 'ASYNC';
  const condition = statement.slice(3, last === 'ASYNC' || last === mode ? -1 : undefined);
  const [column, operator, ...values] = condition;
  const strings = values.filter((token) => token.kind === 'string');
  const rest = values.filter((token) => token.kind !== 'string').map((token) => token.text);
  const equals = operator?.text === '=' && values.length === 1 && strings.length === 1;
  const among = operator?.text === 'IN' && rest.join('') === `(${','.repeat(Math.max(0, strings.length - 1))})`;
  if (column?.text !== 'QUERY_ID' || !(equals || among)) return { ids: undefined, mode };
  return { ids: strings.map((token) => unquote(token.text)), mode };
}

/** Reads `INSERT INTO [TABLE] [FUNCTION] target [(columns)] …` up to its data. */
function readInsert(text: string, insert: Token, stream: Iterator<Token>): Statement {
  const words = new Set<string>(['INSERT']);
  const seen: Token[] = [insert];
  let clausesAt: number | undefined;
  let settingsAt: number | undefined;
  let input: { start: number; end: number; structure: string } | undefined;
  let selects = false;
  let target = 0; // 0: before the target's name, 1: inside it, 2: past it
  for (let step = stream.next(); step.done !== true; step = stream.next()) {
    const token = step.value;
    const before = seen.at(-1) ?? insert;
    seen.push(token);
    if (token.kind === 'word') words.add(token.text);
    if (token.kind === 'string' && before.text === '(' && seen.at(-3)?.text === 'INPUT') {
      input = { start: seen.at(-3)?.start ?? 0, end: token.end + 1, structure: unquote(token.text) };
    }
    if (token.depth !== 0) continue;
    if (token.kind === 'semicolon') {
      const next = stream.next();
      if (next.done !== true && next.value.kind !== 'semicolon') refuseSecondStatement(text, [token, next.value], 0);
      return {
        kind: 'other',
        verbs: seen.slice(0, 4).map((one) => one.text),
        format: undefined,
        clausesAt: token.start,
        end: token.start,
        words,
      };
    }
    if (target === 0) {
      const isKeyword = ['INTO', 'TABLE', 'FUNCTION'].includes(token.text) && token.kind === 'word';
      if (!isKeyword || (token.text === 'TABLE' && before.text === 'TABLE')) target = 1;
      continue;
    }
    if (target === 1 && (token.text === '.' || before.text === '.')) continue;
    target = 2;
    if (token.kind !== 'word') continue;
    if (token.text === 'INFILE' && before.text === 'FROM' && !selects) {
      throw new ClickHouseException(50, 'UNKNOWN_TYPE_OF_QUERY', 'Query has infile and was send directly to server');
    }
    if (token.text === 'SELECT' || token.text === 'WITH' || token.text === 'WATCH') {
      selects = true;
    } else if (token.text === 'SETTINGS' && !selects) {
      settingsAt = token.start;
      clausesAt ??= token.start;
    } else if (token.text === 'VALUES' && !selects) {
      const settings = [settingsAt ?? token.start, token.start] as const;
      return {
        kind: 'insert',
        format: 'Values',
        clausesAt: clausesAt ?? token.start,
        settings,
        input: undefined,
        formatAt: token.start,
        dataAt: token.end,
        words,
      };
    } else if (token.text === 'FORMAT' && (!selects || input !== undefined)) {
      const name = stream.next();
      if (name.done === true || name.value.kind !== 'word') break;
      const settings = [settingsAt ?? token.start, token.start] as const;
      return {
        kind: 'insert',
        format: text.slice(name.value.start, name.value.end),
        clausesAt: clausesAt ?? token.start,
        settings,
        input,
        formatAt: token.start,
        dataAt: dataStart(text, name.value.end),
        words,
      };
    }
  }
  if (input !== undefined)
    throw new ClickHouseException(36, 'BAD_ARGUMENTS', 'FORMAT must be specified for function input()');
  return {
    kind: 'other',
    verbs: seen.slice(0, 4).map((one) => one.text),
    format: undefined,
    clausesAt: seen.at(-1)?.end ?? text.length,
    end: seen.at(-1)?.end ?? text.length,
    words,
  };
}

/** Data begins after blanks and one newline behind the format's name (ParserInsertQuery of ClickHouse). */
function dataStart(text: string, from: number): number {
  let at = from;
  while (' \t\f'.includes(text.charAt(at)) && at < text.length) at += 1;
  if (text.charAt(at) === ';') {
    throw ClickHouseException.syntax(
      "You have excessive ';' symbol before data for INSERT.\nHere are two examples:\n\n" +
        'INSERT INTO statement VALUES (1);\nINSERT INTO statement FORMAT CSV\n1',
    );
  }
  if (text.charAt(at) === '\r') at += 1;
  if (text.charAt(at) === '\n') at += 1;
  return at;
}

/** @throws ClickHouseException if something follows the semicolon that may end the rows of `INSERT … VALUES`. */
export function assertOneStatement(head: Buffer, dataAt: number): void {
  let ended = false;
  for (const token of tokens(head.toString('latin1'), dataAt)) {
    if (ended && token.kind !== 'semicolon') {
      throw ClickHouseException.syntax('Cannot read data after semicolon (Multi-statements are not allowed)');
    }
    ended ||= token.kind === 'semicolon' && token.depth === 0;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a query. @throws ClickHouseException rather than to change its bytes. */
export function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw ClickHouseException.notSupported("a query text that is not UTF-8 (write such a string as unhex('…'))");
  }
}
