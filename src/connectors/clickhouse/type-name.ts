/**
 * ClickHouse's type names, `Map(String, Array(Nullable(DateTime64(6, 'UTC'))))`, as structure and back to text.
 * Source: the manual's chapter "Data types" and the names that system.columns prints. Must not know what they mean.
 */
import { E2eError } from '../../core/errors.ts';

export interface TupleElement {
  /** Absent in an unnamed tuple. */
  readonly name?: string;
  readonly type: ClickHouseType;
}

export type ClickHouseType =
  /** A name without arguments that has one meaning: `UInt8`, `String`, `Point`, `IntervalDay`. */
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'fixedString'; readonly bytes: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** `digits` absent: DateTime, which counts seconds; else DateTime64. */
  | { readonly kind: 'dateTime'; readonly digits?: number; readonly zone?: string }
  /** `digits` absent: Time, which counts seconds; else Time64. */
  | { readonly kind: 'time'; readonly digits?: number }
  | { readonly kind: 'enum'; readonly bits: 8 | 16; readonly values: readonly (readonly [string, number])[] }
  | { readonly kind: 'nullable' | 'lowCardinality' | 'array'; readonly of: ClickHouseType }
  | { readonly kind: 'map'; readonly key: ClickHouseType; readonly value: ClickHouseType }
  /** Nested is an array of tuples. */
  | { readonly kind: 'tuple' | 'nested'; readonly elements: readonly TupleElement[] }
  /** Stored as its type; the function says how rows merge. */
  | { readonly kind: 'simpleAggregate'; readonly function: string; readonly of: ClickHouseType }
  /** Anything with arguments whose inside nobody here needs: `JSON(max_dynamic_paths=8)`, `Variant(String, UInt8)`. */
  | { readonly kind: 'opaque'; readonly name: string; readonly text: string };

/** @throws E2eError TYPE_NAME for text that is no type name. */
export function parseTypeName(text: string): ClickHouseType {
  const parser = new TypeNameParser(text);
  const type = parser.type();
  parser.end();
  return type;
}

/** The text that system.columns prints; `parseTypeName` is its inverse. */
export function printTypeName(type: ClickHouseType): string {
  switch (type.kind) {
    case 'plain':
      return type.name;
    case 'fixedString':
      return `FixedString(${type.bytes})`;
    case 'decimal':
      return `Decimal(${type.precision}, ${type.scale})`;
    case 'dateTime': {
      const zone = type.zone === undefined ? undefined : quoteText(type.zone);
      if (type.digits === undefined) return zone === undefined ? 'DateTime' : `DateTime(${zone})`;
      return `DateTime64(${[type.digits, ...(zone === undefined ? [] : [zone])].join(', ')})`;
    }
    case 'time':
      return type.digits === undefined ? 'Time' : `Time64(${type.digits})`;
    case 'enum':
      return `Enum${type.bits}(${type.values.map(([name, value]) => `${quoteText(name)} = ${value}`).join(', ')})`;
    case 'nullable':
      return `Nullable(${printTypeName(type.of)})`;
    case 'lowCardinality':
      return `LowCardinality(${printTypeName(type.of)})`;
    case 'array':
      return `Array(${printTypeName(type.of)})`;
    case 'map':
      return `Map(${printTypeName(type.key)}, ${printTypeName(type.value)})`;
    case 'tuple':
      return `Tuple(${type.elements.map(printElement).join(', ')})`;
    case 'nested':
      return `Nested(${type.elements.map(printElement).join(', ')})`;
    case 'simpleAggregate':
      return `SimpleAggregateFunction(${type.function}, ${printTypeName(type.of)})`;
    case 'opaque':
      return type.text;
  }
}

function printElement(element: TupleElement): string {
  const type = printTypeName(element.type);
  if (element.name === undefined) return type;
  return `${BARE_NAME.test(element.name) ? element.name : quoteName(element.name)} ${type}`;
}

const BARE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /-?\d+/y;
const SPACE = /\s*/y;

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\0': '\\0',
};
const UNESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  r: '\r',
  n: '\n',
  t: '\t',
  '0': '\0',
  a: '\x07',
  v: '\v',
  e: '\x1b',
};

/** A string literal, also right in SQL. */
export function quoteText(text: string): string {
  return `'${text.replace(/[\\\b\f\r\n\t\0]/g, (character) => ESCAPES[character] ?? character).replaceAll("'", "\\'")}'`;
}

/** An identifier, also right in SQL. */
export function quoteName(name: string): string {
  const escaped = name.replace(/[\\\b\f\r\n\t\0]/g, (character) => ESCAPES[character] ?? character);
  return `\`${escaped.replaceAll('`', '\\`')}\``;
}

/**
 * Reads a quoted string or identifier that starts at `start`: backslash escapes and doubled quotes.
 *
 * @returns undefined when the quote is never closed.
 */
export function readQuoted(text: string, start: number): { readonly value: string; readonly end: number } | undefined {
  const quote = text[start];
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') {
      at += 1;
      const escaped = text.charAt(at);
      value += UNESCAPES[escaped] ?? escaped;
    } else if (character !== quote) {
      value += character;
    } else if (text[at + 1] === quote) {
      at += 1;
      value += quote;
    } else {
      return { value, end: at + 1 };
    }
  }
  return undefined;
}

