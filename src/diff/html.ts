/**
 * Results of comparisons as one HTML page that needs nothing else: opened from a file, sorted by a click on a heading,
 * filtered by typing. At most 1 MB: rows that do not fit are counted, and the complete list is named.
 */
import type { CellDifference, RowDifference, TableResult } from '../core/result.ts';
import { cutMiddle, cutPair, visible } from './cut.ts';
import { BEHAVIOUR, STYLE } from './html-assets.ts';
import { count } from './reading.ts';

const MOST_BYTES = 1_000_000;
/** Kept for what comes after the rows: the ends of tables, notes, the script. */
const RESERVE = 64_000;
const VALUE_WIDTH = 400;
const KEY_WIDTH = 200;
const MOST_ENTRIES = 600;

/** @returns a whole document, at most 1 MB in UTF-8. */
export function htmlReport(results: readonly TableResult[]): string {
  const page = new Page(MOST_BYTES - RESERVE);
  const different = results.filter(({ verdict }) => verdict === 'different');
  page.always('<!doctype html><html lang="en"><head><meta charset="utf-8">');
  page.always('<meta name="viewport" content="width=device-width, initial-scale=1">');
  page.always(`<title>Row diff: ${different.length} of ${results.length} tables differ</title>`);
  page.always(`<style>${STYLE}</style></head><body><h1>Row diff</h1>`);
  page.always(`<p>${different.length} of ${results.length} tables differ.</p>`);
  const ordered = [...different, ...results.filter(({ verdict }) => verdict === 'equal')];
  for (const [index, result] of ordered.entries()) {
    // Each table gets its part of what is left, so that the first one does not take the page.
    writeTable(page, result, page.left / (ordered.length - index));
  }
  page.always(`<script>${BEHAVIOUR}</script></body></html>\n`);
  return page.text();
}

/** Text that grows to a number of bytes. */
class Page {
  readonly #parts: string[] = [];
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  always(html: string): void {
    this.#parts.push(html);
    this.#left -= Buffer.byteLength(html);
  }

  /** @returns whether it went in. */
  ifRoom(html: string, keep: number): boolean {
    if (Buffer.byteLength(html) > this.#left - keep) return false;
    this.always(html);
    return true;
  }

  text(): string {
    return this.#parts.join('');
  }
}

function writeTable(page: Page, result: TableResult, room: number): void {
  const keep = page.left - room;
  const counts = [
    `${count(result.leftRows)} rows left, ${count(result.rightRows)} right`,
    `${count(result.missing)} missing`,
    `${count(result.extra)} extra`,
    `${count(result.different)} with other values`,
  ];
  const open = result.verdict === 'different' ? ' open' : '';
  const opened = page.ifRoom(
    `<details${open}><summary><b>${safe(cutMiddle(result.name, KEY_WIDTH))}</b> ` +
      `<span class="${result.verdict}">${result.verdict}</span> ${counts.join(' · ')}</summary>`,
    keep,
  );
  if (!opened) return;
  writeList(page, 'Tables do not match', result.schema, keep);
  writeList(page, 'Missing and extra rows', result.patterns, keep);
  writeGrid(page, 'Columns that differ', ['column', 'rows', 'pattern'], columnRows(result), keep);
  const heads = ['kind', 'key', 'column', 'left', 'right'];
  const written = writeGrid(
    page,
    'Rows',
    heads,
    result.examples.map((row) => () => exampleRow(row)),
    keep,
  );
  const all = result.missing + result.extra + result.different;
  const shown = written < result.examples.length ? written : result.examples.length;
  if (shown < all) {
    const where = result.list === undefined ? '' : `; the complete list is ${safe(result.list)}`;
    page.always(`<p class="note">${count(shown)} of ${count(all)} rows are shown${where}.</p>`);
  }
  writeGrid(page, 'Tolerated', ['column', 'policy', 'used', 'because'], policyRows(result), keep);
  page.always('</details>');
}

function writeList(page: Page, title: string, entries: readonly string[], keep: number): void {
  if (entries.length === 0) return;
  page.always(`<h2>${title}</h2><ul>`);
  for (const entry of entries.slice(0, MOST_ENTRIES)) {
    page.ifRoom(`<li>${safe(cutMiddle(entry, VALUE_WIDTH))}</li>`, keep);
  }
  page.always('</ul>');
}

/** @returns rows that found room. */
function writeGrid(
  page: Page,
  title: string,
  heads: readonly string[],
  rows: readonly (() => string)[],
  keep: number,
): number {
  if (rows.length === 0) return 0;
  page.always(`<h2>${title}</h2>`);
  if (rows.length > 3) page.always('<input type="search" placeholder="filter" aria-label="filter rows">');
  page.always(`<table><thead><tr>${heads.map((head) => `<th><button>${head}</button></th>`).join('')}</tr></thead>`);
  let written = 0;
  for (const row of rows) {
    // One body a row: a row's cells stay together when rows are sorted.
    if (!page.ifRoom(`<tbody>${row()}</tbody>`, keep)) break;
    written += 1;
  }
  page.always('</table>');
  return written;
}

function columnRows(result: TableResult): (() => string)[] {
  return result.columns.map(
    ({ name, different, pattern }) =>
      () =>
        `<tr><td>${safe(cutMiddle(name, KEY_WIDTH))}</td><td class="number" data-sort="${different}">${count(different)}</td>` +
        `<td>${pattern === undefined ? '<i>no pattern found</i>' : safe(pattern)}</td></tr>`,
  );
}

function exampleRow(row: RowDifference): string {
  const key = Object.entries(row.key).map(([name, value]) => `${name} = ${cutMiddle(value, KEY_WIDTH)}`);
  const copies = row.copies === undefined ? '' : ` × ${count(row.copies)}`;
  const cells = row.cells ?? [];
  const [value = ''] = Object.values(row.key);
  const sort = /^-?\d+(\.\d+)?$/.test(value) ? ` data-sort="${value}"` : '';
  const span = Math.max(1, cells.length);
  const head =
    `<td rowspan="${span}" class="${row.kind}">${row.kind}${copies}</td>` +
    `<td rowspan="${span}"${sort}>${safe(key.join(', '))}</td>`;
  if (cells.length === 0) return `<tr>${head}<td></td><td></td><td></td></tr>`;
  return cells.map((cell, index) => `<tr>${index === 0 ? head : ''}${cellColumns(cell)}</tr>`).join('');
}

function cellColumns(cell: CellDifference): string {
  const shown = cutPair(cell.left.shown, cell.right.shown, VALUE_WIDTH);
  const canonical = cutPair(cell.left.canonical, cell.right.canonical, VALUE_WIDTH);
  const value = (at: 0 | 1): string => {
    const exact = canonical[at] === shown[at] ? '' : `<small>${safe(canonical[at])}</small>`;
    return `<td class="value">${safe(shown[at])}${exact}</td>`;
  };
  return `<td>${safe(cell.column)}</td>${value(0)}${value(1)}`;
}

function policyRows(result: TableResult): (() => string)[] {
  return result.policies.map(
    ({ column, policy, because, used }) =>
      () =>
        `<tr><td>${safe(column)}</td><td>${safe(policy)}</td>` +
        `<td class="number" data-sort="${used}">${used === 0 ? 'never needed' : count(used)}</td><td>${safe(because)}</td></tr>`,
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function safe(text: string): string {
  return visible(text).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
