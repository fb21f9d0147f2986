/** A table as it is at the destination: its columns by the pair's type table, and rows of it as statements. Knows no source. */
import { DataError } from '../errors.ts';
import type { Row } from '../model/change.ts';
import { ValueRefused, refusal } from '../model/refused.ts';
import { keyPositions, tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { MapColumn, MappedColumn } from './mapping.ts';
import { INDEX_BYTES } from './mapping.ts';
import { quote } from './sql.ts';

/** Characters of a statement; the server's max_allowed_packet is at least 16 MB by default of every version. */
const STATEMENT = 1024 * 1024;
/** Bytes that a key column of a fixed size takes at most. */
const FIXED = 40;
const MOST_NAME = 64;

export class Target {
  readonly table: Table;
  readonly columns: readonly MappedColumn[];
  readonly name: string;
  readonly #keyAt: readonly number[];

  /** @throws DataError for a name or type that MySQL cannot hold. */
  constructor(table: Table, map: MapColumn) {
    this.table = table;
    this.name = quote(table.id.name);
    this.#keyAt = keyPositions(table);
    for (const name of [table.id.name, ...table.columns.map((column) => column.name)]) {
      if (Array.from(name).length <= MOST_NAME && !name.endsWith(' ')) continue;
      throw new DataError(
        `table ${tableLabel(table.id)}: MySQL takes no name '${name}': at most ${MOST_NAME} characters, no blank at the end`,
      );
    }
    const seen = new Map<string, string>();
    for (const { name } of table.columns) {
      const other = seen.get(name.toLowerCase());
      if (other !== undefined) {
        throw new DataError(
          `table ${tableLabel(table.id)}: columns '${other}' and '${name}' have the same name at MySQL, which does not look at case; rename one`,
        );
      }
      seen.set(name.toLowerCase(), name);
    }
    const share = Math.floor((INDEX_BYTES - FIXED * (table.key.length - 1)) / Math.max(1, table.key.length));
    this.columns = table.columns.map((column) => map(column, table.key.includes(column.name) ? share : undefined));
  }

  create(): string {
    const lines = this.columns.map((column, at) => this.#declared(column, this.table.columns[at]?.nullable === true));
    if (this.table.key.length > 0) lines.push(`PRIMARY KEY (${this.#keyAt.map((at) => this.#keyPart(at)).join(', ')})`);
    return `CREATE TABLE IF NOT EXISTS ${this.name} (${lines.join(', ')}) CHARACTER SET utf8mb4`;
  }

  /** ALTER of a column: ADD or MODIFY. */
  alter(verb: 'ADD' | 'MODIFY', at: number, extra = ''): string {
    const column = this.columns[at];
    if (column === undefined) throw new RangeError(`no column ${at}`);
    const nullable = this.table.columns[at]?.nullable === true;
    return `ALTER TABLE ${this.name} ${verb} COLUMN ${this.#declared(column, nullable)}${extra}`;
  }

  #declared({ name, type, attributes }: MappedColumn, nullable: boolean): string {
    const inKey = this.table.key.includes(name);
    return `${quote(name)} ${type}${attributes === undefined ? '' : ` ${attributes}`} ${nullable && !inKey ? 'NULL' : 'NOT NULL'}`;
  }

  /** TEXT and BLOB have no index of their whole. */
  #keyPart(at: number): string {
    const { name = '', type = '' } = this.columns[at] ?? {};
    const prefix = Math.min(255, Math.floor(INDEX_BYTES / this.#keyAt.length / 4));
    return /(text|blob|geometry|point|polygon|linestring)$/.test(type) ? `${quote(name)}(${prefix})` : quote(name);
  }

  /** A row's values as a list of literals. @throws DataError for a value that is refused. */
  values(row: Row, positions?: readonly number[]): string {
    const at = positions ?? this.columns.map((_, index) => index);
    return `(${at.map((index) => this.literal(row, index)).join(',')})`;
  }

  literal(row: Row, at: number): string {
    const value = row[at] ?? null;
    const column = this.columns[at];
    if (value === null || column === undefined) return 'NULL';
    try {
      return column.literal(value);
    } catch (cause) {
      if (cause instanceof ValueRefused) throw refusal(this.table, at, row, cause);
      throw cause;
    }
  }

  /** Statements that write rows; rows of the same key are replaced. */
  *writes(verb: 'INSERT' | 'REPLACE', rows: Iterable<Row>): Generator<string> {
    const head = `${verb} INTO ${this.name} (${this.columns.map(({ name }) => quote(name)).join(', ')}) VALUES `;
    yield* gathered(head, '', rows, (row) => this.values(row));
  }

  /** Statements that delete rows by key. */
  *deletes(rows: Iterable<Row>): Generator<string> {
    const names = this.#keyAt.map((at) => quote(this.columns[at]?.name ?? ''));
    const head = `DELETE FROM ${this.name} WHERE (${names.join(', ')}) IN (`;
    yield* gathered(head, ')', rows, (row) => this.values(row, this.#keyAt));
  }

  /** Deletes some copies of a row of a table without a key. */
  deleteCopies(row: Row, copies: number): string {
    const conditions = this.columns.map(({ name, equals }, at) => {
      const value = this.literal(row, at);
      if (value === 'NULL') return `${quote(name)} IS NULL`;
      return equals === undefined ? `${quote(name)} <=> ${value}` : equals(quote(name), value);
    });
    return `DELETE FROM ${this.name} WHERE ${conditions.join(' AND ')} LIMIT ${copies}`;
  }
}

function* gathered(head: string, tail: string, rows: Iterable<Row>, print: (row: Row) => string): Generator<string> {
  let pieces: string[] = [];
  let length = 0;
  for (const row of rows) {
    const piece = print(row);
    if (length > 0 && length + piece.length > STATEMENT) {
      yield head + pieces.join(',') + tail;
      pieces = [];
      length = 0;
    }
    pieces.push(piece);
    length += piece.length + 1;
  }
  if (pieces.length > 0) yield head + pieces.join(',') + tail;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

/** Reads escaped tab-separated lines back into rows: text, or one character a byte in columns that are binary. */
export function* rowsIn(lines: Buffer, columns: readonly MappedColumn[]): Generator<Row> {
  for (let from = 0; from < lines.length;) {
    const end = lines.indexOf(NEWLINE, from);
    const row: (string | null)[] = [];
    for (let begin = from; begin <= end;) {
      let stop = lines.indexOf(TAB, begin);
      if (stop === -1 || stop > end) stop = end;
      row.push(valueIn(lines, begin, stop, columns[row.length]?.binary === true));
      begin = stop + 1;
    }
    yield row;
    from = end + 1;
  }
}

const ESCAPED: Readonly<Record<string, string>> = {
  ...{ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '0': '\0', a: '\u0007', e: '\u001b' },
};

function valueIn(lines: Buffer, begin: number, stop: number, binary: boolean): string | null {
  if (stop - begin === 2 && lines[begin] === BACKSLASH && lines[begin + 1] === 0x4e) return null;
  const text = lines.toString(binary ? 'latin1' : 'utf8', begin, stop);
  return text.includes('\\') ? text.replaceAll(/\\([^])/g, (_, mark: string) => ESCAPED[mark] ?? mark) : text;
}
