/** Wide values made fit for a report: what two values share goes, where they differ stays, and so do the lengths. */

/** The middle goes, both ends and the length stay. @param limit characters kept, about. */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.ceil(limit * 0.7);
  return whole(text.slice(0, head)) + gap(text.length) + whole(text.slice(head - limit));
}

/**
 * Two values that differ, each cut so that the first place where they do stays in sight.
 *
 * @param limit characters kept of each, about.
 */
export function cutPair(left: string, right: string, limit: number): readonly [string, string] {
  if (left.length <= limit && right.length <= limit) return [left, right];
  const shared = sharedStart(left, right);
  const head = Math.floor(limit * 0.7);
  // Near the beginning, the plain cut shows it.
  if (shared < head * 0.8) return [cutMiddle(left, limit), cutMiddle(right, limit)];
  const around = (text: string): string => {
    if (text.length <= limit) return text;
    const start = Math.max(0, shared - Math.floor(limit * 0.3));
    const window = text.slice(start, start + limit);
    const before = start === 0 ? '' : `…[${grouped(start)} characters the same]…`;
    const after = start + limit >= text.length ? '' : gap(text.length);
    return before + whole(window) + after;
  };
  return [around(left), around(right)];
}

/** Length of the longest common beginning, found by halving: native comparison of slices beats a loop on wide text. */
function sharedStart(left: string, right: string): number {
  let low = 0;
  let high = Math.min(left.length, right.length);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (left.slice(low, middle) === right.slice(low, middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function gap(length: number): string {
  return `…[${grouped(length)} characters]…`;
}

function grouped(number: number): string {
  return number.toLocaleString('en-US');
}

/** Half a surrogate pair at an edge would not survive being written. */
function whole(text: string): string {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
}

const HIDDEN =
  /[\0-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Safe to paste and to print: what would move a cursor, turn text around or not show at all is written as an escape. */
export function visible(text: string): string {
  return text.replace(
    HIDDEN,
    (char) => SHORT[char] ?? `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
