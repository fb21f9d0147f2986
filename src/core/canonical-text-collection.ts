/**
 * Arrays, maps and tuples in text: Postgres `{1,NULL,"a b"}` (with bounds and nesting) and hstore, JSON, and ClickHouse
 * `['a',NULL]`, `{'k':1}`, `(1,'a')`. Elements are handed back to the caller's `writeText`, whatever their type.
 */
import type { CanonicalWriter, Comparison } from './canonical.ts';

/** How an element is written; handed in, since it lives in the file that imports this one. */
export type WriteText = (writer: CanonicalWriter, text: string, as: Comparison) => void;

/** Deeper nesting is taken for text: no database prints such arrays. */
const MAX_DEPTH = 64;
const BOUNDS = /^(?:\[[+-]?\d+:[+-]?\d+\])+=(?=\{)/;

/** An element as it stands: NULL, a list, or text with its quotes undone. */
type Element = null | string | readonly Element[];

/** @returns false when the text is no array; the caller takes back what was written. */
export function writeArrayText(writer: CanonicalWriter, text: string, of: Comparison, writeText: WriteText): boolean {
  const elements = text.startsWith('[') && !BOUNDS.test(text) ? readBrackets(text, of, 0) : readBraces(text);
  if (elements === undefined) return false;
  writeElements(writer, elements, of, writeText);
  return true;
}

function writeElements(
  writer: CanonicalWriter,
  elements: readonly Element[],
  of: Comparison,
  writeText: WriteText,
): void {
  writer.array(elements.length);
  for (const element of elements) {
    if (element === null) writer.null();
    else if (typeof element === 'string') writeText(writer, element, of);
    // Postgres does not say in a type how many dimensions there are: a list where a leaf is due has the same leaves.
    else writeElements(writer, element, of.as === 'array' ? of.of : of, writeText);
  }
}

export function writeMapText(
  writer: CanonicalWriter,
  text: string,
  key: Comparison,
  value: Comparison,
  writeText: WriteText,
): boolean {
  const pairs = text.startsWith('{') ? readPairs(text, value) : readHstore(text);
  if (pairs === undefined) return false;
  const entries = new Map<string, readonly [Uint8Array, Uint8Array]>();
  for (const [k, v] of pairs) {
    const keyCell = cellOf(writer, k, key, writeText);
    entries.set(Buffer.from(keyCell).toString('latin1'), [keyCell, cellOf(writer, v, value, writeText)]);
  }
  writer.map([...entries.values()]);
  return true;
}

export function writeTupleText(
  writer: CanonicalWriter,
  text: string,
  of: readonly Comparison[],
  writeText: WriteText,
): boolean {
  const raw = text.startsWith('(') ? split(text, ')') : text.startsWith('[') ? split(text, ']') : undefined;
  if (raw?.length !== of.length) return false;
  writer.tuple(of.length);
  for (const [index, as] of of.entries()) {
    const element = readItem(raw[index] ?? '', as, 0);
    if (element === undefined) return false;
    if (typeof element === 'string') writeText(writer, element, as);
    else if (element === null) writer.null();
    else writeElements(writer, element, as.as === 'array' ? as.of : as, writeText);
  }
  return true;
}

function cellOf(writer: CanonicalWriter, element: Element, as: Comparison, writeText: WriteText): Uint8Array {
  const start = writer.length;
  if (element === null) writer.null();
  else if (typeof element === 'string') writeText(writer, element, as);
  else writeElements(writer, element, as.as === 'array' ? as.of : as, writeText);
  return writer.cut(start);
}

/** Postgres array_out: `{a,"b c",NULL,{…}}`, quotes and backslashes escaped by backslashes. */
function readBraces(text: string): readonly Element[] | undefined {
  let at = BOUNDS.exec(text)?.[0].length ?? 0;
  const open: Element[][] = [];
  let wantsElement = true;
  for (; at < text.length; at += 1) {
    const char = text[at];
    const list = open.at(-1);
    if (char === '{') {
      if (!wantsElement || open.length === MAX_DEPTH || (list === undefined && open.length > 0)) return undefined;
      const inner: Element[] = [];
      list?.push(inner);
      open.push(inner);
    } else if (list === undefined) {
      return undefined;
    } else if (char === '}') {
      if (wantsElement && list.length > 0) return undefined;
      wantsElement = false;
      if (open.length === 1) return at === text.length - 1 ? list : undefined;
      open.pop();
    } else if (char === ',') {
      if (wantsElement) return undefined;
      wantsElement = true;
    } else if (!wantsElement) {
      return undefined;
    } else {
      const item = readBraceItem(text, at);
      if (item === undefined) return undefined;
      list.push(item.element);
      at = item.last;
      wantsElement = false;
    }
  }
  return undefined;
}

function readBraceItem(text: string, at: number): { readonly element: Element; readonly last: number } | undefined {
  if (text[at] === '"') {
    let value = '';
    for (let i = at + 1; i < text.length; i += 1) {
      if (text[i] === '"') return { element: value, last: i };
      if (text[i] === '\\') i += 1;
      value += text[i] ?? '';
    }
    return undefined;
  }
  let end = at;
  let value = '';
  while (end < text.length && text[end] !== ',' && text[end] !== '}') {
    if (text[end] === '{' || text[end] === '"') return undefined;
    if (text[end] === '\\') end += 1;
    value += text[end] ?? '';
    end += 1;
  }
  value = value.trim();
  return { element: value.toUpperCase() === 'NULL' ? null : value, last: end - 1 };
}

/** JSON and ClickHouse lists: `[1,null]`, `['a',NULL,['b']]`. */
function readBrackets(text: string, of: Comparison, depth: number): readonly Element[] | undefined {
  const raw = depth < MAX_DEPTH ? split(text, ']') : undefined;
  if (raw === undefined) return undefined;
  const elements: Element[] = [];
  for (const item of raw) {
    const element = readItem(item, of, depth);
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return elements;
}

function readItem(raw: string, as: Comparison, depth: number): Element | undefined {
  if (raw === '') return undefined;
  if (raw === 'NULL' || (raw === 'null' && as.as !== 'json')) return null;
  if (raw.startsWith("'")) return unquote(raw);
  if (as.as === 'json') return raw;
  if (raw.startsWith('"')) return unquoteJson(raw);
  if (raw.startsWith('[') && as.as !== 'tuple') return readBrackets(raw, as.as === 'array' ? as.of : as, depth + 1);
  return raw;
}

/** `{"a":1}` of JSON, `{'a':1}` of ClickHouse. */
function readPairs(text: string, value: Comparison): (readonly [Element, Element])[] | undefined {
  const raw = split(text, '}');
  if (raw === undefined) return undefined;
  const pairs: (readonly [Element, Element])[] = [];
  for (const item of raw) {
    const colon = topLevel(item, 0, ':');
    if (colon === undefined || colon === item.length) return undefined;
    const k = readItem(item.slice(0, colon).trim(), { as: 'text' }, 0);
    const v = readItem(item.slice(colon + 1).trim(), value, 0);
    if (k === undefined || v === undefined) return undefined;
    pairs.push([k, v]);
  }
  return pairs;
}

const HSTORE_PAIR = /\s*"((?:[^"\\]|\\.)*)"\s*=>\s*(?:"((?:[^"\\]|\\.)*)"|(NULL))\s*(,|$)/gsy;

function readHstore(text: string): (readonly [Element, Element])[] | undefined {
  const pairs: (readonly [Element, Element])[] = [];
  let at = 0;
  while (at < text.length) {
    HSTORE_PAIR.lastIndex = at;
    const pair = HSTORE_PAIR.exec(text);
    if (pair === null) return undefined;
    const plain = (escaped: string): string => escaped.replace(/\\(.)/gs, '$1');
    pairs.push([plain(pair[1] ?? ''), pair[3] === undefined ? plain(pair[2] ?? '') : null]);
    at = HSTORE_PAIR.lastIndex;
    if (pair[4] === ',' && at === text.length) return undefined;
  }
  return pairs;
}

/** Items between the first character and `close` at the end, trimmed. */
function split(text: string, close: string): string[] | undefined {
  if (text.length < 2 || !text.endsWith(close)) return undefined;
  const inner = text.slice(1, -1);
  if (inner.trim() === '') return [];
  const items: string[] = [];
  for (let at = 0; ;) {
    const end = topLevel(inner, at, ',');
    if (end === undefined) return undefined;
    items.push(inner.slice(at, end).trim());
    if (end === inner.length) return items;
    at = end + 1;
  }
}

const CLOSES: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')' };

/** Where the next `separator` outside quotes and brackets is, or the end; undefined when they do not balance. */
function topLevel(text: string, from: number, separator: string): number | undefined {
  const open: string[] = [];
  for (let at = from; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === separator && open.length === 0) return at;
    if (char === '"' || char === "'") {
      at += 1;
      while (at < text.length && text[at] !== char) at += text[at] === '\\' ? 2 : 1;
      if (at >= text.length) return undefined;
    } else if (CLOSES[char] !== undefined) {
      open.push(CLOSES[char]);
    } else if (char === ']' || char === '}' || char === ')') {
      if (open.pop() !== char) return undefined;
    }
  }
  return open.length === 0 ? text.length : undefined;
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  a: '\x07',
  '0': '\0',
};

/** ClickHouse's single quotes. */
function unquote(raw: string): string | undefined {
  if (raw.length < 2 || !raw.endsWith("'")) return undefined;
  return raw
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_, hex: string | undefined, char: string | undefined) =>
      hex === undefined ? (ESCAPES[char ?? ''] ?? char ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

function unquoteJson(raw: string): string | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
