/** Statements as people write them in files, made what the server takes: it refuses one with nothing in it. */

/** A piece that is no statement's end: strings, quoted names, comments (MySQL manual, 11.7); then any other character. */
const PIECES =
  /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`(?:[^`]|``)*`|\/\*[^]*?\*\/|#[^\n]*|--(?=\s|$)[^\n]*|;|\s+|[^]/g;

/**
 * Drops ends of statements that have nothing before them, and comments after the last one. Everything else stays, so
 * bodies of triggers and the server's own comments (`/*! … *\/`) mean what they meant.
 */
export function withoutEmptyStatements(sql: string): string {
  let text = '';
  let pending = '';
  let something = false;
  for (const [piece] of sql.matchAll(PIECES)) {
    if (piece === ';') {
      if (something) text += `${pending};`;
      pending = '';
      something = false;
      continue;
    }
    pending += piece;
    something ||= !isEmpty(piece);
  }
  return something ? text + pending : text;
}

function isEmpty(piece: string): boolean {
  if (/^\s/.test(piece) || piece.startsWith('#') || /^--\s|^--$/.test(piece)) return true;
  return piece.startsWith('/*') && !/^\/\*(!|M!)/.test(piece);
}
