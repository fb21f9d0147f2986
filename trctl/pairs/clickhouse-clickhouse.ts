/** ClickHouse to ClickHouse: every type is what it was. Types whose text does not say what a value is are refused. */
import type { MappedColumn } from '../clickhouse/mapping.ts';
import { DataError } from '../errors.ts';
import type { Column } from '../model/table.ts';
import type { TypeLine } from './type-line.ts';

/** Times come in UTC with their zone said. */
export const INSERTS = { date_time_input_format: 'best_effort' } as const;

export function mapColumn({ name, type }: Column): MappedColumn {
  refuseUntold(name, type.declared);
  return { name, type: type.declared };
}

const UNTOLD = /\b(AggregateFunction|SimpleAggregateFunction|Variant|Dynamic|Object|Nothing|QBit)\b/;

/** @throws DataError for a type whose values cannot be carried as text. */
export function refuseUntold(name: string, declared: string): void {
  const [untold] = UNTOLD.exec(declared) ?? [];
  if (untold === undefined) return;
  throw new DataError(
    `column ${name} (${declared}): ${untold} cannot be carried, since its text does not say what a value is; leave the table out, or make a column of another type of it`,
  );
}

export const TYPE_LINES: readonly TypeLine[] = [
  { from: 'AggregateFunction, Variant, Dynamic', to: 'refused', note: 'their text does not say what a value is' },
  { from: 'every other type', to: 'the same type' },
];
