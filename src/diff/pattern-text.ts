/** Patterns of text and bytes: cut, padded, recoded, escaped. Also JSON, which is text with a meaning. */
import { canonicalJson } from '../core/canonical-json.ts';
import type { CellValue } from '../core/canonical-show.ts';
import { cutMiddle } from './cut.ts';
import type { Detector } from './patterns.ts';

function ofTexts(
  name: string,
  explain: (left: string, right: string) => readonly string[],
  say: (parameter: string) => string,
): Detector {
  return {
    name,
    explain(left, right) {
      // What is not UTF-8 has no characters to speak of.
      if (left.kind !== 'text' || right.kind !== 'text' || !left.valid || !right.valid) return [];
      return explain(left.value, right.value);
    },
    say,
  };
}

/** A change that one function makes: right is `change` of left, or, told by `back`, left is `change` of right. */
function change(name: string, apply: (text: string) => string | undefined, there: string, back?: string): Detector {
  return ofTexts(
    name,
    (left, right) => {
      if (apply(left) === right) return [there];
      return back !== undefined && apply(right) === left ? [back] : [];
    },
    (parameter) => parameter,
  );
}

const LONGEST = 1 << 20;
/** What windows-1252 has at 0x80 to 0x9f; the platform's own decoder takes it for latin1 in some versions of Node. */
const CP1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** UTF-8 taken for a one-byte charset. */
function misread(text: string, charset: 'latin1' | 'windows-1252'): string | undefined {
  if (text.length > LONGEST || !/[^\0-\x7f]/.test(text)) return undefined;
  const latin1 = Buffer.from(text, 'utf8').toString('latin1');
  return charset === 'latin1'
    ? latin1
    : latin1.replace(/[\x80-\x9f]/g, (char) => CP1252[char.charCodeAt(0) - 0x80] ?? char);
}

/** Each character outside ASCII as so many marks. */
function marked(text: string, unit: 'character' | 'code unit' | 'byte'): string | undefined {
  if (!/[^\0-\x7f]/.test(text)) return undefined;
  if (unit === 'character') return text.replace(/[^\0-\x7f]/gu, '?');
  if (unit === 'code unit') return text.replace(/[^\0-\x7f]/g, '?');
  return text.replace(/[^\0-\x7f]/gu, (char) => '?'.repeat(Buffer.byteLength(char)));
}

const cut: Detector = {
  name: 'cut',
  explain(left, right) {
    if (left.kind !== 'text' || right.kind !== 'text' || right.bytes.length === 0) return [];
    if (right.bytes.length >= left.bytes.length) return [];
    if (Buffer.compare(left.bytes.subarray(0, right.bytes.length), right.bytes) !== 0) return [];
    const characters = right.value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '_').length;
    const known = [`${characters} ${characters === 1 ? 'character' : 'characters'}`, `${right.bytes.length} bytes`];
    // Bytes cut inside a character: the length in characters says nothing.
    return right.valid ? [...known, ''] : [...known.slice(1), ''];
  },
  say: (length) => (length === '' ? 'cut short on the right' : `cut to ${length} on the right`),
};

const bytesCut: Detector = {
  name: 'bytes-cut',
  explain(left, right) {
    if (left.kind !== 'bytes' || right.kind !== 'bytes' || right.value.length >= left.value.length) return [];
    if (right.value.length === 0 || Buffer.compare(left.value.subarray(0, right.value.length), right.value) !== 0)
      return [];
    return [String(right.value.length), ''];
  },
  say: (length) => (length === '' ? 'cut short on the right' : `cut to ${length} bytes on the right`),
};

const ENCODINGS = ['hex', 'base64'] as const;

const bytesAsText: Detector = {
  name: 'bytes-as-text',
  explain(left, right) {
    if (left.kind !== 'bytes' || right.kind !== 'bytes') return [];
    const [l, r] = [Buffer.from(left.value), Buffer.from(right.value).toString('latin1')];
    const found: string[] = ENCODINGS.filter((encoding) => l.toString(encoding) === r);
    if (`\\x${l.toString('hex')}` === r) found.push('\\x hex');
    if (Buffer.from(l.toString('utf8')).equals(right.value)) found.push('UTF-8 with U+FFFD for what is none');
    return found;
  },
  say: (form) => `written as ${form} on the right`,
};

