// The type of a column as ClickHouse spells it, read as far as the layout of its bytes depends on it.
// Must not know what the bytes mean.
import { ClickHouseException } from '../exception.ts';

/** What a column's bytes look like. */
export type Layout =
  | { readonly kind: 'fixed'; readonly width: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'nullable'; readonly of: Layout }
  | { readonly kind: 'array'; readonly of: Layout }
  | { readonly kind: 'tuple'; readonly of: readonly Layout[] }
  | { readonly kind: 'low-cardinality'; readonly of: Layout }
  /** `of` in the order of the bytes: by the types' names. */
  | { readonly kind: 'variant'; readonly of: readonly Layout[] }
  | { readonly kind: 'dynamic' }
  | { readonly kind: 'json' };

const WIDTHS: ReadonlyMap<string, number> = new Map([
  ['Nothing', 1],
  ['Bool', 1],
  ['Enum8', 1],
  ['Enum16', 2],
  ['Int8', 1],
  ['Int16', 2],
  ['Int32', 4],
  ['Int64', 8],
  ['Int128', 16],
  ['Int256', 32],
  ['UInt8', 1],
  ['UInt16', 2],
  ['UInt32', 4],
  ['UInt64', 8],
  ['UInt128', 16],
  ['UInt256', 32],
  ['BFloat16', 2],
  ['Float32', 4],
  ['Float64', 8],
  ['Decimal32', 4],
  ['Decimal64', 8],
  ['Decimal128', 16],
  ['Decimal256', 32],
  ['Date', 2],
  ['Date32', 4],
  ['DateTime', 4],
  ['DateTime64', 8],
  ['Time', 4],
  ['Time64', 8],
  ['UUID', 16],
  ['IPv4', 4],
  ['IPv6', 16],
]);

/** Digits of a Decimal up to which it takes so many bytes. */
const DECIMALS: readonly (readonly [digits: number, width: number])[] = [
  [9, 4],
  [18, 8],
  [38, 16],
  [76, 32],
];

const fixed = (width: number): Layout => ({ kind: 'fixed', width });
const array = (of: Layout): Layout => ({ kind: 'array', of });
const tuple = (...of: Layout[]): Layout => ({ kind: 'tuple', of });

const POINT = tuple(fixed(8), fixed(8));
const RING = array(POINT);
const GEO: ReadonlyMap<string, Layout> = new Map([
  ['Point', POINT],
  ['Ring', RING],
  ['LineString', RING],
  ['MultiLineString', array(RING)],
  ['Polygon', array(RING)],
  ['MultiPolygon', array(array(RING))],
]);

const DEEPEST = 64;

/** @throws ClickHouseException NOT_IMPLEMENTED for a type whose bytes cannot be followed here. */
export function layoutOf(type: string, depth = 0): Layout {
  if (depth > DEEPEST) throw unknown(type.slice(0, 100), 'it is nested too deep');
  const { name, inner } = split(type);
  const nested = (text: string | undefined): Layout => {
    if (text === undefined) throw unknown(type, 'it lacks the type inside');
    return layoutOf(text, depth + 1);
  };
  const width = WIDTHS.get(name) ?? (name.startsWith('Interval') ? 8 : undefined);
  if (width !== undefined) return fixed(width);
  const geo = GEO.get(name);
  if (geo !== undefined) return geo;
  switch (name) {
    case 'String':
      return { kind: 'string' };
    case 'FixedString':
      return fixed(positive(type, inner[0]));
    case 'Decimal':
      return fixed(decimalWidth(type, positive(type, inner[0])));
    case 'Nullable':
      return { kind: 'nullable', of: nested(inner[0]) };
    case 'Array':
      return array(nested(inner[0]));
    case 'Map':
      return array(tuple(nested(inner[0]), nested(inner[1])));
    case 'Tuple':
      // An empty one takes a byte a row.
      return inner.length === 0 ? fixed(1) : tuple(...inner.map((element) => nested(unnamed(element))));
    case 'Nested':
      return array(tuple(...inner.map((element) => nested(unnamed(element)))));
    case 'LowCardinality': {
      const of = nested(inner[0]);
      // The dictionary holds NULL as its first value, not as a map beside it.
      return { kind: 'low-cardinality', of: of.kind === 'nullable' ? of.of : of };
    }
    case 'SimpleAggregateFunction':
      return nested(inner.at(-1));
    case 'Variant':
      return { kind: 'variant', of: [...inner].sort(byBytes).map((one) => nested(one)) };
    case 'Dynamic':
      return { kind: 'dynamic' };
    case 'JSON':
      return { kind: 'json' };
    default:
      throw unknown(type, 'its bytes cannot be followed');
  }
}

/** The order of ClickHouse's strings. */
export function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** `Map(String, Array(Int8))` is `Map` and its two parts between the outermost brackets. */
function split(type: string): { readonly name: string; readonly inner: readonly string[] } {
  const text = type.trim();
  const open = text.indexOf('(');
  if (open === -1) return { name: text, inner: [] };
  if (!text.endsWith(')')) throw unknown(type, 'a bracket is not closed');
  return { name: text.slice(0, open).trim(), inner: parts(text.slice(open + 1, -1)) };
}

/** The parts of a list, at its commas outside brackets and quotes. */
function parts(list: string): string[] {
  const found: string[] = [];
  let from = 0;
  for (const { at, character, depth } of outside(list)) {
    if (character !== ',' || depth !== 0) continue;
    found.push(list.slice(from, at).trim());
    from = at + 1;
  }
  const last = list.slice(from).trim();
  if (last !== '') found.push(last);
  return found;
}

/** `name Type` without the name; `Type` as it is. */
function unnamed(element: string): string {
  for (const { at, character, depth } of outside(element)) {
    if (character === ' ' && depth === 0) return element.slice(at + 1).trim();
  }
  return element;
}

/** The characters outside quotes, and how many brackets are around them. */
function* outside(text: string): Generator<{ at: number; character: string; depth: number }, void, undefined> {
  let depth = 0;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if ('\'`"'.includes(character)) {
      quote = character;
    } else {
      if (character === ')') depth -= 1;
      yield { at, character, depth };
      if (character === '(') depth += 1;
    }
  }
}

function positive(type: string, text: string | undefined): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw unknown(type, 'it lacks its size');
  return value;
}

function decimalWidth(type: string, digits: number): number {
  const width = DECIMALS.find(([most]) => digits <= most)?.[1];
  if (width === undefined) throw unknown(type, 'it has too many digits');
  return width;
}

function unknown(type: string, why: string): ClickHouseException {
  return new ClickHouseException(48, 'NOT_IMPLEMENTED', `not supported here: a column of type ${type}: ${why}`);
}
