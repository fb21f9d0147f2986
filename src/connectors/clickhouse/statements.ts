/**
 * Splits a text of several statements, since a ClickHouse server takes one at a time. Knows quotes, comments and
 * heredocs (ClickHouse manual, "Syntax"), no statement's grammar. Rows that follow `FORMAT …` inline belong to their
 * statement up to the next `;` outside quotes.
 */
import { readQuoted } from './type-name.ts';

const HEREDOC = /\$[A-Za-z0-9_]*\$/y;

/** @returns the statements without their semicolons and surrounding space; ones of comments only are left out. */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let start = 0;
  let empty = true;
  let at = 0;
  const end = (): void => {
    if (!empty) statements.push(text.slice(start, at).trim());
    start = at + 1;
    empty = true;
  };
  while (at < text.length) {
    const comment = commentEnd(text, at);
    if (comment > at) {
      at = comment;
      continue;
    }
    const character = text.charAt(at);
    if (character === ';') end();
    else if (/\S/.test(character)) empty = false;
    at = pieceEnd(text, at);
  }
  end();
  return statements;
}

/** @returns where a comment that starts at `at` ends; `at` itself where none does. */
function commentEnd(text: string, at: number): number {
  const line = text.startsWith('--', at) || text.startsWith('# ', at) || text.startsWith('#!', at);
  if (line) {
    const newline = text.indexOf('\n', at);
    return newline === -1 ? text.length : newline + 1;
  }
  if (!text.startsWith('/*', at)) return at;
  const close = text.indexOf('*/', at + 2);
  return close === -1 ? text.length : close + 2;
}

/** @returns where the quoted text, heredoc or single character at `at` ends. */
function pieceEnd(text: string, at: number): number {
  const character = text.charAt(at);
  if (character === "'" || character === '"' || character === '`') return readQuoted(text, at)?.end ?? text.length;
  if (character === '$') {
    HEREDOC.lastIndex = at;
    const tag = HEREDOC.exec(text)?.[0];
    const close = tag === undefined ? -1 : text.indexOf(tag, at + tag.length);
    if (tag !== undefined && close !== -1) return close + tag.length;
  }
  return at + 1;
}
