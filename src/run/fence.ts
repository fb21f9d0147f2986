/**
 * Fence rows: a small table that travels with the others. A row written after everything else and seen at the destination
 * says that the engine got that far.
 */
import type { Session } from '../connectors/connector.ts';
import { TAG, type Comparison } from '../core/canonical.ts';
import type { Table } from '../core/table.ts';
import type { TableName } from '../core/words.ts';

export const FENCE = 'e2e_fence';

const NUMBER: Comparison = { as: 'number' };

export function fenceTable(schema: string | undefined): Table {
  return {
    ...(schema === undefined ? {} : { schema }),
    name: FENCE,
    columns: [
      { name: 'id', type: { kind: 'integer', bits: 64, signed: true }, nullable: false },
      { name: 'note', type: { kind: 'text' }, nullable: true },
    ],
    key: ['id'],
  };
}

/** Writes fence rows at the source and looks for them at the destination. */
export class Fence {
  readonly #source: Session;
  readonly #destination: Session;
  readonly table: Table;
  readonly #at: TableName;
  #last = 0;

  constructor(source: Session, destination: Session, table: Table, at: TableName) {
    this.#source = source;
    this.#destination = destination;
    this.table = table;
    this.#at = at;
  }

  /** @returns the number of the new fence row. */
  async raise(): Promise<number> {
    this.#last += 1;
    const row = [BigInt(this.#last), `fence ${this.#last}`];
    await this.#source.write({ kind: 'insert', table: this.table, rows: [row] });
    return this.#last;
  }

  /** The number of the newest fence row that has arrived; 0 also where the table is not there yet. */
  async arrived(): Promise<number> {
    const table = await this.#destination.describe(this.#at);
    const id = table?.columns.find((column) => column.name.toLowerCase() === 'id');
    if (table === undefined || id === undefined) return 0;
    let newest = 0;
    for await (const batch of this.#destination.read({ table, columns: [{ column: id, as: NUMBER }] })) {
      const view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
      let start = 0;
      for (const end of batch.cellEnds) {
        if (batch.bytes[start] === TAG.int) newest = Math.max(newest, Number(view.getBigInt64(start + 1, true)));
        start = end;
      }
    }
    return newest;
  }

  get raised(): number {
    return this.#last;
  }
}
