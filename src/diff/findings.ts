/**
 * What the comparison found, as it grows: counts, differences by column, patterns, examples, the complete list. Pairs
 * the surplus rows of one key and compares their cells as values, with the declared tolerances.
 */
import { plainCell, showCell } from '../core/canonical-show.ts';
import type { CellDifference, ColumnDifference, RowDifference, TableResult } from '../core/result.ts';
import { cutMiddle, cutPair } from './cut.ts';
import { Examples, type Example, type Kind } from './examples.ts';
import { DifferenceList } from './list.ts';
import { NearRows } from './near-rows.ts';
import { Patterns } from './patterns.ts';
import { count, type Hand } from './reading.ts';
import type { RowKeys } from './row-keys.ts';
import { compareRows, type Row } from './row.ts';
import { RowPatterns } from './row-patterns.ts';
import type { Surplus } from './group.ts';
import type { Finder } from './second-reading.ts';
import type { DiffRequest, Side } from './side.ts';
import type { Tolerances } from './tolerance.ts';

const SHOWN_CHARACTERS = 1_000;
const LISTED_CHARACTERS = 4_000;
/** So many rows of one key are still paired by likeness; more are paired in order. */
const MOST_PAIRINGS = 10_000;

export class Findings implements Finder, AsyncDisposable {
  readonly #request: DiffRequest;
  readonly #keys: RowKeys;
  readonly #tolerances: Tolerances;
  readonly #list: DifferenceList;
  readonly #examples: Examples;
  readonly #patterns: Patterns;
  readonly #rowPatterns: RowPatterns;
  readonly #nearRows: NearRows;
  readonly #counts: Record<Kind, number> = { missing: 0, extra: 0, different: 0 };

  constructor(request: DiffRequest, keys: RowKeys, tolerances: Tolerances) {
    this.#request = request;
    this.#keys = keys;
    this.#tolerances = tolerances;
    this.#list = new DifferenceList(request.listFile);
    this.#examples = new Examples(request.examples, request.columns.length);
    this.#patterns = new Patterns(request.columns);
    this.#rowPatterns = new RowPatterns(request.columns, request.keyColumns);
    this.#nearRows = new NearRows(request.columns.length, keys);
  }

  get wantsAll(): boolean {
    return this.#rowPatterns.wantsAll;
  }

  seen(hand: Hand, row: Row): void {
    this.#rowPatterns.seen(hand, row);
  }

  sawAll(): void {
    this.#rowPatterns.sawAll();
  }

  found(left: readonly Surplus[], right: readonly Surplus[]): void {
    const rest = this.#pair(left, right);
    for (const { row, copies } of rest.left) this.#alone('missing', row, copies);
    for (const { row, copies } of rest.right) this.#alone('extra', row, copies);
  }

  copies(hand: Hand, rows: number): void {
    this.#rowPatterns.copies(hand, rows);
  }

  async settled(): Promise<void> {
    await this.#list.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#list[Symbol.asyncDispose]();
  }

  /** @param rows of both sides. @throws whatever the sides throw when examples are fetched; E2eError for the list. */
  async result(rows: { readonly left: number; readonly right: number }, started: number): Promise<TableResult> {
    await this.#list.close();
    const { missing, extra, different } = this.#counts;
    const { columns, schema, table, tolerate } = this.#request;
    const examples = await this.#shown();
    const patterns = [...this.#rowPatterns.describe(), ...this.#likeness()];
    return {
      name: table,
      verdict: missing + extra + different + schema.length === 0 ? 'equal' : 'different',
      compared: rows.left,
      leftRows: rows.left,
      rightRows: rows.right,
      missing,
      extra,
      different,
      columns: this.#columnDifferences(this.#patterns),
      patterns,
      examples,
      policies: tolerate.length === 0 ? [] : this.#tolerances.uses(columns, rows.left),
      schema,
      ...(this.#list.file === undefined ? {} : { list: this.#list.file }),
      durationMs: Math.round(performance.now() - started),
    };
  }

  /**
   * Missing rows that are there after all, but for a column or two. Without a key they are what a changed cell leaves
   * behind, and the columns are counted as different; with a key they came under another one.
   */
  #likeness(): string[] {
    const { columns, keyColumns } = this.#request;
    const indexes = columns.map((_, column) => column);
    // With a key, rows that say nothing but their key are all alike.
    if (keyColumns > 0 && columns.length - keyColumns < 2) return [];
    const pairs = this.#nearRows.pairs(keyColumns === 0 ? indexes : indexes.slice(0, keyColumns));
    const rows = pairs.reduce((sum, { copies }) => sum + copies, 0);
    if (rows === 0) return [];
    const patterns = keyColumns === 0 ? this.#patterns : new Patterns(columns);
    for (const { left, right, differing, copies } of pairs) patterns.add(left, right, differing, copies);
    const which = `${count(rows)} of ${count(this.#counts.missing)}`;
    const one = `missing rows: ${rows === this.#counts.missing ? (rows === 1 ? 'it' : `all ${count(rows)}`) : which}`;
    const are = rows === 1 ? 'is' : 'are';
    if (keyColumns === 0) return [`${one} ${are} among the extra ones with other values in one or two columns`];
    const how = this.#columnDifferences(patterns).map(
      ({ name, pattern }) => `${name}: ${pattern ?? 'no pattern found'}`,
    );
    return [`${one} ${are} among the extra ones under another key (${how.join('; ')})`];
  }

