// The tokens of ClickHouse SQL, as far as finding clauses needs them. Must not know any statement's grammar.

export type TokenKind = 'word' | 'quoted' | 'string' | 'open' | 'close' | 'semicolon' | 'other';

/** A token of a query; `start` and `end` are offsets into its text, `depth` counts the brackets around it. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  /** The text itself; upper-cased for words, so that keywords compare directly. */
  readonly text: string;
}

const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /[0-9][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]*)?/y;
const SPACE = /[ \t\n\r\f\v]+/y;
const HEREDOC = /\$[A-Za-z0-9_]*\$/y;

/** Yields tokens from `from` on, without white space and comments. Ends quietly at an unclosed quote: the engine reports it. */
export function* tokens(sql: string, from = 0): Generator<Token, void, undefined> {
  let at = from;
  let depth = 0;
  const word = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  while (at < sql.length) {
    const skipped = word(SPACE)?.length ?? commentLength(sql, at);
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    const start = at;
    const character = sql.charAt(at);
    let kind: TokenKind = 'other';
    let text = character;
    const name = word(WORD);
    const number = name === undefined ? word(NUMBER) : undefined;
    if (name !== undefined) {
      kind = 'word';
      text = name.toUpperCase();
      at += name.length;
    } else if (number !== undefined) {
      text = number;
      at += number.length;
    } else if (character === "'" || character === '"' || character === '`') {
      at = endOfQuote(sql, at);
      kind = character === "'" ? 'string' : 'quoted';
      text = sql.slice(start, at);
    } else if (character === '$') {
      const tag = word(HEREDOC);
      const close = tag === undefined ? -1 : sql.indexOf(tag, at + tag.length);
      at = tag === undefined || close === -1 ? at + 1 : close + tag.length;
      kind = tag === undefined || close === -1 ? 'other' : 'string';
      text = sql.slice(start, at);
    } else {
      at += 1;
      if ('([{'.includes(character)) kind = 'open';
      else if (')]}'.includes(character)) kind = 'close';
      else if (character === ';') kind = 'semicolon';
    }
    if (kind === 'close') depth -= 1;
    yield { kind, start, end: at, depth, text };
    if (kind === 'open') depth += 1;
  }
}

/** Length of the comment that starts at `at` (after `--`, `# ` or `#!`, or between slash-stars), 0 if none does. */
function commentLength(sql: string, at: number): number {
  if (sql.startsWith('/*', at)) {
    const close = sql.indexOf('*/', at + 2);
    return (close === -1 ? sql.length : close + 2) - at;
  }
  if (sql.startsWith('--', at) || sql.startsWith('# ', at) || sql.startsWith('#!', at)) {
    const newline = sql.indexOf('\n', at);
    return (newline === -1 ? sql.length : newline + 1) - at;
  }
  return 0;
}

/** The offset after the quoted token at `at`: a backslash escapes, a doubled quote stands for itself. */
function endOfQuote(sql: string, at: number): number {
  const quote = sql.charAt(at);
  let next = at + 1;
  while (next < sql.length) {
    const character = sql.charAt(next);
    if (character === '\\') next += 2;
    else if (character !== quote) next += 1;
    else if (sql.charAt(next + 1) === quote) next += 2;
    else return next + 1;
  }
  return sql.length;
}

/** A string literal of ClickHouse SQL. */
export function literal(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A quoted identifier of ClickHouse SQL. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** The value of a string literal or quoted identifier token. */
export function unquote(token: string): string {
  if (token.startsWith('$')) {
    const tag = token.indexOf('$', 1) + 1;
    return token.slice(tag, -tag);
  }
  const escapes: Readonly<Record<string, string>> = {
    n: '\n',
    t: '\t',
    r: '\r',
    b: '\b',
    f: '\f',
    '0': '\0',
    a: '\x07',
    v: '\v',
  };
  const quote = token.charAt(0);
  // In one pass: a quote that was escaped is no half of a doubled one.
  const escape = new RegExp(`\\\\([\\s\\S])|${quote}${quote}`, 'g');
  return token
    .slice(1, -1)
    .replaceAll(escape, (_, escaped: string | undefined) =>
      escaped === undefined ? quote : (escapes[escaped] ?? escaped),
    );
}
