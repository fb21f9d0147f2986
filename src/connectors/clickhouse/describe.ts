/**
 * What a table is, from system.tables and system.columns. Source: ClickHouse manual, "System tables".
 * Must not know how rows are read or written.
 */
import type { Column, Table } from '../../core/table.ts';
import type { ClickHouseClient } from './client.ts';
import { DELETE_TIME_COLUMN, isSystemName } from './traits.ts';
import { parseTypeName, quoteText, readQuoted, type ClickHouseType } from './type-name.ts';
import { isNullable, logicalType } from './types.ts';

export interface ColumnFacts {
  readonly name: string;
  readonly native: string;
  readonly type: ClickHouseType;
}

export interface TableFacts {
  readonly database: string;
  readonly name: string;
  /** Columns that hold data of their own, in the table's order, those of engines' book-keeping included. */
  readonly columns: readonly ColumnFacts[];
  /** Columns of the sorting key, in its order. */
  readonly key: readonly string[];
  /** Rows with the same key become one when parts merge: only FINAL shows what the table means. */
  readonly merges: boolean;
  /** An engine marks deleted rows by a time in a column of its own. */
  readonly marksDeleted: boolean;
}

/** Engines of the MergeTree family that make one row of several; with prefixes `Replicated` or `Shared` too. */
const MERGING = /(?:Replacing|Collapsing|Summing|Aggregating|Coalescing)MergeTree$/;

/** @returns undefined when there is no such table. */
export async function tableFacts(
  client: ClickHouseClient,
  database: string,
  name: string,
): Promise<TableFacts | undefined> {
  const where = (field: string): string => `database = ${quoteText(database)} AND ${field} = ${quoteText(name)}`;
  const [tables, columns] = await Promise.all([
    client.rows<[engine: string, sortingKey: string]>(
      `SELECT engine, sorting_key FROM system.tables WHERE ${where('name')}`,
    ),
    // Columns of kind ALIAS and EPHEMERAL hold nothing; MATERIALIZED ones follow from others and cannot be inserted.
    client.rows<[name: string, type: string]>(
      `SELECT name, type FROM system.columns WHERE ${where('table')} AND default_kind IN ('', 'DEFAULT') ORDER BY position`,
    ),
  ]);
  const table = tables[0];
  if (table === undefined) return undefined;
  const [engine, sortingKey] = table;
  const names = new Set(columns.map(([column]) => column));
  return {
    database,
    name,
    columns: columns.map(([column, native]) => ({ name: column, native, type: parseTypeName(native) })),
    key: keyColumns(sortingKey).filter((column) => names.has(column)),
    merges: MERGING.test(engine),
    marksDeleted: names.has(DELETE_TIME_COLUMN),
  };
}

/** The table as the house knows it: book-keeping left out. */
export function tableOf(facts: TableFacts): Table {
  return {
    name: facts.name,
    columns: facts.columns.filter(({ name }) => !isSystemName(name)).map(columnOf),
    key: facts.key.filter((name) => !isSystemName(name)),
  };
}

function columnOf({ name, native, type }: ColumnFacts): Column {
  return { name, type: logicalType(type), nullable: isNullable(type), native };
}

/**
 * Columns of a key's text, `id, toDate(at), \`a b\``: those that stand there as themselves. The sorting key rather than
 * the primary key, since a primary key may be a prefix of it and rows merge by the whole.
 */
export function keyColumns(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let plain = true;
  let depth = 0;
  const end = (): void => {
    if (plain && part !== '') parts.push(part);
    part = '';
    plain = true;
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    const quoted = /['"`]/.test(character) ? readQuoted(text, at) : undefined;
    if (quoted !== undefined) {
      plain &&= character !== "'" && part === '';
      part += quoted.value;
      at = quoted.end - 1;
    } else if (character === ',' && (depth === 0 || plain)) {
      end();
    } else if (character === '(' || character === ')') {
      depth += character === '(' ? 1 : -1;
      // Brackets around a name, `(id)`, leave it as it is; after a name they are a function's.
      plain &&= character === ')' || part === '';
    } else if (!/\s/.test(character)) {
      plain &&= /[A-Za-z0-9_.]/.test(character);
      part += character;
    }
  }
  end();
  return parts;
}

/** User tables of a database, in name order. */
export async function tableNames(client: ClickHouseClient, database: string): Promise<string[]> {
  const rows = await client.rows<[name: string]>(
    `SELECT name FROM system.tables WHERE database = ${quoteText(database)} AND NOT is_temporary
     AND engine NOT LIKE '%View' AND engine != 'Dictionary' ORDER BY name`,
  );
  return rows.map(([name]) => name).filter((name) => !isSystemName(name));
}