  #columnDifferences(patterns: Patterns): ColumnDifference[] {
    return this.#request.columns.flatMap(({ name }, column) => {
      const different = patterns.different(column);
      if (different === 0) return [];
      const pattern = patterns.describe(column);
      return [pattern === undefined ? { name, different } : { name, different, pattern }];
    });
  }

  /** Pairs rows of one key, the likest first. @returns the rows that have no partner. */
  #pair(left: readonly Surplus[], right: readonly Surplus[]): { left: Surplus[]; right: Surplus[] } {
    if (left.length === 0 || right.length === 0) return { left: [...left], right: [...right] };
    if (this.#request.keyColumns === 0 && !this.#keys.pairsByTolerance) return { left: [...left], right: [...right] };
    const rest = { left: this.#ordered(left), right: this.#ordered(right) };
    const pairings = rest.left.length * rest.right.length <= MOST_PAIRINGS ? this.#likest(rest) : inOrder(rest);
    for (const { l, r } of pairings) {
      const copies = Math.min(l.copies, r.copies);
      if (copies === 0 || !this.#keys.sameKey(l.row, r.row)) continue;
      const differing = this.#differing(l.row, r.row);
      if (this.#request.keyColumns === 0 && differing.length > 0) continue;
      l.copies -= copies;
      r.copies -= copies;
      if (differing.length > 0) this.#different(l.row, r.row, differing, copies);
    }
    return { left: rest.left.filter(({ copies }) => copies > 0), right: rest.right.filter(({ copies }) => copies > 0) };
  }

  /** By all their cells, so that pairs do not depend on the order in which rows came. */
  #ordered(rows: readonly Surplus[]): { row: Row; copies: number }[] {
    const copies = rows.map((one) => ({ ...one }));
    if (copies.length === 1) return copies;
    return copies.sort((a, b) => compareRows(a.row, b.row, this.#request.columns.length));
  }

  #likest(rows: { readonly left: Pairable[]; readonly right: Pairable[] }): { l: Pairable; r: Pairable }[] {
    const [first, other] = [rows.left[0], rows.right[0]];
    if (first !== undefined && other !== undefined && rows.left.length === 1 && rows.right.length === 1) {
      return [{ l: first, r: other }];
    }
    const columns = this.#request.columns.map((_, column) => column);
    return rows.left
      .flatMap((l) =>
        rows.right.map((r) => ({ l, r, unlike: columns.filter((column) => !l.row.sameCell(r.row, column)).length })),
      )
      .sort((a, b) => a.unlike - b.unlike);
  }

  /** Columns in which two rows differ and no tolerance allows it. */
  #differing(left: Row, right: Row): number[] {
    const differing: number[] = [];
    for (let column = this.#request.keyColumns; column < this.#request.columns.length; column += 1) {
      if (left.sameCell(right, column)) continue;
      if (!this.#tolerances.allow(column, left.cell(column), right.cell(column))) differing.push(column);
    }
    return differing;
  }

  #different(left: Row, right: Row, differing: readonly number[], copies: number): void {
    this.#counts.different += copies;
    this.#patterns.add(left, right, differing, copies);
    this.#examples.add({ kind: 'different', left, right, copies, differing });
    if (!this.#list.wanted) return;
    const cells: Record<string, readonly [string, string]> = {};
    for (const column of differing) {
      const [l, r] = [showCell(left.cell(column)), showCell(right.cell(column))];
      cells[this.#name(column)] = cutPair(l, r, LISTED_CHARACTERS);
    }
    this.#list.add({ kind: 'different', key: this.#plainKey(left, LISTED_CHARACTERS), ...moreThanOne(copies), cells });
  }

  #alone(kind: 'missing' | 'extra', row: Row, copies: number): void {
    this.#counts[kind] += copies;
    this.#rowPatterns.alone(kind, row, copies);
    this.#nearRows.add(kind, row, copies);
    this.#examples.add({ kind, [kind === 'missing' ? 'left' : 'right']: row, copies, differing: [] });
    if (this.#list.wanted) {
      this.#list.add({ kind, key: this.#plainKey(row, LISTED_CHARACTERS), ...moreThanOne(copies) });
    }
  }

  /** Asks the sides for the examples' values as the databases show them. */
  async #shown(): Promise<RowDifference[]> {
    const examples = this.#examples.chosen();
    const left = await this.#ask(this.#request.left, examples, 'left');
    const right = await this.#ask(this.#request.right, examples, 'right');
    return examples.map((example) => this.#rowDifference(example, left.get(example), right.get(example)));
  }

  async #ask(side: Side, examples: readonly Example[], hand: Hand): Promise<ReadonlyMap<Example, Shown>> {
    const { keyColumns } = this.#request;
    const asked = examples.filter((example) => example[hand] !== undefined);
    const answers = new Map<Example, Shown>();
    if (keyColumns === 0 || asked.length === 0) return answers;
    const rows = await side.show(asked.map((example) => example[hand]?.cells(keyColumns) ?? []));
    for (const { key, cells } of rows) {
      const example = asked[key];
      if (example === undefined) continue;
      // Several rows of one key: which one is meant cannot be told, so none is shown but in canonical form.
      answers.set(example, answers.has(example) ? [] : cells);
    }
    return answers;
  }

  #rowDifference(example: Example, left: Shown | undefined, right: Shown | undefined): RowDifference {
    const { kind, copies } = example;
    const row = example.left ?? example.right;
    const shown = example.left === undefined ? right : left;
    const key = row === undefined ? {} : this.#plainKey(row, SHOWN_CHARACTERS, shown);
    if (kind !== 'different') return { kind, key, ...moreThanOne(copies) };
    const cells = example.differing.map((column) => this.#cellDifference(example, column, left, right));
    return { kind, key, ...moreThanOne(copies), cells };
  }

  #cellDifference(
    { left, right }: Example,
    column: number,
    leftShown: Shown | undefined,
    rightShown: Shown | undefined,
  ): CellDifference {
    const [l, r] = [bothForms(left, column, leftShown), bothForms(right, column, rightShown)];
    const shown = cutPair(l.shown, r.shown, SHOWN_CHARACTERS);
    const canonical = cutPair(l.canonical, r.canonical, SHOWN_CHARACTERS);
    return {
      column: this.#name(column),
      left: { shown: shown[0], canonical: canonical[0] },
      right: { shown: shown[1], canonical: canonical[1] },
    };
  }

  /** The key by column; the whole row where there is no key. */
  #plainKey(row: Row, limit: number, shown?: Shown): Record<string, string> {
    const key: Record<string, string> = {};
    const columns = this.#request.keyColumns || this.#request.columns.length;
    for (let column = 0; column < columns; column += 1) {
      key[this.#name(column)] = cutMiddle(shown?.[column] ?? plainCell(row.cell(column)), limit);
    }
    return key;
  }

  #name(column: number): string {
    return this.#request.columns[column]?.name ?? '';
  }
}

type Shown = readonly (string | null)[];

interface Pairable {
  readonly row: Row;
  copies: number;
}

function inOrder(rows: { readonly left: Pairable[]; readonly right: Pairable[] }): { l: Pairable; r: Pairable }[] {
  return rows.left.flatMap((l, index) => {
    const r = rows.right[index];
    return r === undefined ? [] : [{ l, r }];
  });
}

function moreThanOne(copies: number): { copies?: number } {
  return copies === 1 ? {} : { copies };
}

function bothForms(row: Row | undefined, column: number, shown: Shown | undefined): CellDifference['left'] {
  const cell = row?.cell(column) ?? new Uint8Array();
  const native = shown?.[column];
  return { shown: native === undefined ? plainCell(cell) : (native ?? 'NULL'), canonical: showCell(cell) };
}
