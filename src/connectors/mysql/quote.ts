/** Names and values as they may stand in SQL text. Source: MySQL manual, 11.1.1 and 11.2. */

/** A name in backticks, a backtick in it doubled. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\0': '\\0', '\u001a': '\\Z' };

/** A string literal. Needs sql_mode without NO_BACKSLASH_ESCAPES, which our connections see to. */
export function quoteText(text: string): string {
  return `'${text.replaceAll(/[\\'\0\u001a]/g, (character) => ESCAPES[character] ?? character)}'`;
}

/** A literal of bytes. */
export function quoteBytes(bytes: Uint8Array): string {
  return `X'${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}'`;
}