/** Older spellings of Decimal by width: their precision. */
const DECIMAL_WIDTHS: Readonly<Record<string, number>> = {
  Decimal32: 9,
  Decimal64: 18,
  Decimal128: 38,
  Decimal256: 76,
};

class TypeNameParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#space();
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail('nothing more');
  }

  type(): ClickHouseType {
    const start = this.#at;
    const name = this.#match(WORD) ?? this.#fail('a type name');
    if (!this.#take('(')) {
      if (name === 'DateTime') return { kind: 'dateTime' };
      if (name === 'Time') return { kind: 'time' };
      return { kind: 'plain', name };
    }
    const type = this.#withArguments(name, start);
    return type;
  }

  #withArguments(name: string, start: number): ClickHouseType {
    switch (name) {
      case 'Nullable':
        return this.#closed({ kind: 'nullable', of: this.type() });
      case 'LowCardinality':
        return this.#closed({ kind: 'lowCardinality', of: this.type() });
      case 'Array':
        return this.#closed({ kind: 'array', of: this.type() });
      case 'Map': {
        const key = this.type();
        this.#expect(',');
        return this.#closed({ kind: 'map', key, value: this.type() });
      }
      case 'Tuple':
        return { kind: 'tuple', elements: this.#elements() };
      case 'Nested':
        return { kind: 'nested', elements: this.#elements() };
      case 'FixedString':
        return this.#closed({ kind: 'fixedString', bytes: this.#number() });
      case 'Decimal': {
        const precision = this.#number();
        return this.#closed({ kind: 'decimal', precision, scale: this.#take(',') ? this.#number() : 0 });
      }
      case 'Decimal32':
      case 'Decimal64':
      case 'Decimal128':
      case 'Decimal256':
        return this.#closed({ kind: 'decimal', precision: DECIMAL_WIDTHS[name] ?? 0, scale: this.#number() });
      case 'DateTime':
        return this.#closed({ kind: 'dateTime', zone: this.#string() });
      case 'DateTime64': {
        const digits = this.#number();
        return this.#closed(
          this.#take(',') ? { kind: 'dateTime', digits, zone: this.#string() } : { kind: 'dateTime', digits },
        );
      }
      case 'Time64':
        return this.#closed({ kind: 'time', digits: this.#number() });
      case 'Enum8':
      case 'Enum16':
        return { kind: 'enum', bits: name === 'Enum8' ? 8 : 16, values: this.#enumValues() };
      case 'SimpleAggregateFunction': {
        const called = this.#raw();
        this.#expect(',');
        return this.#closed({ kind: 'simpleAggregate', function: called, of: this.type() });
      }
      default:
        while (!this.#take(')')) if (this.#raw() === '' && !this.#take(',')) this.#fail('")"');
        return { kind: 'opaque', name, text: this.#text.slice(start, this.#at).trimEnd() };
    }
  }

  #elements(): TupleElement[] {
    const elements: TupleElement[] = [];
    if (this.#take(')')) return elements;
    do elements.push(this.#element());
    while (this.#take(','));
    this.#expect(')');
    return elements;
  }

  #element(): TupleElement {
    const character = this.#text[this.#at];
    if (character === '`' || character === '"') return { name: this.#string(), type: this.type() };
    const start = this.#at;
    const word = this.#match(WORD);
    const next = this.#text[this.#at];
    // A word before another word is a name: `a UInt8`; before anything else it begins the type itself.
    if (word !== undefined && next !== undefined && /[A-Za-z_]/.test(next)) return { name: word, type: this.type() };
    this.#at = start;
    return { type: this.type() };
  }

  #enumValues(): (readonly [string, number])[] {
    const values: (readonly [string, number])[] = [];
    do {
      const name = this.#string();
      this.#expect('=');
      values.push([name, this.#number()]);
    } while (this.#take(','));
    this.#expect(')');
    return values;
  }

  /** Text up to the comma or bracket that ends this argument. */
  #raw(): string {
    const start = this.#at;
    let depth = 0;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text.charAt(this.#at);
      if (character === "'" || character === '`' || character === '"') {
        this.#at = (readQuoted(this.#text, this.#at) ?? this.#fail(`a closing ${character}`)).end - 1;
      } else if (character === '(') depth += 1;
      else if (character === ')' && depth > 0) depth -= 1;
      else if ((character === ')' || character === ',') && depth === 0) break;
    }
    return this.#text.slice(start, this.#at).trim();
  }

  #string(): string {
    const quoted = /['"`]/.test(this.#text.charAt(this.#at)) ? readQuoted(this.#text, this.#at) : undefined;
    const { value, end } = quoted ?? this.#fail('a quoted string');
    this.#at = end;
    this.#space();
    return value;
  }

  #number(): number {
    return Number(this.#match(NUMBER) ?? this.#fail('a number'));
  }

  #closed<T>(type: T): T {
    this.#expect(')');
    return type;
  }

  #expect(character: string): void {
    if (!this.#take(character)) this.#fail(`"${character}"`);
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    this.#space();
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    this.#space();
    return found;
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0;
  }

  #fail(expected: string): never {
    throw new E2eError(
      'TYPE_NAME',
      `"${this.#text}" is not a ClickHouse type: ${expected} expected at ${this.#at + 1}`,
    );
  }
}
