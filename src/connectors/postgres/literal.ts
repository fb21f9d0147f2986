/** Portable values in Postgres's text form, which every type's input function reads. */
import type { Value } from '../../core/table.ts';

/** @returns null for NULL. */
export function textOfValue(value: Value): string | null {
  if (value === null) return null;
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 't' : 'f';
    case 'bigint':
      return value.toString();
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value); // NaN and Infinity are spelled as Postgres does
    default:
      return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : textOfArray(value);
  }
}

/** `{1,NULL,"a \"b\""}`: every element quoted, since an unquoted NULL, brace or blank means something else. */
function textOfArray(values: readonly Value[]): string {
  const elements = values.map((element) => {
    if (Array.isArray(element)) return textOfArray(element as readonly Value[]);
    const text = textOfValue(element);
    return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${elements.join(',')}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const NEEDS_ESCAPE = /[\\\n\r\t]/;

/** A value as a field of COPY's text format. */
export function copyField(value: Value): string {
  const text = textOfValue(value);
  if (text === null) return '\\N';
  return NEEDS_ESCAPE.test(text) ? text.replaceAll(/[\\\n\r\t]/g, (char) => ESCAPES[char] ?? char) : text;
}
