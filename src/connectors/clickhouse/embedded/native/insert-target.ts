// What an INSERT writes to, as far as its rows' columns depend on it: the table, and the columns it names.
// Must not know how it is asked for.
import { ClickHouseException } from '../exception.ts';
import type { InsertStatement } from '../statement.ts';
import type { Token } from '../tokens.ts';
import { tokens, unquote } from '../tokens.ts';

export interface InsertTarget {
  /** A table or a table function, as DESCRIBE TABLE takes it. */
  readonly table: string;
  readonly columns: 'all' | NamedColumns;
}

export interface NamedColumns {
  readonly text: string;
  /** Undefined if the list is more than names, such as `* EXCEPT a`. */
  readonly names: readonly string[] | undefined;
}

/** @param text the query's, one character a byte. @throws ClickHouseException SYNTAX_ERROR if there is no table in it. */
export function insertTarget(text: string, statement: InsertStatement): InsertTarget {
  const all = [...tokens(text.slice(0, statement.clausesAt))];
  let at = 1;
  const is = (word: string): boolean => all[at]?.kind === 'word' && all[at]?.text === word;
  if (is('INTO')) at += 1;
  if (is('TABLE') && !['.', '('].includes(all[at + 1]?.text ?? '.')) at += 1;
  const isFunction = is('FUNCTION');
  if (isFunction) at += 1;
  const first = all[at];
  if (first === undefined) throw ClickHouseException.syntax('Syntax error: INSERT without a table');
  let next = all.findIndex(
    (token, index) => index > at && token.kind === 'open' && token.depth === 0 && token.text === '(',
  );
  if (isFunction) {
    const close = all.findIndex((token, index) => index > at && token.kind === 'close' && token.depth === 0);
    next = close === -1 || all[close + 1]?.text !== '(' ? -1 : close + 1;
  }
  const open = next === -1 ? undefined : all[next];
  const last = next === -1 ? all.at(-1) : all[next - 1];
  const table = decoded(text.slice(first.start, last?.end ?? first.end));
  if (open === undefined) return { table, columns: 'all' };
  const close = all.findLast((token) => token.kind === 'close' && token.depth === 0);
  const inside = all.slice(next + 1).filter((token) => token.start < (close?.start ?? 0));
  return { table, columns: { text: decoded(text.slice(open.end, close?.start)), names: names(text, inside) } };
}

/** `a, "b", n.c` as names; undefined for anything else. */
function names(text: string, list: readonly Token[]): string[] | undefined {
  const found: string[] = [];
  let parts: string[] = [];
  let wantsName = true;
  for (const token of list) {
    if (wantsName) {
      const written = text.slice(token.start, token.end);
      if (token.kind === 'word') parts.push(written);
      else if (token.kind === 'quoted') parts.push(unquote(written));
      else return undefined;
    } else if (token.text === ',') {
      found.push(decoded(parts.join('.')));
      parts = [];
    } else if (token.text !== '.') {
      return undefined;
    }
    wantsName = !wantsName;
  }
  if (wantsName) return undefined;
  found.push(decoded(parts.join('.')));
  return found;
}

/** Text of one character a byte, as text. */
function decoded(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