const added = ofTexts(
  'added',
  (left, right) => {
    if (right.length <= left.length || left === '') return [];
    const found: string[] = [];
    if (right.startsWith(left)) found.push(`${quote(right.slice(left.length))} added at the end`);
    if (right.endsWith(left)) found.push(`${quote(right.slice(0, right.length - left.length))} added at the beginning`);
    return found;
  },
  (what) => `with ${what} on the right`,
);

function quote(text: string): string {
  return JSON.stringify(cutMiddle(text, 40));
}

const json: Detector = {
  name: 'json',
  explain(left, right) {
    if (left.kind !== 'json' || right.kind !== 'json') return [];
    if (right.value === canonicalJson(JSON.stringify(left.value))) return ['inside a JSON string on the right'];
    return left.value.length < LONGEST && asDoubles(left) === right.value
      ? ['with numbers as float64 on the right']
      : [];
  },
  say: (how) => how,
};

function asDoubles(value: CellValue & { kind: 'json' }): string | undefined {
  try {
    return canonicalJson(JSON.stringify(JSON.parse(value.value)));
  } catch {
    // Nested too deeply for the platform's own reader.
    return undefined;
  }
}

export const TEXTS: readonly Detector[] = [
  change(
    'trailing',
    (text) => text.replace(/ +$/, ''),
    'without trailing spaces on the right',
    'with trailing spaces added on the right',
  ),
  change(
    'leading',
    (text) => text.replace(/^ +/, ''),
    'without leading spaces on the right',
    'with leading spaces added on the right',
  ),
  change(
    'trim',
    (text) => text.trim(),
    'without the white space around them on the right',
    'with white space added around them on the right',
  ),
  change('lower', (text) => text.toLowerCase(), 'in lower case on the right'),
  change('upper', (text) => text.toUpperCase(), 'in upper case on the right'),
  ofTexts(
    'case',
    (l, r) => (l.toLowerCase() === r.toLowerCase() ? [''] : []),
    () => 'in other case on the right',
  ),
  change(
    'latin1',
    (text) => misread(text, 'latin1'),
    'UTF-8 read as latin1 on the right',
    'UTF-8 read as latin1 on the left',
  ),
  change(
    'cp1252',
    (text) => misread(text, 'windows-1252'),
    'UTF-8 read as windows-1252 on the right',
    'UTF-8 read as windows-1252 on the left',
  ),
  ...(['character', 'code unit', 'byte'] as const).map((unit) =>
    change(`marks-${unit}`, (text) => marked(text, unit), "with '?' for what is not ASCII on the right"),
  ),
  change(
    'bmp',
    (text) => text.replace(/[\u{10000}-\u{10ffff}]/gu, '?'),
    "with '?' for characters beyond U+FFFF on the right",
  ),
  change(
    'bmp-lost',
    (text) => text.replace(/[\u{10000}-\u{10ffff}]/gu, ''),
    'without characters beyond U+FFFF on the right',
  ),
  change('ascii-lost', (text) => text.replace(/[^\0-\x7f]/g, ''), 'without characters outside ASCII on the right'),
  change(
    'nul',
    (text) => text.replaceAll('\0', ''),
    'without NUL characters on the right',
    'with NUL characters added on the right',
  ),
  change(
    'crlf',
    (text) => text.replaceAll('\r\n', '\n'),
    'with \\n for \\r\\n on the right',
    'with \\r\\n for \\n on the right',
  ),
  change('nfc', (text) => text.normalize('NFC'), 'in Unicode form NFC on the right'),
  change('nfd', (text) => text.normalize('NFD'), 'in Unicode form NFD on the right'),
  change(
    'json-string',
    (text) => JSON.stringify(text),
    'in double quotes, as a JSON string, on the right',
    'without their JSON quotes on the right',
  ),
  change(
    'backslash',
    (text) => text.replaceAll('\\', '\\\\'),
    'with backslashes doubled on the right',
    'with backslashes halved on the right',
  ),
  change('quotes', (text) => text.replaceAll("'", "''"), "with ' doubled on the right", "with ' halved on the right"),
  cut,
  added,
  bytesCut,
  bytesAsText,
  json,
];
