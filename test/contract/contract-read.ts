/** Reads: whole, of one moment, bounded, and never short without saying so. */
import { describe, expect, it } from 'vitest';
import type { ReadRequest } from '../../src/connectors/connector.ts';
import { E2eError } from '../../src/core/errors.ts';
import type { Owned } from '../../src/core/ledger.ts';
import type { Row, Table } from '../../src/core/table.ts';
import { cellOf, rowsIn } from './cells.ts';
import type { Subject } from './contract.ts';
import { countRows, INT64, item, ITEMS, items, readRows, request, TEXT, wholeTable } from './tables.ts';

const MANY = 200_000;

export function readContract(subject: Subject): void {
  describe('reads', () => {
    it('gives nothing, and no batch, for an empty table', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      const batches = [];
      for await (const batch of session.read(wholeTable(ITEMS))) batches.push(batch);
      expect(batches).toEqual([]);
    });

    it('gives the columns that are asked for, in the order in which they are', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(1, 2) });
      const [id, name, amount] = ITEMS.columns;
      if (id === undefined || name === undefined || amount === undefined) throw new Error('ITEMS has three columns');
      const [row = ''] = await readRows(session, request(ITEMS, [amount, id]));
      expect(row).toMatch(/^1\.5 = \w+ \| 1 = \w+$/);
      expect(await readRows(session, request(ITEMS, [name]))).toEqual([expect.stringMatching(/^"item 1" = /)]);
    });

    it('hands rows over in batches of a bounded size', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, MANY) });
      let rows = 0;
      let largest = 0;
      let batches = 0;
      for await (const batch of session.read(wholeTable(ITEMS))) {
        expect(batch.cellEnds.length).toBe(batch.rows * 3);
        expect(batch.cellEnds.at(-1)).toBe(batch.bytes.length);
        rows += batch.rows;
        batches += 1;
        largest = Math.max(largest, batch.bytes.length);
      }
      expect(rows).toBe(MANY);
      expect(batches).toBeGreaterThan(1);
      expect(largest).toBeLessThan(8 << 20);
    });

    it('reads one moment of a table that is written to meanwhile', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, MANY) });
      let rows = 0;
      let written = false;
      for await (const batch of session.read(wholeTable(ITEMS))) {
        if (!written) {
          await session.write({ kind: 'insert', table: ITEMS, rows: items(MANY, MANY + 1000) });
          await session.write({
            kind: 'delete',
            table: ITEMS,
            keys: items(MANY - 1000, MANY).map(([id]) => [id ?? null]),
          });
          written = true;
        }
        rows += batch.rows;
      }
      expect(rows).toBe(MANY);
      expect(await countRows(session, wholeTable(ITEMS))).toBe(MANY);
    });

    it('reads values of 16 MB', async () => {
      await using session = await subject.open();
      const table: Table = {
        name: 'huge',
        columns: [
          { name: 'id', type: INT64, nullable: false },
          { name: 't', type: TEXT, nullable: true },
          { name: 'b', type: { kind: 'bytes' }, nullable: true },
        ],
        key: ['id'],
      };
      await session.create(table);
      const text = 'sixteen \u{1f600} bytes'.repeat(1 << 20).slice(0, 16 << 20);
      const bytes = Uint8Array.from({ length: 16 << 20 }, (_, index) => index % 251);
      const rows: Row[] = [
        [1n, text, null],
        [2n, 'small', bytes],
        [3n, null, null],
      ];
      for (const row of rows) await session.write({ kind: 'insert', table, rows: [row] });
      let seen = 0;
      for await (const batch of session.read(wholeTable(table))) {
        for (const cells of rowsIn(batch, 3)) {
          const row = rows.find(
            ([id]) => Buffer.compare(cellOf(INT64, id ?? null), cells[0] ?? new Uint8Array()) === 0,
          );
          const want = table.columns.map((column, index) => cellOf(column.type, row?.[index] ?? null));
          expect(cells.map((cell, index) => Buffer.compare(cell, want[index] ?? new Uint8Array()))).toEqual([0, 0, 0]);
          seen += 1;
        }
      }
      expect(seen).toBe(3);
    });

    it('can be left early, and be read again', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, MANY) });
      for (let turn = 0; turn < 12; turn += 1) {
        for await (const batch of session.read(wholeTable(ITEMS))) {
          expect(batch.rows).toBeGreaterThan(0);
          break;
        }
      }
      expect(await countRows(session, wholeTable(ITEMS))).toBe(MANY);
    });

    it('several at once', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 20_000) });
      const counts = await Promise.all(Array.from({ length: 4 }, () => countRows(session, wholeTable(ITEMS))));
      expect(counts).toEqual([20_000, 20_000, 20_000, 20_000]);
    });

    it('ends with the reason when the caller gives up', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, MANY) });
      const stop = new AbortController();
      const reading = (async () => {
        for await (const batch of session.read({ ...wholeTable(ITEMS), signal: stop.signal })) {
          expect(batch.rows).toBeGreaterThan(0);
          stop.abort(new Error('enough'));
        }
      })();
      await expect(reading).rejects.toThrow('enough');
      expect(await countRows(session, wholeTable(ITEMS))).toBe(MANY);
    });

    it('fails for a table or a column that is not there', async () => {
      await using session = await subject.open();
      await expect(countRows(session, wholeTable(ITEMS))).rejects.toThrow(E2eError);
      await session.create(ITEMS);
      const ghost = { name: 'ghost', type: TEXT, nullable: true };
      await expect(countRows(session, request(ITEMS, [ghost]))).rejects.toThrow(E2eError);
    });

    it('fails loudly when the server dies half-way', { timeout: 120_000 }, async () => {
      await using second = await subject.provision();
      const session = await subject.connector.open(second.server.info, 'doomed');
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, MANY) });
      let rows = 0;
      const reading = (async () => {
        for await (const batch of session.read(wholeTable(ITEMS))) {
          if (rows === 0) killAll(second.owned);
          rows += batch.rows;
        }
      })();
      const failure = await reading.then(
        () => undefined,
        (error: unknown) => error,
      );
      // All of it may have been on its way already; a part of it without an error is what must not be.
      if (failure === undefined) expect(rows).toBe(MANY);
      else expect(failure).toBeInstanceOf(E2eError);
      await expect(countRows(session, wholeTable(ITEMS))).rejects.toThrow(E2eError);
      await session[Symbol.asyncDispose]().then(undefined, () => undefined);
    });
  });

  describe('rows for people', () => {
    it('shows the rows asked for, and leaves out those that are gone', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: [item(1), item(2, null, null), item(3, "it's")] });
      const keys = [3, 77, 2].map((id) => [cellOf(INT64, BigInt(id))]);
      const shown = await session.show(wholeTable(ITEMS), keys);
      expect([...shown].sort((a, b) => a.key - b.key)).toEqual([
        { key: 0, cells: ['3', "it's", expect.stringMatching(/^3\.50?$/)] },
        { key: 2, cells: ['2', null, null] },
      ]);
      expect(await session.show(wholeTable(ITEMS), [])).toEqual([]);
    });

    it('finds rows whose key is compared as another type, or is NULL', async () => {
      await using session = await subject.open();
      const table: Table = {
        name: 'odd_key',
        columns: [
          { name: 'k', type: TEXT, nullable: true },
          { name: 'v', type: INT64, nullable: false },
        ],
        key: [],
        locator: ['v'],
      };
      await session.create(table);
      const rows: Row[] = [
        ['007', 1n],
        [null, 2n],
        ['8.0', 3n],
      ];
      await session.write({ kind: 'insert', table, rows });
      const [k, v] = table.columns;
      if (k === undefined || v === undefined) throw new Error('the table has two columns');
      const read: ReadRequest = {
        table,
        columns: [
          { column: k, as: { as: 'number' } },
          { column: v, as: { as: 'number' } },
        ],
      };
      const keys = [[cellOf(INT64, 7n)], [cellOf(TEXT, null)], [cellOf(INT64, 8n)], [cellOf(INT64, 9n)]];
      const shown = await session.show(read, keys);
      expect([...shown].sort((a, b) => a.key - b.key)).toEqual([
        { key: 0, cells: ['007', '1'] },
        { key: 1, cells: [null, '2'] },
        { key: 2, cells: ['8.0', '3'] },
      ]);
    });

    it('leaves out a key that the type cannot hold', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(1, 2) });
      const huge = cellOf({ kind: 'decimal' }, '99999999999999999999999999999999');
      const shown = await session.show(wholeTable(ITEMS), [[huge], [cellOf(INT64, 1n)]]);
      expect(shown.map(({ key }) => key)).toEqual([1]);
    });

    it('gives a statement that the database takes', async () => {
      await using session = await subject.open();
      const table: Table = { ...ITEMS, name: `o'dd "t`, key: ['id'] };
      await session.create(table);
      const described = await session.describe(table);
      const statement = session.statementFor(described ?? table, { id: '1', name: 'it\'s \\ "that"' });
      expect(statement).toContain('name');
      await session.write({ kind: 'native', statements: statement });
    });
  });
}

function killAll(owned: readonly Owned[]): void {
  for (const thing of owned) if (thing.what === 'process') process.kill(thing.pid, 'SIGKILL');
}
