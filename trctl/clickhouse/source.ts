/**
 * ClickHouse as a source: snapshots, whole or past a cursor. A table is one part, since one SELECT sees the parts of a
 * MergeTree that were active when it began; tables are not read at one moment. There is no change log.
 */
import { ConfigError } from '../errors.ts';
import type { Position } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import { wholeLines } from '../pairs/rows.ts';
import type { ChangeLog, Cursor, Part, RowLines, Snapshot, Source } from '../provider.ts';
import type { ClickHouseTable } from './catalog.ts';
import { describeTables, hasJson, inner, isCollection } from './catalog.ts';
import { Connection } from './connection.ts';
import { DELETE, literal, quote } from './names.ts';
import type { SourceParams } from './params.ts';

/** Times in UTC with their zone said, numbers to their last digit (ClickHouse manual, format settings). */
const SELECT_SETTINGS = {
  date_time_output_format: 'iso',
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 1,
  output_format_json_quote_decimals: 0,
  output_format_json_named_tuples_as_objects: 0,
  output_format_decimal_trailing_zeros: 0,
  output_format_write_statistics: 0,
} as const;

export const NO_LOG =
  'ClickHouse cannot be replicated from: it has no change log; use SNAPSHOT_ONLY, with regular_snapshot.incremental for new rows';

/** How arrays, maps and tuples are written: as ClickHouse itself reads them, or as JSON. */
export type Collections = 'own' | 'json';

export class ClickHouseSource implements Source {
  readonly parallelism = 2;
  readonly #params: SourceParams;
  readonly #connection: Connection;
  readonly #collections: Collections;

  constructor(params: SourceParams, collections: Collections) {
    this.#params = params;
    this.#connection = new Connection(params, 'trctl-source-');
    this.#collections = collections;
  }

  tables(): Promise<ClickHouseTable[]> {
    const { Database, IncludeTables, ExcludeTables } = this.#params;
    return describeTables(this.#connection, Database, IncludeTables, ExcludeTables);
  }

  checkLog(): Promise<void> {
    return Promise.reject(new ConfigError(NO_LOG));
  }

  async snapshot(): Promise<Snapshot> {
    // Later snapshots are newer, whoever compares them.
    const [row] = await this.#connection.rows<{ now: string }>(
      'SELECT toString(toUnixTimestamp64Micro(now64(6))) AS now',
    );
    return new ClickHouseSnapshot(this.#connection, BigInt(row?.now ?? 0), this.#collections);
  }

  logPosition(): Promise<Position | null> {
    return Promise.resolve(null);
  }

  openLog(): Promise<Position> {
    return Promise.reject(new ConfigError(NO_LOG));
  }

  dropLog(): Promise<void> {
    return Promise.resolve();
  }

  changes(): Promise<ChangeLog> {
    return Promise.reject(new ConfigError(NO_LOG));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

class ClickHouseSnapshot implements Snapshot {
  readonly position: Position;
  readonly #connection: Connection;
  readonly #collections: Collections;

  constructor(connection: Connection, position: Position, collections: Collections) {
    this.#connection = connection;
    this.position = position;
    this.#collections = collections;
  }

  split(table: Table): Promise<Part[]> {
    return Promise.resolve([{ table, name: '1/1', where: '' }]);
  }

  read(part: Part, signal: AbortSignal): AsyncIterable<RowLines> {
    const table = part.table as ClickHouseTable;
    const json = hasJson(table.columns.map(({ type }) => ({ type: type.declared })));
    const columns = table.columns.map(({ name, type }) => this.#selected(quote(name), type.declared, json));
    const sql = `SELECT ${columns.join(', ')} ${from(table, part.where === '' ? [] : [part.where])}`;
    return wholeLines(
      this.#connection.select(
        sql,
        json ? { ...SELECT_SETTINGS, date_time_output_format: 'simple' } : SELECT_SETTINGS,
        signal,
      ),
      signal,
    );
  }

  async increment(table: ClickHouseTable, cursor: Cursor): Promise<{ part: Part; maximum: string | null }> {
    const column = table.columns.find(({ name }) => name === cursor.field);
    if (column === undefined) {
      throw new ConfigError(
        `regular_snapshot.incremental: table ${tableLabel(table.id)} has no column '${cursor.field}'; correct cursor_field`,
      );
    }
    const field = quote(cursor.field);
    const bare = inner(column.type.declared);
    const past =
      cursor.from === null
        ? []
        : [`${field} ${cursor.inclusive ? '>=' : '>'} CAST(${literal(cursor.from)}, ${literal(bare)})`];
    // What is newer than this comes with the next pass, even if it is written while this one reads.
    const [row] = await this.#connection.rows<{ maximum: string; rows: string }>(
      `SELECT toString(max(${field})) AS maximum, toString(count(${field})) AS rows ${from(table, past)}`,
    );
    if (row === undefined || row.rows === '0') {
      return { part: { table, name: 'increment', where: past[0] ?? '' }, maximum: null };
    }
    const until = `${field} <= CAST(${literal(row.maximum)}, ${literal(bare)})`;
    return { part: { table, name: 'increment', where: [...past, until].join(' AND ') }, maximum: row.maximum };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** @param json a column of type JSON shows its moments as the setting says, so the setting is left as it is. */
  #selected(column: string, type: string, json: boolean): string {
    if (json && inner(type).startsWith('DateTime')) return `concat(toString(toTimeZone(${column}, 'UTC')), 'Z')`;
    return this.#collections === 'json' && isCollection(type) ? `toJSONString(${column})` : column;
  }
}

function from(table: ClickHouseTable, conditions: readonly string[]): string {
  const all = [...(table.marksDeleted ? [`${quote(DELETE)} = 0`] : []), ...conditions.map((one) => `(${one})`)];
  const where = all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
  return `FROM ${quote(table.id.schema)}.${quote(table.id.name)}${table.merges ? ' FINAL' : ''}${where}`;
}
