/** One table under a workload: from choices of rows to changes. Knows which rows are alive and under which key. */
import { UsageError } from '../core/errors.ts';
import type { RowMaker, RowVersion } from '../core/fixture.ts';
import type { Assignment, RowChoice, WorkloadMix } from '../core/step.ts';
import type { Change, Row, Table, Value } from '../core/table.ts';
import type { OperationDraw } from './draw.ts';
import { Living } from './living.ts';

/** An update to random values gives rows values in at most this many groups: a statement each. */
const RANDOM_GROUPS = 16;
/** Rows of one operation of a live workload, at most. */
const OPERATION_ROWS = 3;

export class TableWriter {
  readonly #table: Table;
  readonly #maker: RowMaker;
  readonly #keyPlaces: readonly number[];
  readonly #living = new Living();
  /** Keys of rows that do not have the one of their ordinal any more. */
  #moved = new Map<number, Row>();
  /** The same keys as text: no row that is written later may take one of them. */
  #movedTexts = new Set<string>();
  /** Values made after the first ones: every write takes the next. */
  #generation = 0;
  /** Where growing columns stand. */
  #tick = 0;

  constructor(table: Table, maker: RowMaker) {
    this.#table = table;
    this.#maker = maker;
    const names = table.key.length > 0 ? table.key : (table.locator ?? []);
    this.#keyPlaces = names.map((name) => table.columns.findIndex((column) => column.name === name));
  }

  get alive(): number {
    return this.#living.alive;
  }

