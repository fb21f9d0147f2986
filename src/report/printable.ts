/**
 * What makes text from outside (rows, server messages, logs) safe to show: secrets masked, control characters made
 * visible, markup escaped. Knows no result.
 */
import { mask } from '../core/secret.ts';
import type { Secret } from '../core/secret.ts';

/** `scheme://user:secret@host`: the user may be read, the secret not. */
const DSN = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*:)[^\s@'"]+(?=@)/giu;
/** `Password: x`, `"password": "x"`, `password=x`, `SecretKey: x`, as YAML, JSON and connection strings write them. */
const NAMED =
  /(["']?\b[\w-]*(?:password|passwd|secret|token|access_?key)[\w-]*["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&}\]]+)/giu;

/**
 * Masks the secrets that are known, and whatever is named or placed like one.
 *
 * A guess by name may mask too much; it never masks too little of what is known.
 */
export function masked(text: string, secrets: Iterable<Secret> = []): string {
  return mask(text, secrets)
    .replace(DSN, '$1***')
    .replace(NAMED, (_whole, name: string, value: string) => {
      const quote = value.startsWith('"') ? '"' : value.startsWith("'") ? "'" : '';
      return `${name}${quote}***${quote}`;
    });
}

/**
 * Characters that move the cursor, colour the terminal, reorder the line or cannot be seen: C0 and C1 controls but for
 * newline and tab, bidirectional overrides, zero-width ones, line and paragraph separators, lone surrogates.
 */
const INVISIBLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Makes invisible characters visible as `\x1b` or `\u202e`; newlines and tabs stay. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same on one line: newlines and tabs are written out too. */
export function oneLine(text: string): string {
  return visible(text.replaceAll('\r\n', '\n').replaceAll('\n', '\\n').replaceAll('\t', '\\t'));
}

/** Cuts a long text in its middle and says how much is left out. @param limit in UTF-16 units, at least 40. */
export function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor((limit - 24) / 2);
  return `${text.slice(0, half)} … ${text.length - 2 * half} characters … ${text.slice(-half)}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and attribute values of an HTML page. */
export function html(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** For one line or table cell of a Markdown page: nothing in it is markup, and no mention or reference is linked. */
export function markdown(text: string): string {
  return oneLine(text)
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? character)
    .replace(/[\\`*_{}[\]|#~]/g, '\\$&')
    .replaceAll('@', '&#64;');
}

/** A fenced block whose fence is longer than any in the text. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${visible(text)}\n${fence}`;
}
