/** One line of a pair's type table as people read it; docs/type-tables.md is made of these. */
export interface TypeLine {
  /** The source's type as its manual spells it. */
  readonly from: string;
  /** The destination's type, or `refused`. */
  readonly to: string;
  /** The tolerance that a comparison needs; absent where nothing is lost. */
  readonly policy?: string;
  readonly note?: string;
}
