/** Patterns of values of any type: NULLs, values that are always the same, values that are none of the type. */
import { showValue, type CellValue } from '../core/canonical-show.ts';
import { cutMiddle } from './cut.ts';
import type { Detector } from './patterns.ts';

const SHOWN = 60;

function brief(value: CellValue): string {
  return cutMiddle(showValue(value), SHOWN);
}

/** Values that stand for "nothing" in one database or another. */
function nothing(value: CellValue): string | undefined {
  if (value.kind === 'text' && value.bytes.length === 0) return "''";
  if (value.kind === 'bytes' && value.value.length === 0) return 'no bytes';
  if (value.kind === 'number' && value.digits === '') return '0';
  if (value.kind === 'float' && value.value === 0) return '0';
  if (value.kind === 'bool' && !value.value) return 'false';
  if (value.kind === 'json' && value.value === 'null') return 'JSON null';
  if (value.kind === 'array' && value.items.length === 0) return 'an empty array';
  return undefined;
}

const ANYTHING = 'anything';

const nullOnRight: Detector = {
  name: 'null-on-right',
  explain(left, right) {
    if (right.kind !== 'null') return [];
    const from = nothing(left) ?? (left.kind === 'not-finite' ? showValue(left) : undefined);
    return from === undefined ? [ANYTHING] : [from, ANYTHING];
  },
  say: (from) => (from === ANYTHING ? 'NULL on the right' : `NULL on the right where ${from} on the left`),
};

const nullOnLeft: Detector = {
  name: 'null-on-left',
  explain: (left, right) => (left.kind === 'null' ? [nothing(right) ?? brief(right)] : []),
  say: (to) => `${to} on the right where NULL on the left`,
};

const emptied: Detector = {
  name: 'emptied',
  explain(left, right) {
    const to = left.kind === right.kind || left.kind === 'not-finite' ? nothing(right) : undefined;
    return to === undefined ? [] : [to];
  },
  say: (to) => `${to} on the right`,
};

const WORDS: Readonly<Partial<Record<CellValue['kind'], string>>> = {
  bool: 'boolean',
  json: 'JSON',
  'not-finite': 'value of the type',
};

const foreign: Detector = {
  name: 'foreign',
  explain(left, right) {
    if (right.kind === 'foreign' && left.kind !== 'foreign') return [`right ${WORDS[left.kind] ?? left.kind}`];
    if (left.kind === 'foreign' && right.kind !== 'foreign') return [`left ${WORDS[right.kind] ?? right.kind}`];
    return [];
  },
  say(parameter) {
    const [side = '', ...kind] = parameter.split(' ');
    return `text on the ${side} that is no ${kind.join(' ')}`;
  },
};

const inverted: Detector = {
  name: 'inverted',
  explain: (left, right) => (left.kind === 'bool' && right.kind === 'bool' ? [''] : []),
  say: () => 'inverted',
};

/** One value became one other: an update that did not arrive, a default in place of a value. */
const onePair: Detector = {
  name: 'one-pair',
  needsTwo: true,
  explain: (left, right) => [`${brief(right)} on the right where ${brief(left)} on the left`],
  say: (parameter) => parameter,
};

const constant: Detector = {
  name: 'constant',
  needsTwo: true,
  explain: (_, right) => (right.kind === 'null' ? [] : [brief(right)]),
  say: (value) => `always ${value} on the right`,
};

const arrayOrder: Detector = {
  name: 'array-order',
  explain(left, right) {
    if (left.kind !== 'array' || right.kind !== 'array') return [];
    const [l, r] = [left.items.map(showValue), right.items.map(showValue)];
    if (l.length === r.length && [...l].sort().join() === [...r].sort().join()) return ['in another order'];
    if (l.filter((item) => item !== 'NULL').join() === r.join()) return ['without their NULL elements'];
    const flat = (value: CellValue): string[] =>
      value.kind === 'array' ? value.items.flatMap(flat) : [showValue(value)];
    if (flat(left).join() === flat(right).join()) return ['of the same elements with other dimensions'];
    if (l.slice(0, r.length).join() === r.join()) return [`cut to ${r.length} elements`];
    return [];
  },
  say: (how) => `arrays ${how}`,
};

export const ANY: { readonly certain: readonly Detector[]; readonly vague: readonly Detector[] } = {
  certain: [nullOnRight, nullOnLeft, foreign, inverted, arrayOrder],
  vague: [emptied, onePair, constant],
};
