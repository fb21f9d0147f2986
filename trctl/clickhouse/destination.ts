/**
 * ClickHouse as a destination. Every row carries the position it comes from as its version, so a row or a tombstone that is
 * written twice counts once, and an older one never hides a newer. Nothing is kept beside the rows. Knows no source:
 * the pair's type table comes from outside.
 */
import { createHash } from 'node:crypto';
import type { ClickHouseSettings } from '@clickhouse/client';
import { ConfigError, EnvironmentError } from '../errors.ts';
import type { Change, Position } from '../model/change.ts';
import { lastByKey, stretches } from '../model/compact.ts';
import type { RowChange, TableChanges } from '../model/compact.ts';
import { keyPositions, tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { Cleanup, Destination, LoadOptions, Part, RowLines } from '../provider.ts';
import { until } from '../wait.ts';
import { Connection } from './connection.ts';
import { prepareTable, reshapeTable, systemColumns } from './ddl.ts';
import type { Target } from './ddl.ts';
import { Encoder, rowHash } from './encode.ts';
import { settleKeyless } from './keyless.ts';
import type { MapColumn, MappedColumn } from './mapping.ts';
import { COMMIT, DELETE, ROW_EVENT, ROW_HASH, ROW_ID, literal, quote } from './names.ts';
import type { DestinationParams } from './params.ts';

/** Bytes gathered before they are handed to the HTTP client. */
const PIECE = 1024 * 1024;

export class ClickHouseDestination implements Destination {
  /** Each write makes a part on disk, so they are not made more often than ten times a second. */
  readonly batch = { rows: 20_000, bytes: 16 * 1024 * 1024, milliseconds: 100 };
  readonly #database: string;
  readonly #connection: Connection;
  readonly #map: MapColumn;
  readonly #targets = new WeakMap<Table, { target: Target; encoder: Encoder }>();

  /** @param inserts settings that the pair's texts need to be read. */
  constructor(params: DestinationParams, transferId: string, map: MapColumn, inserts: ClickHouseSettings = {}) {
    this.#database = params.Database;
    this.#map = map;
    const hash = createHash('sha256').update(transferId).digest('hex').slice(0, 12);
    this.#connection = new Connection(params, `trctl-${hash}-`, inserts);
  }

  async check(tables: readonly Table[]): Promise<void> {
    const byName = new Map<string, Table>();
    for (const table of tables) {
      const other = byName.get(table.id.name);
      if (other !== undefined) {
        throw new ConfigError(
          `tables ${tableLabel(other.id)} and ${tableLabel(table.id)} would both become ${this.#database}.${table.id.name}, ` +
            'as ClickHouse has no schemas; transfer them into two databases',
        );
      }
      byName.set(table.id.name, table);
      this.#target(table);
    }
    const found = await this.#connection.rows(`SELECT 1 FROM system.databases WHERE name = ${literal(this.#database)}`);
    if (found.length === 0) {
      throw new EnvironmentError(
        `database '${this.#database}' does not exist at ClickHouse; create it, or correct Database`,
      );
    }
  }

  async prepare(tables: readonly Table[], cleanup: Cleanup): Promise<void> {
    await this.#settle();
    for (const table of tables) await prepareTable(this.#connection, this.#target(table).target, cleanup);
  }

  async wipe(table: Table, position: Position): Promise<void> {
    const { target } = this.#target(table);
    await this.#connection.command(
      `ALTER TABLE ${target.name} DELETE WHERE ${quote(COMMIT)} = ${position} SETTINGS mutations_sync = 2`,
    );
  }

  async finishedParts(): Promise<ReadonlySet<string>> {
    await this.#settle();
    return new Set(); // loading a part again does no harm
  }

  hasPart(): Promise<boolean> {
    return Promise.resolve(false); // loading a part again does no harm
  }

  async load(part: Part, rows: AsyncIterable<RowLines>, options: LoadOptions): Promise<number> {
    const { target, encoder } = this.#target(part.table);
    const version = options.position.toString();
    const keyless = part.table.key.length === 0;
    const prefix = `\t${version}\t0`;
    const width = prefix.length + (keyless ? 80 : 0);
    let written = 0;
    const tail = keyless
      ? (line: Buffer): string => {
          written += 1;
          return `${prefix}\t${rowHash(part.table, line)}\t${options.position.toString(16)}:s${written}\t0`;
        }
      : (): string => prefix;
    const pieces = rows[Symbol.asyncIterator]();
    const first = await pieces.next();
    if (first.done === true) return 0; // an INSERT without a row is an error to some servers
    async function* lines(): AsyncGenerator<Buffer> {
      for (let piece = first; piece.done !== true; piece = await pieces.next()) {
        if (!keyless) written += piece.value.rows;
        yield encoder.lines(piece.value.lines, piece.value.rows, width, tail);
      }
    }
    await this.#connection.insert(this.#into(target), lines());
    return written;
  }

  async apply(changes: readonly Change[]): Promise<void> {
    for (const stretch of stretches(changes)) {
      if (Array.isArray(stretch)) {
        for (const group of stretch) await (group.table.key.length > 0 ? this.#keyed(group) : this.#keyless(group));
      } else if (stretch.kind === 'truncate') {
        for (const id of stretch.tables) await this.#connection.command(`TRUNCATE TABLE ${this.#name(id.name)}`);
      } else {
        await reshapeTable(this.#connection, this.#target(stretch.table).target);
      }
    }
  }

  commit(): Promise<void> {
    return Promise.resolve(); // an INSERT that was answered is there
  }

  position(): Promise<Position | null> {
    return Promise.resolve(null);
  }

  resetPosition(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  async #keyed(group: TableChanges): Promise<void> {
    const { target, encoder } = this.#target(group.table);
    const outcome = lastByKey(group);
    const kept = outcome.filter((change) => change.kind === 'put');
    await this.#write(this.#into(target), kept, (change) => encoder.row(change.row, `\t${change.commit}\t0`));
    // A tombstone has its key only; the other columns take their defaults.
    const gone = outcome.filter((change) => change.kind === 'remove');
    const positions = keyPositions(group.table);
    const columns = [...group.table.key, COMMIT, DELETE].map(quote).join(', ');
    await this.#write(`${target.name} (${columns})`, gone, (change) =>
      encoder.row(change.row, `\t${change.commit}\t${change.commit}`, positions),
    );
  }

  async #keyless(group: TableChanges): Promise<void> {
    const { target, encoder } = this.#target(group.table);
    const { puts, tombstones } = await settleKeyless(this.#connection, target, group);
    await this.#write(this.#into(target), puts, ({ put, hash, id }) =>
      encoder.row(put.row, `\t${put.commit}\t0\t${hash}\t${id}\t${put.number}`),
    );
    const columns = [COMMIT, DELETE, ROW_HASH, ROW_ID, ROW_EVENT].map(quote).join(', ');
    await this.#write(`${target.name} (${columns})`, tombstones, ({ by, hash, id }) =>
      Buffer.from(`${by.commit}\t${by.commit}\t${hash}\t${id}\t${by.number}\n`),
    );
  }

  async #write<T extends object | RowChange>(
    into: string,
    items: readonly T[],
    line: (item: T) => Buffer,
  ): Promise<void> {
    if (items.length === 0) return;
    function* pieces(): Generator<Buffer> {
      let gathered: Buffer[] = [];
      let size = 0;
      for (const item of items) {
        const one = line(item);
        gathered.push(one);
        size += one.length;
        if (size >= PIECE) {
          yield Buffer.concat(gathered);
          gathered = [];
          size = 0;
        }
      }
      if (size > 0) yield Buffer.concat(gathered);
    }
    await this.#connection.insert(into, pieces());
  }

  /** What a killed run still has under way ends first. */
  async #settle(): Promise<void> {
    const mine = `query_id LIKE ${literal(`${this.#connection.queryPrefix}%`)}`;
    const running = `SELECT count() AS running FROM system.processes WHERE ${mine} AND query NOT LIKE '%system.processes%'`;
    let asked = false;
    await until('queries of an earlier run to end at ClickHouse', 60_000, async () => {
      const [row] = await this.#connection.rows<{ running: string }>(running);
      if (Number(row?.running ?? 0) === 0) return true;
      if (!asked)
        await this.#connection
          .command(`KILL QUERY WHERE ${mine} AND query NOT LIKE '%system.processes%' ASYNC`)
          .catch(() => undefined); // not every server can; then they end by themselves
      asked = true;
      return null;
    });
  }

  #target(table: Table): { target: Target; encoder: Encoder } {
    let known = this.#targets.get(table);
    if (known === undefined) {
      const columns = table.columns.map((column): MappedColumn => this.#map(column, table.key.includes(column.name)));
      const target = { table, columns, name: this.#name(table.id.name), database: this.#database };
      known = { target, encoder: new Encoder(table, columns) };
      this.#targets.set(table, known);
    }
    return known;
  }

  #into(target: Target): string {
    const columns = [...target.columns, ...systemColumns(target.table)];
    return `${target.name} (${columns.map((column) => quote(column.name)).join(', ')})`;
  }

  #name(table: string): string {
    return `${quote(this.#database)}.${quote(table)}`;
  }
}
