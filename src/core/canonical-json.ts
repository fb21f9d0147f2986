/**
 * JSON by value, as text: two documents are the same value exactly when their canonical texts are the same characters.
 * Numbers keep all their digits, keys are ordered, of a repeated key the last one counts, escapes are undone, lone
 * surrogates stay apart. Iterative, so that nesting is bounded by memory and not by the stack.
 */

interface ArrayFrame {
  readonly in: 'array';
  body: string;
}
interface ObjectFrame {
  readonly in: 'object';
  readonly entries: Map<string, string>;
  key: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /-?(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?/y;
const WORDS = ['null', 'true', 'false'] as const;

/** @returns the canonical text; undefined when `text` is not JSON (RFC 8259), or a number's exponent is beyond 10^15. */
export function canonicalJson(text: string): string | undefined {
  return new Scanner(text).document();
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): string | undefined {
    const stack: (ArrayFrame | ObjectFrame)[] = [];
    for (;;) {
      // A value is due here: open a container, or read a scalar and close whatever it completes.
      this.#space();
      const char = this.#text[this.#at];
      let value: string | undefined;
      if (char === '[' || char === '{') {
        this.#at += 1;
        this.#space();
        const close = char === '[' ? ']' : '}';
        if (this.#text[this.#at] === close) {
          this.#at += 1;
          value = char + close;
        } else if (char === '[') {
          stack.push({ in: 'array', body: '' });
          continue;
        } else {
          const key = this.#key();
          if (key === undefined) return undefined;
          stack.push({ in: 'object', entries: new Map(), key });
          continue;
        }
      } else {
        value = char === '"' ? this.#string() : this.#scalar();
      }
      if (value === undefined) return undefined;
      const whole = this.#complete(stack, value);
      if (whole === 'more') continue;
      return whole;
    }
  }

  /** Puts a finished value where it belongs. @returns the document, `more` when another value is due, or undefined. */
  #complete(stack: (ArrayFrame | ObjectFrame)[], first: string): string | undefined {
    let value = first;
    for (;;) {
      this.#space();
      const frame = stack.at(-1);
      if (frame === undefined) return this.#at === this.#text.length ? value : undefined;
      if (frame.in === 'array') frame.body = frame.body === '' ? value : `${frame.body},${value}`;
      else frame.entries.set(frame.key, value);
      const char = this.#text[this.#at++];
      if (char === ',') {
        if (frame.in === 'object') {
          this.#space();
          const key = this.#key();
          if (key === undefined) return undefined;
          frame.key = key;
        }
        return 'more';
      }
      if (char !== (frame.in === 'array' ? ']' : '}')) return undefined;
      value = frame.in === 'array' ? `[${frame.body}]` : objectText(frame.entries);
      stack.pop();
    }
  }

  #key(): string | undefined {
    if (this.#text[this.#at] !== '"') return undefined;
    const key = this.#string();
    if (key === undefined) return undefined;
    this.#space();
    return this.#text[this.#at++] === ':' ? key : undefined;
  }

  #scalar(): string | undefined {
    for (const word of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return word;
      }
    }
    NUMBER.lastIndex = this.#at;
    const parts = NUMBER.exec(this.#text);
    if (parts === null) return undefined;
    this.#at = NUMBER.lastIndex;
    return canonicalNumber(parts[0].startsWith('-'), parts[1] ?? '', parts[2] ?? '', parts[3]);
  }

  /** From the opening quote past the closing one. */
  #string(): string | undefined {
    const text = this.#text;
    const start = this.#at;
    let plain = true;
    for (let at = start + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return plain ? text.slice(start, at + 1) : rewritten(text.slice(start, at + 1));
      }
      if (code < 0x20) return undefined;
      if (code === BACKSLASH) {
        plain = false;
        at += 1;
      } else if (code >= 0xd800 && code <= 0xdfff) {
        plain = false;
      }
    }
    return undefined;
  }

  #space(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }
}

/** The platform's own reader and writer agree on one spelling: shortest escapes, lone surrogates as `\udxxx`. */
function rewritten(quoted: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(quoted) as string);
  } catch {
    return undefined;
  }
}

function objectText(entries: ReadonlyMap<string, string>): string {
  let body = '';
  for (const key of [...entries.keys()].sort()) {
    const entry = `${key}:${entries.get(key) ?? ''}`;
    body = body === '' ? entry : `${body},${entry}`;
  }
  return `{${body}}`;
}

/** Plain digits for exponents a person can read, scientific beyond; one spelling for each value, -0 is 0. */
function canonicalNumber(
  negative: boolean,
  whole: string,
  fraction: string,
  exponent: string | undefined,
): string | undefined {
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const shift = exponent === undefined ? 0 : Number(exponent);
  if (Math.abs(shift) > 1e15) return undefined;
  const point = digits.length - fraction.length + shift;
  const sign = negative ? '-' : '';
  if (point > 0 && point <= 21) {
    if (significant.length <= point) return sign + significant.padEnd(point, '0');
    return `${sign}${significant.slice(0, point)}.${significant.slice(point)}`;
  }
  if (point <= 0 && point > -6) return `${sign}0.${'0'.repeat(-point)}${significant}`;
  const mantissa = significant.length === 1 ? significant : `${significant[0] ?? ''}.${significant.slice(1)}`;
  return `${sign}${mantissa}e${point - 1}`;
}
