/** ClickHouse to ClickHouse: every type is what it was. Types whose text does not say what a value is are refused. */
import type { MappedColumn } from '../clickhouse/mapping.ts';
import type { Column } from '../model/table.ts';
import type { TypeLine } from './type-line.ts';

/** Times come in UTC with their zone said. */
export const INSERTS = { date_time_input_format: 'best_effort' } as const;

export function mapColumn({ name, type }: Column): MappedColumn {
  return { name, type: type.declared };
}

export const TYPE_LINES: readonly TypeLine[] = [
  { from: 'AggregateFunction, Variant, Dynamic', to: 'refused', note: 'their text does not say what a value is' },
  { from: 'every other type', to: 'the same type' },
];