  /** Remembers which rows are alive under which keys. @returns what brings it back. */
  checkpoint(): () => void {
    const restore = this.#living.checkpoint();
    const moved = new Map(this.#moved);
    const texts = new Set(this.#movedTexts);
    return () => {
      restore();
      this.#moved = moved;
      this.#movedTexts = texts;
    };
  }

  insert(rows: number): Change[] {
    if (rows === 0) return [];
    const written = Array.from({ length: rows }, () => {
      const ordinal = this.#take();
      this.#living.live(ordinal);
      return this.#maker.row(ordinal, { generation: 0, tick: this.#tick++ });
    });
    return [{ kind: 'insert', table: this.#table, rows: written }];
  }

  /** @param rows absent: all that are dead. */
  reinsert(rows: number | undefined): Change[] {
    const ordinals: number[] = [];
    for (const ordinal of this.#living.deadOnes()) {
      if (ordinals.length === rows) break;
      ordinals.push(ordinal);
    }
    return this.#revive(ordinals);
  }

  update(choice: RowChoice, set: Readonly<Record<string, Assignment>>): Change[] {
    const keys = this.#chosenKeys(choice);
    const random = Object.values(set).some(({ to }) => to === 'random');
    const groups = Math.min(keys.length, random ? RANDOM_GROUPS : 1);
    return Array.from({ length: groups }, (_, group) => ({
      kind: 'update',
      table: this.#table,
      keys: keys.filter((_key, index) => index % groups === group),
      set: this.#values(set),
    }));
  }

  delete(choice: RowChoice): Change[] {
    if (choice.by === 'keys') {
      const wanted = new Set(choice.keys.map(textOf));
      for (const ordinal of [...this.#living.aliveOnes()]) {
        if (wanted.has(textOf(this.#keyOf(ordinal)))) this.#living.die(ordinal);
      }
      return [{ kind: 'delete', table: this.#table, keys: choice.keys }];
    }
    const ordinals = this.#chosen(choice);
    const keys = this.#keysOf(ordinals);
    // Copies of a row go together: they cannot be told apart.
    for (const ordinal of ordinals) for (const copy of this.#copiesOf(ordinal)) this.#living.die(copy);
    return keys.length === 0 ? [] : [{ kind: 'delete', table: this.#table, keys }];
  }

  rekey(choice: RowChoice, by: bigint | undefined): Change[] {
    return this.#move(choice.by === 'keys' ? this.#withKeys(choice.keys) : this.#chosen(choice), by);
  }

  truncate(): Change[] {
    for (const ordinal of [...this.#living.aliveOnes()]) this.#living.die(ordinal);
    return [{ kind: 'truncate', table: this.#table }];
  }

  /** One small random operation; an insert where there is no row for another. */
  random(mix: WorkloadMix, draw: OperationDraw): Change[] {
    const operation = draw.operation(mix);
    const rows = draw.between(1, OPERATION_ROWS);
    const place = draw.between(0, Math.max(0, this.#living.next - 1));
    if (operation === 'insert') return this.insert(rows);
    const ordinals = this.#near(place, rows, operation === 'reinsert' ? 'dead' : 'alive');
    if (ordinals.length === 0) return this.insert(rows);
    switch (operation) {
      case 'reinsert':
        return this.#revive(ordinals);
      case 'update':
        return this.update({ by: 'keys', keys: this.#keysOf(ordinals) }, this.#anyColumns(draw));
      case 'delete': {
        const keys = this.#keysOf(ordinals);
        for (const ordinal of ordinals) for (const copy of this.#copiesOf(ordinal)) this.#living.die(copy);
        return [{ kind: 'delete', table: this.#table, keys }];
      }
      case 'rekey':
        return this.#move(ordinals, undefined);
    }
  }

  #take(): number {
    for (;;) {
      const ordinal = this.#living.take();
      if (ordinal >= this.#maker.mostRows) {
        throw new UsageError('WORKLOAD', `${this.#table.name} has no more than ${this.#maker.mostRows} rows of data`);
      }
      // Somebody may have moved to this key; the row that would have had it is left out.
      if (this.#movedTexts.size === 0 || !this.#movedTexts.has(textOf(this.#ownKey(ordinal)))) return ordinal;
    }
  }

  #revive(ordinals: readonly number[]): Change[] {
    if (ordinals.length === 0) return [];
    const rows = ordinals.map((ordinal) => {
      this.#living.live(ordinal);
      const row = [...this.#maker.row(ordinal, this.#nextVersion())];
      const key = this.#moved.get(ordinal);
      if (key !== undefined) for (const [index, place] of this.#keyPlaces.entries()) row[place] = key[index] ?? null;
      return row;
    });
    return [{ kind: 'insert', table: this.#table, rows }];
  }

  #move(ordinals: readonly number[], by: bigint | undefined): Change[] {
    const keys = ordinals.map((ordinal) => this.#keyOf(ordinal));
    const newKeys = by === undefined ? ordinals.map(() => this.#freshKey()) : keys.map((key) => this.#added(key, by));
    if (by !== undefined) this.#refuseTaken(keys, newKeys);
    for (const key of keys) this.#movedTexts.delete(textOf(key));
    for (const [index, ordinal] of ordinals.entries()) {
      const key = newKeys[index] ?? [];
      this.#moved.set(ordinal, key);
      this.#movedTexts.add(textOf(key));
    }
    return keys.length === 0 ? [] : [{ kind: 'rekey', table: this.#table, keys, newKeys }];
  }

  #nextVersion(): RowVersion {
    this.#generation += 1;
    return { generation: this.#generation, tick: this.#tick++ };
  }

  #values(set: Readonly<Record<string, Assignment>>): Record<string, Value> {
    const version = this.#nextVersion();
    const values: Record<string, Value> = {};
    for (const [name, assignment] of Object.entries(set)) {
      values[name] = assignment.to === 'value' ? assignment.value : this.#maker.value(name, 0, version);
    }
    for (const name of this.#maker.growing) values[name] ??= this.#maker.value(name, 0, version);
    return values;
  }

  /** One to three columns that are no key, set to random values; sorted, so that the seed alone decides. */
  #anyColumns(draw: OperationDraw): Record<string, Assignment> {
    const free = this.#table.columns.filter(
      (column, place) => !this.#keyPlaces.includes(place) && !this.#maker.growing.includes(column.name),
    );
    const set: Record<string, Assignment> = {};
    for (let left = Math.min(free.length, draw.between(1, 3)); left > 0; left -= 1) {
      const column = free[draw.between(0, free.length - 1)];
      if (column !== undefined) set[column.name] = { to: 'random' };
    }
    return set;
  }

  #chosenKeys(choice: RowChoice): readonly Row[] {
    return choice.by === 'keys' ? choice.keys : this.#keysOf(this.#chosen(choice));
  }

  #chosen(choice: Exclude<RowChoice, { by: 'keys' }>): number[] {
    this.#mustAddress();
    const n = choice.by === 'all' ? 1 : choice.n;
    return [...this.#living.aliveOnes()].filter((_, index) => index % n === 0);
  }

  #withKeys(keys: readonly Row[]): number[] {
    const byText = new Map([...this.#living.aliveOnes()].map((ordinal) => [textOf(this.#keyOf(ordinal)), ordinal]));
    return keys.map((key) => {
      const ordinal = byText.get(textOf(key));
      if (ordinal !== undefined) return ordinal;
      throw new UsageError('WORKLOAD', `${this.#table.name} has no row with the key (${key.map(String).join(', ')})`);
    });
  }

  #near(place: number, rows: number, state: 'alive' | 'dead'): number[] {
    this.#mustAddress();
    const found = new Set<number>();
    for (let from = place; found.size < rows;) {
      const ordinal = this.#living.near(from, state);
      if (ordinal === undefined || found.has(ordinal)) break;
      found.add(ordinal);
      from = ordinal + 1;
    }
    return [...found];
  }

  #copiesOf(ordinal: number): number[] {
    const { copies } = this.#maker;
    const first = Math.floor(ordinal / copies) * copies;
    return Array.from({ length: copies }, (_, index) => first + index);
  }

  /** Keys of rows, each once: copies share theirs. */
  #keysOf(ordinals: readonly number[]): Row[] {
    const keys = ordinals.map((ordinal) => this.#keyOf(ordinal));
    if (this.#maker.copies === 1) return keys;
    return [...new Map(keys.map((key) => [textOf(key), key])).values()];
  }

  #keyOf(ordinal: number): Row {
    return this.#moved.get(ordinal) ?? this.#ownKey(ordinal);
  }

  #ownKey(ordinal: number): Row {
    return this.#keyPlaces.map((place) => this.#maker.value(this.#table.columns[place]?.name ?? '', ordinal));
  }

  /** A key that no row has had: that of an ordinal which is never written. */
  #freshKey(): Row {
    return this.#ownKey(this.#take());
  }

  #added(key: Row, by: bigint): Row {
    const index = key.findLastIndex((value) => typeof value === 'bigint');
    if (index === -1) throw new UsageError('WORKLOAD', `rekey by ${by}: the key of ${this.#table.name} has no integer`);
    return key.map((value, at) => (at === index && typeof value === 'bigint' ? value + by : value));
  }

  #refuseTaken(keys: readonly Row[], newKeys: readonly Row[]): void {
    const leaving = new Set(keys.map(textOf));
    const wanted = new Set(newKeys.map(textOf));
    for (const ordinal of this.#living.aliveOnes()) {
      const text = textOf(this.#keyOf(ordinal));
      if (!wanted.has(text) || leaving.has(text)) continue;
      throw new UsageError(
        'WORKLOAD',
        `rekey: ${this.#table.name} has a row with the key (${text}) already; choose another "by"`,
      );
    }
  }

  #mustAddress(): void {
    if (this.#keyPlaces.length > 0) return;
    throw new UsageError('WORKLOAD', `rows of ${this.#table.name} cannot be addressed: it has no key and no locator`);
  }
}

function textOf(key: Row): string {
  return key
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)))
    .join(', ');
}
