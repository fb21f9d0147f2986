/** What a type table of pairs/ says about one column at MySQL. Knows no source. */
import type { Column } from '../model/table.ts';

export interface MappedColumn {
  readonly name: string;
  /** As information_schema prints it (COLUMN_TYPE), so that it can be compared. */
  readonly type: string;
  /** Character set and collation, where they are not the table's. */
  readonly attributes?: string;
  /**
   * From a value's text to a literal of SQL. @throws ValueRefused
   * @param text one character a byte where `binary`.
   */
  readonly literal: (text: string) => string;
  /** The text of a value is bytes that need not be characters. */
  readonly binary?: true;
  /** A condition that the column holds the literal's value; `<=>` where absent. */
  readonly equals?: (name: string, value: string) => string;
}

/** @param keyBytes bytes of the primary key's index that this column may take; undefined: not in the key. */
export type MapColumn = (column: Column, keyBytes: number | undefined) => MappedColumn;

/** Bytes of an index entry of InnoDB, and of a column in it (manual, 17.22). */
export const INDEX_BYTES = 3072;
