/** What a type table of pairs/ says about one column at ClickHouse. Knows no source. */
import type { Column } from '../model/table.ts';

export interface MappedColumn {
  readonly name: string;
  /** As ClickHouse itself prints it, so that it can be compared with system.columns. */
  readonly type: string;
  /**
   * From the value's text (as it stands in a line: escaped) to escaped text that ClickHouse reads.
   * Only for types whose text is ASCII; gives ASCII too, unless `binary`. @throws ValueRefused
   */
  readonly encode?: (text: string) => string;
  /** `encode` gives bytes, one a character. */
  readonly binary?: true;
}

export type MapColumn = (column: Column, key: boolean) => MappedColumn;
