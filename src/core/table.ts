/**
 * Tables, columns and what a column holds, in words that all five databases share. The connectors translate; nobody
 * else needs to know a native type.
 */
import type { TableName } from './words.ts';

/** What a column holds, whatever the database calls it. */
export type LogicalType =
  | { readonly kind: 'bool' }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64 | 128 | 256; readonly signed: boolean }
  /** No precision: any number of digits, and where the database has them NaN and the infinities. */
  | { readonly kind: 'decimal'; readonly precision?: number; readonly scale?: number }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  /** Characters, or a value that a database holds in its own text form. */
  | { readonly kind: 'text'; readonly maxLength?: number }
  | { readonly kind: 'bytes'; readonly maxLength?: number }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'date' }
  /** Time of day; `digits` of the second kept (0 to 9). */
  | { readonly kind: 'time'; readonly digits: number }
  /** Year to fraction with no zone: fields, not a moment. */
  | { readonly kind: 'timestamp'; readonly digits: number }
  /** A moment. `zone`: the zone in which the column shows its fields, where the column declares one. */
  | { readonly kind: 'instant'; readonly digits: number; readonly zone?: string }
  | { readonly kind: 'interval' }
  | { readonly kind: 'json' }
  | { readonly kind: 'array'; readonly of: LogicalType }
  | { readonly kind: 'map'; readonly key: LogicalType; readonly value: LogicalType }
  | { readonly kind: 'tuple'; readonly of: readonly LogicalType[] };

export interface Column {
  readonly name: string;
  readonly type: LogicalType;
  readonly nullable: boolean;
  /** The type as its database spells it: `numeric(10,2)`, `Nullable(DateTime64(6))`. Absent in portable fixtures. */
  readonly native?: string;
}

export interface Table extends TableName {
  /** In the table's own order. */
  readonly columns: readonly Column[];
  /** Columns of the primary key, in key order; empty where there is none. */
  readonly key: readonly string[];
  /** Columns by which a workload addresses rows where there is no primary key. */
  readonly locator?: readonly string[];
}

/**
 * A value as fixtures and workloads write it, by the column's logical type:
 * bool → boolean; integer → bigint; decimal → string of digits; float → number; text, uuid, json, interval (ISO 8601) →
 * string; bytes → Uint8Array; date `2024-02-29`; time `23:59:59.999999`; timestamp `2024-02-29 23:59:59.999999`;
 * instant the same with `Z`; array → array of values.
 */
export type Value = null | boolean | bigint | number | string | Uint8Array | readonly Value[];

/** Values in the order of the table's columns. */
export type Row = readonly Value[];

/** One thing that is done to a source. Rows are addressed by key (or locator) values, in key order. */
export type Change =
  | { readonly kind: 'insert'; readonly table: Table; readonly rows: readonly Row[] }
  /** Every addressed row gets the same values in the named columns. */
  | {
      readonly kind: 'update';
      readonly table: Table;
      readonly keys: readonly Row[];
      readonly set: Readonly<Record<string, Value>>;
    }
  /** Primary keys change: the row at `keys[i]` moves to `newKeys[i]`. */
  | { readonly kind: 'rekey'; readonly table: Table; readonly keys: readonly Row[]; readonly newKeys: readonly Row[] }
  | { readonly kind: 'delete'; readonly table: Table; readonly keys: readonly Row[] }
  | { readonly kind: 'truncate'; readonly table: Table }
  /** All in one transaction of the database; rolled back at its end if so asked. */
  | { readonly kind: 'transaction'; readonly changes: readonly Change[]; readonly rollback: boolean }
  /** The database's own language, as it stands in a scenario or a native fixture. */
  | { readonly kind: 'native'; readonly statements: string };

/** `decimal(10,2)`, `instant(6)`: a logical type in one word, for messages and docs. */
export function printType(type: LogicalType): string {
  switch (type.kind) {
    case 'integer':
      return `${type.signed ? 'int' : 'uint'}${type.bits}`;
    case 'float':
      return `float${type.bits}`;
    case 'decimal':
      return type.precision === undefined ? 'decimal' : `decimal(${type.precision},${type.scale ?? 0})`;
    case 'time':
    case 'timestamp':
      return `${type.kind}(${type.digits})`;
    case 'instant':
      return type.zone === undefined ? `instant(${type.digits})` : `instant(${type.digits}, ${type.zone})`;
    case 'array':
      return `array(${printType(type.of)})`;
    case 'map':
      return `map(${printType(type.key)}, ${printType(type.value)})`;
    case 'tuple':
      return `tuple(${type.of.map(printType).join(', ')})`;
    default:
      return type.kind;
  }
}
