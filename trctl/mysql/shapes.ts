/** What the columns of a table are, as the log goes on: tables that we follow, and how they change under way. */
import { DataError, EnvironmentError } from '../errors.ts';
import { tableLabel } from '../model/table.ts';
import type { MySqlTable } from './catalog.ts';
import { describeTable } from './catalog.ts';
import type { Session } from './connection.ts';
import type { TableMap } from './events.ts';

/** A followed table at one place of the log. */
export interface Shape {
  readonly table: MySqlTable;
  readonly map: TableMap;
}

export class Shapes {
  readonly #session: Session;
  readonly #tables: Map<string, MySqlTable>;
  readonly #byId = new Map<number, Shape>();
  /** By label: the last table map that was looked at. */
  readonly #last = new Map<string, TableMap>();

  /** @param session for looking tables up; the owner closes it. */
  constructor(session: Session, tables: readonly MySqlTable[]) {
    this.#session = session;
    this.#tables = new Map(tables.map((table) => [tableLabel(table.id), table]));
  }

  of(id: number): Shape | undefined {
    return this.#byId.get(id);
  }

  has(schema: string, name: string): MySqlTable | undefined {
    return this.#tables.get(`${schema}.${name}`);
  }

  /** Takes note of a table map. @returns the table if it has another shape from here on. */
  async learn(map: TableMap): Promise<MySqlTable | null> {
    const label = `${map.schema}.${map.name}`;
    const known = this.#tables.get(label);
    if (known === undefined) {
      this.#byId.delete(map.id);
      return null;
    }
    const before = this.#last.get(label);
    this.#last.set(label, map);
    if (fits(known, map) && (before === undefined || sameFields(before, map))) {
      this.#byId.set(map.id, { table: known, map });
      return null;
    }
    const table = await this.#described(known, map);
    this.#tables.set(label, table);
    this.#byId.set(map.id, { table, map });
    return sameColumns(known, table) ? null : table;
  }

  /** The table as the catalog has it now, with the columns that the log has here. */
  async #described(known: MySqlTable, map: TableMap): Promise<MySqlTable> {
    const now = await describeTable(this.#session, map.schema, map.name);
    if (map.names === undefined) {
      if (now.columns.length === map.fields.length) return now;
      throw new EnvironmentError(
        `table ${tableLabel(known.id)} was changed, and the log does not name its columns; ` +
          'set binlog_row_metadata=FULL at the server, and run activate again',
      );
    }
    const places = map.names.map((name) => {
      for (const source of [now, known]) {
        const at = source.columns.findIndex((column) => column.name === name);
        const [column, attribute] = [source.columns[at], source.attributes[at]];
        if (column !== undefined && attribute !== undefined) return { column, attribute };
      }
      throw new DataError(
        `table ${tableLabel(known.id)}, column ${name}: it was dropped again before its changes were read; run activate again`,
      );
    });
    return {
      ...known,
      key: now.key.every((name) => map.names?.includes(name)) ? now.key : known.key,
      columns: places.map(({ column }) => column),
      attributes: places.map(({ attribute }) => attribute),
    };
  }
}

function fits(table: MySqlTable, { fields, names }: TableMap): boolean {
  if (names === undefined) return table.columns.length === fields.length;
  return names.length === table.columns.length && names.every((name, at) => name === table.columns[at]?.name);
}

function sameFields(before: TableMap, map: TableMap): boolean {
  return (
    before.fields.length === map.fields.length &&
    before.fields.every(({ type, meta }, at) => type === map.fields[at]?.type && meta === map.fields[at].meta)
  );
}

function sameColumns(a: MySqlTable, b: MySqlTable): boolean {
  return JSON.stringify([a.columns, a.key]) === JSON.stringify([b.columns, b.key]);
}
