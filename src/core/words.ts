/**
 * The words of the field, one for each thing, as types. Everything else in the house speaks in these.
 * Imports nothing of ours and knows no concrete server or program.
 */

/** The kinds of database, in the order in which the matrix shows them. */
export const DATABASES = ['postgres', 'mysql', 'clickhouse', 'ydb', 'ytsaurus'] as const;
export type DatabaseKind = (typeof DATABASES)[number];

/** Short names, as they stand in pair names (`pg-ch`) and folder names. */
export const SHORT_NAMES: Readonly<Record<DatabaseKind, string>> = {
  postgres: 'pg',
  mysql: 'mysql',
  clickhouse: 'ch',
  ydb: 'ydb',
  ytsaurus: 'yt',
};

export const MODES = ['snapshot', 'replication', 'snapshot-replication', 'incremental'] as const;
export type Mode = (typeof MODES)[number];

export const ENGINES = ['reference', 'trctl', 'trcli', 'image', 'chart', 'operator'] as const;
export type EngineName = (typeof ENGINES)[number];

export const STACKS = ['embedded', 'container', 'external'] as const;
export type Stack = (typeof STACKS)[number];

/** `pg-ch`: source, then destination, by short names. */
export type Pair = `${string}-${string}`;

/** One cell of the matrix: a pair in a mode. */
export interface Square {
  readonly source: DatabaseKind;
  readonly destination: DatabaseKind;
  readonly mode: Mode;
}

/** What a comparison, and with it a scenario, ends in. */
export type Verdict = 'equal' | 'different' | 'refused' | 'unknown';

/** A table's name; `schema` only where the database has schemas or directories inside the namespace. */
export interface TableName {
  readonly schema?: string;
  readonly name: string;
}

export function pairOf(square: Pick<Square, 'source' | 'destination'>): Pair {
  return `${SHORT_NAMES[square.source]}-${SHORT_NAMES[square.destination]}`;
}

/** `public.orders`, for messages; never for SQL. */
export function printName(table: TableName): string {
  return table.schema === undefined ? table.name : `${table.schema}.${table.name}`;
}

/** The 100 squares, sources first, then destinations, then modes. */
export function allSquares(): Square[] {
  return DATABASES.flatMap((source) =>
    DATABASES.flatMap((destination) => MODES.map((mode) => ({ source, destination, mode }))),
  );
}
