/**
 * Turns rows into lines that ClickHouse reads as TabSeparated. Most values go as they came: Postgres's COPY and
 * TabSeparated escape alike (\b \f \v too). Knows columns, not tables' contents.
 */
import { createHash } from 'node:crypto';
import type { Row } from '../model/change.ts';
import { refusal, ValueRefused } from '../model/refused.ts';
import type { Table } from '../model/table.ts';
import { escapeValue, lineOf } from '../pairs/rows.ts';
import type { MappedColumn } from './mapping.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;

export class Encoder {
  readonly #table: Table;
  readonly #encoders: readonly (MappedColumn['encode'] | undefined)[];
  /** Columns whose encoded text is one character a byte. */
  readonly #binary: readonly boolean[];
  readonly #all: readonly number[];
  readonly #plain: boolean;

  constructor(table: Table, columns: readonly MappedColumn[]) {
    this.#table = table;
    this.#encoders = columns.map((column) => column.encode);
    this.#binary = columns.map((column) => column.binary === true);
    this.#all = columns.map((_, at) => at);
    this.#plain = this.#encoders.every((encode) => encode === undefined);
  }

  /**
   * Whole lines of a snapshot; `tail` gives what is put behind each, tabs included.
   * @param tail of one length for all rows, and in ASCII.
   */
  lines(lines: Buffer, rows: number, tailLength: number, tail: (line: Buffer) => string): Buffer {
    const out = Buffer.allocUnsafe(lines.length + rows * tailLength);
    let to = 0;
    for (let from = 0; from < lines.length;) {
      const end = lines.indexOf(NEWLINE, from);
      to = this.#plain ? to + lines.copy(out, to, from, end) : this.#fields(lines, from, end, out, to);
      to += out.write(tail(lines.subarray(from, end)), to, 'latin1');
      out[to] = NEWLINE;
      to += 1;
      from = end + 1;
    }
    return out.subarray(0, to);
  }

  /** One line, for a row of the change log; some of its columns only, if `positions` says which. */
  row(row: Row, tail: string, positions: readonly number[] = this.#all): Buffer {
    const pieces = positions.map((at) => {
      const value = row[at] ?? null;
      const encode = this.#encoders[at];
      return encode === undefined || value === null ? escapeValue(value) : this.#encoded(encode, value, at, () => row);
    });
    if (!positions.some((at) => this.#binary[at] === true)) return Buffer.from(`${pieces.join('\t')}${tail}\n`);
    const bytes = pieces.map((piece, i) => {
      const start = i === 0 ? piece : `\t${piece}`;
      return Buffer.from(start, this.#binary[positions[i] ?? -1] === true ? 'latin1' : 'utf8');
    });
    return Buffer.concat([...bytes, Buffer.from(`${tail}\n`)]);
  }

  #fields(lines: Buffer, from: number, end: number, out: Buffer, start: number): number {
    let to = start;
    let at = 0;
    for (let begin = from; begin <= end; at += 1) {
      let stop = lines.indexOf(TAB, begin);
      if (stop === -1 || stop > end) stop = end;
      const encode = this.#encoders[at];
      const isNull = stop - begin === 2 && lines[begin] === 0x5c && lines[begin + 1] === 0x4e;
      if (encode === undefined || isNull) {
        to += lines.copy(out, to, begin, stop);
      } else {
        const text = lines.toString('latin1', begin, stop);
        to += out.write(
          this.#encoded(encode, text, at, () => lines.toString('utf8', from, end).split('\t')),
          to,
          'latin1',
        );
      }
      if (stop < end) {
        out[to] = TAB;
        to += 1;
      }
      begin = stop + 1;
    }
    return to;
  }

  #encoded(encode: (text: string) => string, text: string, at: number, row: () => Row): string {
    try {
      return encode(text);
    } catch (cause) {
      if (!(cause instanceof ValueRefused)) throw cause;
      throw refusal(this.#table, at, row(), cause);
    }
  }
}

/**
 * What tells distinct rows of a table without a key apart: MD5 of the row's line. Trailing columns that hold what ADD COLUMN
 * gave old rows do not count, so that a row keeps its hash when a column is added behind it.
 */
export function rowHash(table: Table, line: string | Buffer): string {
  let text = typeof line === 'string' ? line : line.toString('utf8');
  for (let at = table.columns.length - 1; at > 0; at -= 1) {
    const old = escapeValue(table.columns[at]?.valueOfOldRows ?? null);
    const tab = text.lastIndexOf('\t');
    const last = text.slice(tab + 1);
    if (tab === -1 || (last !== '\\N' && last !== old)) break;
    text = text.slice(0, tab);
  }
  return createHash('md5').update(text).digest('hex');
}

export function hashOfRow(table: Table, row: Row): string {
  return rowHash(table, lineOf(row).slice(0, -1));
}
