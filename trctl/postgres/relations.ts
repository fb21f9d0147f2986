/** The shape of each published table as the change log goes by: pgoutput announces it before its first row and when it changes. */
import type { Pgoutput } from 'pg-logical-replication';
import { DataError } from '../errors.ts';
import type { Column, TypeDefinition } from '../model/table.ts';
import { tableLabel } from '../model/table.ts';
import type { PostgresTable } from './catalog.ts';
import { describeTables, describeType, listTables } from './catalog.ts';
import type { Session } from './connection.ts';

export class Relations {
  readonly #session: Session;
  /** By `schema.table`. */
  readonly #tables: Map<string, PostgresTable>;
  readonly #byRelation = new Map<number, PostgresTable>();

  constructor(session: Session, tables: readonly PostgresTable[]) {
    this.#session = session;
    this.#tables = new Map(tables.map((table) => [tableLabel(table.id), table]));
  }

  /** The table, or undefined if the transfer does not take it. */
  of(relation: Pgoutput.MessageRelation): PostgresTable | undefined {
    return this.#byRelation.get(relation.relationOid);
  }

  /**
   * @returns the table's new shape if the destination has to follow it, else null.
   * @throws DataError when a column seems to have been renamed: its old rows' values cannot be told.
   */
  async learn(relation: Pgoutput.MessageRelation): Promise<PostgresTable | null> {
    const label = tableLabel({ schema: relation.schema, name: relation.name });
    const table = this.#tables.get(label);
    if (table === undefined) return null;
    const added = relation.columns.filter((column) => !table.attributes.has(column.name));
    const changed = relation.columns.filter((column) => {
      const known = table.attributes.get(column.name);
      return (
        known !== undefined && (known.oid !== String(column.typeOid >>> 0) || known.modifier !== String(column.typeMod))
      );
    });
    const gone = table.columns.filter((column) => !relation.columns.some((sent) => sent.name === column.name));
    if (added.length === 0 && changed.length === 0 && gone.length === 0) {
      this.#byRelation.set(relation.relationOid, table);
      return null;
    }
    const now = await this.#describe(relation);
    const dropped = gone.filter((column) => now?.attributes.has(column.name) !== true);
    if (added.length > 0 && dropped.length > 0) {
      throw new DataError(
        `table ${label}: column '${dropped[0]?.name ?? ''}' is gone and '${added[0]?.name ?? ''}' is new; ` +
          'if it was renamed its earlier values cannot be followed: run activate again',
      );
    }
    if (dropped.length > 0 && table.key.length === 0) {
      throw new DataError(
        `table ${label}: column '${dropped[0]?.name ?? ''}' is gone, and without a key the destination's rows cannot be found without it: ` +
          'run activate again',
      );
    }
    const next = await this.#reshape(table, relation, now, new Set(dropped.map((column) => column.name)));
    this.#tables.set(label, next);
    this.#byRelation.set(relation.relationOid, next);
    return added.length + changed.length + dropped.length > 0 ? next : null;
  }

  async #describe(relation: Pgoutput.MessageRelation): Promise<PostgresTable | undefined> {
    const classes = await listTables(this.#session);
    const row = classes.find((one) => one.nspname === relation.schema && one.relname === relation.name);
    return row === undefined ? undefined : (await describeTables(this.#session, [row]))[0];
  }

  async #reshape(
    table: PostgresTable,
    relation: Pgoutput.MessageRelation,
    now: PostgresTable | undefined,
    dropped: ReadonlySet<string>,
  ): Promise<PostgresTable> {
    const types: TypeDefinition[] = [...table.types];
    const attributes = new Map(table.attributes);
    const columns = table.columns.map((column): Column =>
      dropped.has(column.name) ? { name: column.name, type: column.type, nullable: true } : column,
    );
    for (const sent of relation.columns) {
      const oid = String(sent.typeOid >>> 0);
      const modifier = String(sent.typeMod);
      const known = attributes.get(sent.name);
      if (known?.oid === oid && known.modifier === modifier) continue;
      const current = now?.attributes.get(sent.name);
      const same = current?.oid === oid && current.modifier === modifier;
      const described = same
        ? undefined
        : await describeType(this.#session, sent.name, sent.typeOid >>> 0, sent.typeMod);
      const column = described?.column ?? now?.columns.find((one) => one.name === sent.name);
      if (column === undefined) continue;
      types.push(...(described?.types ?? now?.types ?? []));
      attributes.set(sent.name, { oid, modifier, generated: current?.generated ?? '' });
      const at = columns.findIndex((one) => one.name === sent.name);
      if (at === -1) columns.push(column);
      else columns[at] = column;
    }
    return { ...table, columns, types, attributes };
  }
}
