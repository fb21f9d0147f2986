/**
 * A destination that knows its own kind of tables only, for sources of another kind: tables are described to it in its
 * own types, and values that it must not be given are refused before they reach it. Knows no database.
 */
import { isUtf8 } from 'node:buffer';
import type { Change, Position, Row } from '../model/change.ts';
import { ValueRefused, refusal } from '../model/refused.ts';
import type { Column, Table } from '../model/table.ts';
import type { Cleanup, Destination, LoadOptions, Part, RowLines } from '../provider.ts';

/** What a column becomes: its type at the destination, and what of its values is not carried. */
export interface MappedType {
  /** As the destination's DDL spells it. */
  readonly declared: string;
  /** The destination's name for it. */
  readonly base: string;
  /** From the value's text to the destination's; absent: as it is. @throws ValueRefused */
  readonly encode?: (text: string) => string;
  /** Whether the value is characters: bytes that are none are refused, and so is NUL. */
  readonly characters?: true;
}

/** @throws DataError for a type that the destination cannot hold. */
export type MapType = (column: Column, table: Table) => MappedType;

interface Mapped {
  readonly table: Table;
  readonly types: readonly MappedType[];
  readonly encodes: boolean;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const NUL = 0x00;

export class MappedTables implements Destination {
  readonly batch: Destination['batch'];
  readonly #inner: Destination;
  readonly #map: MapType;
  readonly #known = new WeakMap<Table, Mapped>();

  /** @param inner closed with this one. */
  constructor(inner: Destination, map: MapType) {
    this.#inner = inner;
    this.#map = map;
    this.batch = inner.batch;
  }

  check(tables: readonly Table[]): Promise<void> {
    return this.#inner.check(tables.map((table) => this.#mapped(table).table));
  }

  prepare(tables: readonly Table[], cleanup: Cleanup): Promise<void> {
    return this.#inner.prepare(
      tables.map((table) => this.#mapped(table).table),
      cleanup,
    );
  }

  wipe(table: Table, position: Position): Promise<void> {
    return this.#inner.wipe(this.#mapped(table).table, position);
  }

  finishedParts(epoch: string): Promise<ReadonlySet<string>> {
    return this.#inner.finishedParts(epoch);
  }

  hasPart(epoch: string, part: string): Promise<boolean> {
    return this.#inner.hasPart(epoch, part);
  }

  load(part: Part, rows: AsyncIterable<RowLines>, options: LoadOptions): Promise<number> {
    const mapped = this.#mapped(part.table);
    return this.#inner.load({ ...part, table: mapped.table }, encoded(rows, part.table, mapped), options);
  }

  apply(changes: readonly Change[]): Promise<void> {
    return this.#inner.apply(changes.map((change) => this.#changed(change)));
  }

  commit(position: Position): Promise<void> {
    return this.#inner.commit(position);
  }

  position(): Promise<Position | null> {
    return this.#inner.position();
  }

  resetPosition(position: Position): Promise<void> {
    return this.#inner.resetPosition(position);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#inner[Symbol.asyncDispose]());
  }

  #changed(change: Change): Change {
    if (change.kind === 'truncate') return change;
    const mapped = this.#mapped(change.table);
    if (change.kind === 'reshape') return { ...change, table: mapped.table };
    return { ...change, table: mapped.table, row: encodeRow(change.row, change.table, mapped) };
  }

  #mapped(table: Table): Mapped {
    const known = this.#known.get(table);
    if (known !== undefined) return known;
    const types = table.columns.map((column) => this.#map(column, table));
    const columns = table.columns.map((column, at) => {
      const { base, declared, encode } = types[at] ?? { base: '', declared: '' };
      const { valueOfOldRows, ...rest } = column;
      const old = valueOfOldRows === undefined ? undefined : oldValue(valueOfOldRows, encode);
      return {
        ...rest,
        type: { base, declared },
        ...(old === undefined ? {} : { valueOfOldRows: old }),
      };
    });
    const mapped: Mapped = {
      table: { ...table, columns },
      types,
      encodes: types.some(({ encode }) => encode !== undefined),
    };
    this.#known.set(table, mapped);
    return mapped;
  }
}

/** A value that is refused is no value for old rows either: they get NULL, or the column cannot be added. */
function oldValue(text: string, encode: MappedType['encode']): string | undefined {
  try {
    return encode === undefined ? text : encode(text);
  } catch (cause) {
    if (cause instanceof ValueRefused) return undefined;
    throw cause;
  }
}

async function* encoded(rows: AsyncIterable<RowLines>, table: Table, mapped: Mapped): AsyncGenerator<RowLines> {
  for await (const piece of rows) {
    const suspicious = piece.lines.includes(NUL) || !isUtf8(piece.lines);
    if (!mapped.encodes && !suspicious) {
      yield piece;
      continue;
    }
    yield { rows: piece.rows, lines: encodeLines(piece.lines, table, mapped, suspicious) };
  }
}

/** Fields are taken one character a byte: those that are encoded are ASCII, the others pass as they are. */
function encodeLines(lines: Buffer, table: Table, { types }: Mapped, suspicious: boolean): Buffer {
  const out: string[] = [];
  for (let from = 0; from < lines.length;) {
    const end = lines.indexOf(NEWLINE, from);
    const fields = lines.toString('latin1', from, end).split('\t');
    for (const [at, type] of types.entries()) {
      const field = fields[at] ?? '';
      if (field === '\\N') continue;
      const refuse = (cause: ValueRefused): Error => refusal(table, at, rowOf(lines.subarray(from, end)), cause);
      if (suspicious && type.characters === true) {
        const why = whyNoCharacters(Buffer.from(field, 'latin1'));
        if (why !== undefined) throw refuse(why);
      }
      if (type.encode !== undefined) fields[at] = attempt(() => type.encode?.(field) ?? field, refuse);
    }
    out.push(fields.join('\t'), '\n');
    from = end + 1;
  }
  return Buffer.from(out.join(''), 'latin1');
}

function encodeRow(row: Row, table: Table, { types }: Mapped): Row {
  return row.map((value, at) => {
    if (value === null) return null;
    const type = types[at];
    const refuse = (cause: ValueRefused): Error => refusal(table, at, row, cause);
    if (type?.characters === true && value.includes('\0')) throw refuse(hasNul(value));
    return type?.encode === undefined ? value : attempt(() => type.encode?.(value) ?? value, refuse);
  });
}

function attempt(work: () => string, refuse: (cause: ValueRefused) => Error): string {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ValueRefused) throw refuse(cause);
    throw cause;
  }
}

function rowOf(line: Buffer): Row {
  return line
    .toString('utf8')
    .split(String.fromCharCode(TAB))
    .map((field) => (field === '\\N' ? null : field));
}

function whyNoCharacters(bytes: Buffer): ValueRefused | undefined {
  if (!isUtf8(bytes)) {
    return new ValueRefused(
      `0x${bytes.toString('hex')}`,
      'it is no UTF-8',
      'correct it, or keep bytes in a type for bytes',
    );
  }
  // Escaped or as it is.
  const text = bytes.toString('utf8');
  return bytes.includes(NUL) || /(^|[^\\])(\\\\)*\\0/.test(text) ? hasNul(text) : undefined;
}

function hasNul(text: string): ValueRefused {
  return new ValueRefused(
    JSON.stringify(text),
    'text holds no NUL at the destination',
    'remove it, or keep bytes in a type for bytes',
  );
}
