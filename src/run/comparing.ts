/**
 * Stage 9: every table, every row, every cell. Pairs the tables of both ends, agrees on what each column is read as, and
 * hands two sides to the diff. Knows no database.
 */
import type { ReadRequest, Session } from '../connectors/connector.ts';
import { E2eError } from '../core/errors.ts';
import type { Tolerance } from '../core/policy.ts';
import type { TableResult } from '../core/result.ts';
import { printName, type TableName } from '../core/words.ts';
import type { Table } from '../core/table.ts';
import { agree, type AgreedColumn } from '../diff/agree.ts';
import { compare } from '../diff/compare.ts';
import type { Side } from '../diff/side.ts';

export interface TableToCompare {
  /** As scenario files call it: the schema only where it is not the default one. */
  readonly name: string;
  readonly left: TableName;
  readonly right: TableName;
  readonly key?: readonly string[];
  readonly tolerate: readonly Tolerance[];
}

export interface ComparingOptions {
  readonly source: Session;
  readonly destination: Session;
  readonly examples: number;
  /** File for the complete list of one table's differences. */
  readonly listFile: (table: string) => string;
  readonly onProgress?: (rows: number) => void;
  readonly signal: AbortSignal;
}

/** @throws E2eError when the source table itself is not there: then nothing was compared and nothing is known. */
export async function compareTables(
  tables: readonly TableToCompare[],
  options: ComparingOptions,
): Promise<TableResult[]> {
  const results: TableResult[] = [];
  for (const table of tables) results.push(await compareTable(table, options));
  return results;
}

async function compareTable(table: TableToCompare, options: ComparingOptions): Promise<TableResult> {
  const { source, destination, examples, signal, onProgress } = options;
  const left = await source.describe(table.left);
  if (left === undefined) {
    throw new E2eError('NO_TABLE', `the source has no table ${printName(table.left)}: a step dropped or renamed it`);
  }
  const right = await destination.describe(table.right);
  const agreed = agree(left, right ?? left, {
    tolerate: table.tolerate,
    ...(table.key === undefined ? {} : { key: table.key }),
  });
  const listFile = options.listFile(table.name);
  return compare({
    table: table.name,
    columns: agreed.columns.map(({ name, as }) => ({ name, as })),
    keyColumns: agreed.keyColumns,
    left: sideOf(source, `${source.kind} source`, left, agreed.columns.map(takeLeft)),
    right:
      right === undefined
        ? absent(destination, table.right)
        : sideOf(destination, `${destination.kind} destination`, right, agreed.columns.map(takeRight)),
    tolerate: table.tolerate,
    schema: right === undefined ? await absence(source, left, table.right, destination) : agreed.schema,
    examples,
    listFile,
    signal,
    ...(onProgress === undefined ? {} : { onProgress: ({ leftRows, rightRows }) => onProgress(leftRows + rightRows) }),
  });
}

const takeLeft = ({ left, as }: AgreedColumn): ReadRequest['columns'][number] => ({ column: left, as });
const takeRight = ({ right, as }: AgreedColumn): ReadRequest['columns'][number] => ({ column: right, as });

/** A session's table as a side of the diff. */
export function sideOf(session: Session, label: string, table: Table, columns: ReadRequest['columns']): Side {
  return {
    label,
    read: (signal) => session.read({ table, columns, signal }),
    show: (keys) => session.show({ table, columns }, keys),
    statementFor: (key) => session.statementFor(table, key),
  };
}

/** A table that the destination does not have: no rows. */
function absent(session: Session, name: TableName): Side {
  return {
    label: `${session.kind} destination`,
    async *read() {
      // No table, no rows.
    },
    show: () => Promise.resolve([]),
    statementFor: () => `-- ${printName(name)} does not exist`,
  };
}

/** An engine may leave out a table that has no rows; one with rows must be there. */
async function absence(source: Session, left: Table, right: TableName, destination: Session): Promise<string[]> {
  const columns = agree(left, left, {}).columns.map(takeLeft);
  for await (const _ of source.read({ table: left, columns })) {
    return [`the ${destination.kind} destination has no table ${printName(right)}`];
  }
  return [];
}
