/**
 * Tables as a source describes them. Values travel in the source's own text form, NULL as null;
 * what a type becomes at a destination is the business of pairs/. Knows no database.
 */

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface ColumnType {
  /** Name of the type with domains resolved to their base: `numeric`, `timestamptz`, `_int4`. */
  readonly base: string;
  /** The declared type as the source's DDL spells it: `numeric(10,2)`, `public.mood`. */
  readonly declared: string;
  /** Digits in all, and after the point; only where the type has them. */
  readonly precision?: number;
  readonly scale?: number;
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** What rows written before the column was added hold (the constant of ADD COLUMN … DEFAULT). */
  readonly valueOfOldRows?: string;
}

/** Something that must exist before a column of its type can: created at a destination of the same kind when missing. */
export interface TypeDefinition {
  readonly kind: 'extension' | 'enum' | 'domain' | 'composite' | 'range';
  readonly schema: string;
  readonly name: string;
  /** What follows the name in the source's CREATE statement, and the same without checks if that may fail. */
  readonly definition: string;
  readonly fallback?: string;
}

export interface Table {
  readonly id: TableName;
  readonly columns: readonly Column[];
  /** Columns that identify a row in the change log, in key order; empty: rows are told apart by nothing but their values. */
  readonly key: readonly string[];
  /** In the order in which they can be created. */
  readonly types: readonly TypeDefinition[];
}

/** `schema.table`, for messages and for keys of state. */
export function tableLabel(id: TableName): string {
  return `${id.schema}.${id.name}`;
}

/** Positions of the key's columns in the row. */
export function keyPositions(table: Table): number[] {
  return table.key.map((name) => table.columns.findIndex((column) => column.name === name));
}
