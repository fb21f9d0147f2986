/** The result of a comparison for a terminal: what differs, what the differences share, examples, what was tolerated. */
import pc from 'picocolors';
import type { CellDifference, RowDifference, TableResult } from '../core/result.ts';
import { cutPair, cutMiddle, visible } from './cut.ts';
import { count } from './reading.ts';

export interface PrintStyle {
  /** ANSI colours. */
  readonly colour: boolean;
}

type Colours = ReturnType<typeof pc.createColors>;

const VALUE_WIDTH = 160;
const KEY_WIDTH = 60;
const MOST_COLUMNS = 40;

/** Lines without a newline at the end. Control characters in names and values are escaped. */
export function printTable(result: TableResult, style: PrintStyle): string {
  const c = pc.createColors(style.colour);
  const lines = [headline(result, c)];
  const section = (title: string, entries: readonly string[]): void => {
    if (entries.length > 0) lines.push(`  ${c.bold(title)}`, ...entries.map((entry) => `    ${entry}`));
  };
  section('tables do not match', result.schema.map(visible));
  section('columns that differ', columnLines(result, c));
  section('missing and extra rows', result.patterns.map(visible));
  section(
    exampleTitle(result),
    result.examples.flatMap((row) => exampleLines(row, c)),
  );
  section('tolerated', policyLines(result, c));
  if (result.list !== undefined) lines.push(`  ${c.bold('complete list')}  ${visible(result.list)}`);
  return lines.join('\n');
}

function headline(result: TableResult, c: Colours): string {
  const name = c.bold(visible(result.name));
  if (result.verdict === 'equal') {
    const empty = result.compared === 0 ? ' (both sides are empty)' : '';
    return `${name}: ${c.green('equal')}, ${rows(result.compared)} compared${empty}`;
  }
  const parts = [
    result.missing === 0 ? '' : `${count(result.missing)} missing`,
    result.extra === 0 ? '' : `${count(result.extra)} extra`,
    result.different === 0 ? '' : `${count(result.different)} with other values`,
  ].filter((part) => part !== '');
  const found = parts.length === 0 ? 'the same rows in what could be compared' : parts.join(', ');
  const sides = `${rows(result.leftRows)} on the left, ${count(result.rightRows)} on the right`;
  return `${name}: ${c.red('different')}: ${found} (${sides})`;
}

function rows(number: number): string {
  return `${count(number)} ${number === 1 ? 'row' : 'rows'}`;
}

function columnLines(result: TableResult, c: Colours): string[] {
  const named = result.columns.map((column) => ({ ...column, name: visible(cutMiddle(column.name, KEY_WIDTH)) }));
  const wide = Math.max(0, ...named.map(({ name }) => name.length));
  const high = Math.max(0, ...named.map(({ different }) => count(different).length));
  const lines = named.slice(0, MOST_COLUMNS).map(({ name, different, pattern }) => {
    const how = pattern === undefined ? c.dim('no pattern found') : c.yellow(visible(pattern));
    const verb = different === 1 ? 'differs ' : 'differ  ';
    return `${name.padEnd(wide)}  ${count(different).padStart(high)} ${verb}${how}`;
  });
  const left = named.length - lines.length;
  return left > 0 ? [...lines, c.dim(`and ${count(left)} more columns`)] : lines;
}

function exampleTitle({ examples, missing, extra, different }: TableResult): string {
  const all = missing + extra + different;
  return examples.length < all ? `examples (${count(examples.length)} of ${count(all)})` : 'rows';
}

function exampleLines(row: RowDifference, c: Colours): string[] {
  const key = Object.entries(row.key).map(
    ([name, value]) => `${visible(name)} = ${visible(cutMiddle(value, KEY_WIDTH))}`,
  );
  const copies = row.copies === undefined ? '' : c.dim(` × ${count(row.copies)}`);
  const kind = { missing: c.red('missing'), extra: c.magenta('extra'), different: c.yellow('different') }[row.kind];
  const cells = row.cells ?? [];
  const wide = Math.max(0, ...cells.map(({ column }) => visible(column).length));
  return [`${kind}  ${key.join(', ')}${copies}`, ...cells.flatMap((cell) => cellLines(cell, wide, c))];
}

function cellLines(cell: CellDifference, wide: number, c: Colours): string[] {
  const shown = cutPair(cell.left.shown, cell.right.shown, VALUE_WIDTH).map(visible);
  const canonical = cutPair(cell.left.canonical, cell.right.canonical, VALUE_WIDTH).map(visible);
  const form = (at: 0 | 1): string => {
    const [native = '', exact = ''] = [shown[at], canonical[at]];
    return native === exact ? native : `${native}  ${c.dim(exact)}`;
  };
  const name = visible(cell.column);
  return [
    `  ${name.padEnd(wide)}  ${c.dim('left ')}  ${form(0)}`,
    `  ${' '.repeat(name.length).padEnd(wide)}  ${c.dim('right')}  ${form(1)}`,
  ];
}

function policyLines(result: TableResult, c: Colours): string[] {
  return result.policies.map(({ column, policy, because, used }) => {
    const uses = used === 0 ? c.yellow('never needed') : `used ${count(used)} ${used === 1 ? 'time' : 'times'}`;
    return `${visible(column)}: ${visible(policy)}, ${uses} ${c.dim(`(${visible(because)})`)}`;
  });
}
