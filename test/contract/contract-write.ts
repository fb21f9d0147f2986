/** Writes: what a workload does to a source, and what must not be half done. */
import { describe, expect, it } from 'vitest';
import { E2eError } from '../../src/core/errors.ts';
import type { Change, Row, Table } from '../../src/core/table.ts';
import type { Subject } from './contract.ts';
import {
  countRows,
  expected,
  expectedRaw,
  INT64,
  item,
  ITEMS,
  items,
  readRawRows,
  readRows,
  TEXT,
  wholeTable,
} from './tables.ts';

/** Names that break whoever forgets to quote, or quotes by the wrong rule. */
const HARD_NAMES = [
  'select',
  'Upper',
  'sp ace',
  'quo"te',
  "apos'trophe",
  'back`tick',
  'back\\slash',
  'dot.ted',
  'per%cent',
  'ünï',
  '名前',
  '1st',
  'a-b',
  'ques?tion',
  '$1',
  '{b:c}',
];

/** A key of two columns, not in the table's order and not its first columns. */
const COMPOSITE: Table = {
  name: 'composite',
  columns: [
    { name: 'note', type: TEXT, nullable: true },
    { name: 'b', type: TEXT, nullable: false },
    { name: 'a', type: INT64, nullable: false },
  ],
  key: ['a', 'b'],
};

export function writeContract(subject: Subject): void {
  const { traits } = subject.connector;

  describe('writes', () => {
    it('inserts, updates and deletes by key', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 10) });
      await session.write({
        kind: 'update',
        table: ITEMS,
        keys: [[2n], [3n], [999n]],
        set: { name: "it's \\ new", amount: null },
      });
      await session.write({ kind: 'delete', table: ITEMS, keys: [[0n], [9n], [999n]] });
      const rows = [...items(1, 2), item(2, "it's \\ new", null), item(3, "it's \\ new", null), ...items(4, 9)];
      expect(await readRows(session, wholeTable(ITEMS))).toEqual(expected(ITEMS, rows));
    });

    it('does nothing, in peace, when there is nothing to do', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: [] });
      await session.write({ kind: 'update', table: ITEMS, keys: [], set: { name: 'x' } });
      await session.write({ kind: 'delete', table: ITEMS, keys: [] });
      expect(await countRows(session, wholeTable(ITEMS))).toBe(0);
    });

    it('addresses rows by a key of several columns', async () => {
      await using session = await subject.open();
      await session.create(COMPOSITE);
      const rows: Row[] = ['x', 'y', "z'"].flatMap((b) => [1n, 2n].map((a): Row => [`${a}${b}`, b, a]));
      await session.write({ kind: 'insert', table: COMPOSITE, rows });
      await session.write({ kind: 'update', table: COMPOSITE, keys: [[1n, 'y']], set: { note: null } });
      await session.write({ kind: 'delete', table: COMPOSITE, keys: [[2n, "z'"]] });
      const want = rows.filter(([note]) => note !== "2z'").map((row) => (row[0] === '1y' ? [null, 'y', 1n] : row));
      expect(await readRows(session, wholeTable(COMPOSITE))).toEqual(expected(COMPOSITE, want));
    });

    it('writes 100,000 rows and addresses 30,000 of them at once', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 100_000) });
      const every3rd = (first: number, count: number): Row[] =>
        Array.from({ length: count }, (_, index): Row => [BigInt(first + index * 3)]);
      await session.write({ kind: 'update', table: ITEMS, keys: every3rd(0, 30_000), set: { name: 'third' } });
      await session.write({ kind: 'delete', table: ITEMS, keys: every3rd(1, 25_000) });
      const rows = items(0, 100_000).flatMap((row, id): Row[] => {
        if (id % 3 === 1 && id < 75_000) return [];
        return [id % 3 === 0 && id < 90_000 ? item(id, 'third') : row];
      });
      const read = await readRawRows(session, wholeTable(ITEMS));
      const want = expectedRaw(ITEMS, rows);
      expect(read.length).toBe(want.length);
      // Not toEqual on the whole: its report of 75,000 lines helps nobody.
      expect(read.filter((row, index) => row !== want[index]).slice(0, 5)).toEqual([]);
    });

    it.runIf(traits.primaryKeyMayChange)('changes primary keys', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 5) });
      await session.write({ kind: 'rekey', table: ITEMS, keys: [[1n], [3n]], newKeys: [[101n], [103n]] });
      const moved = [item(101, 'item 1', '1.50'), item(103, 'item 3', '3.50')];
      const rows = [...items(0, 1), ...items(2, 3), ...items(4, 5), ...moved];
      expect(await readRows(session, wholeTable(ITEMS))).toEqual(expected(ITEMS, rows));
    });

    it.runIf(!traits.primaryKeyMayChange)('refuses to change primary keys, or moves the rows whole', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 2) });
      const rekey: Change = { kind: 'rekey', table: ITEMS, keys: [[1n]], newKeys: [[101n]] };
      const refused = await session.write(rekey).then(
        () => false,
        (error: unknown) => {
          expect(error).toBeInstanceOf(E2eError);
          return true;
        },
      );
      const rows = refused ? items(0, 2) : [...items(0, 1), item(101, 'item 1', '1.50')];
      expect(await readRows(session, wholeTable(ITEMS))).toEqual(expected(ITEMS, rows));
    });

    it('empties a table', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 5) });
      await session.write({ kind: 'truncate', table: ITEMS });
      expect(await countRows(session, wholeTable(ITEMS))).toBe(0);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(3, 4) });
      expect(await readRows(session, wholeTable(ITEMS))).toEqual(expected(ITEMS, items(3, 4)));
    });

    it.runIf(traits.keylessTables)('keeps equal rows of a table without a key apart', async () => {
      await using session = await subject.open();
      const table: Table = { ...ITEMS, name: 'keyless', key: [], locator: ['id'] };
      await session.create(table);
      const rows = [...items(0, 3), ...items(0, 3), ...items(0, 1)];
      await session.write({ kind: 'insert', table, rows });
      expect(await readRows(session, wholeTable(table))).toEqual(expected(table, rows));
      expect((await session.describe(table))?.key).toEqual([]);
      await session.write({ kind: 'update', table, keys: [[1n]], set: { name: 'both' } });
      await session.write({ kind: 'delete', table, keys: [[0n]] });
      const left = [item(1, 'both', '1.50'), item(1, 'both', '1.50'), item(2), item(2)];
      expect(await readRows(session, wholeTable(table))).toEqual(expected(table, left));
    });

    it.runIf(traits.transactions)('commits a transaction whole, in order', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      const changes: Change[] = [
        { kind: 'insert', table: ITEMS, rows: items(0, 3) },
        { kind: 'delete', table: ITEMS, keys: [[1n]] },
        { kind: 'insert', table: ITEMS, rows: [item(1, 'again')] },
        { kind: 'update', table: ITEMS, keys: [[1n]], set: { amount: '9.99' } },
      ];
      await session.write({ kind: 'transaction', changes, rollback: false });
      const rows = [item(0), item(1, 'again', '9.99'), item(2)];
      expect(await readRows(session, wholeTable(ITEMS))).toEqual(expected(ITEMS, rows));
    });

    it.runIf(traits.transactions)('leaves nothing of a transaction that is rolled back or fails', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 3) });
      const changes: Change[] = [
        { kind: 'insert', table: ITEMS, rows: items(3, 6) },
        { kind: 'delete', table: ITEMS, keys: [[0n]] },
      ];
      await session.write({ kind: 'transaction', changes, rollback: true });
      expect(await readRows(session, wholeTable(ITEMS))).toEqual(expected(ITEMS, items(0, 3)));
      // One that the server refuses, and one that fails before it gets there.
      const last: Change[] = [
        { kind: 'native', statements: 'this is no statement' },
        { kind: 'update', table: ITEMS, keys: [[1n]], set: { nobody: 'x' } },
      ];
      for (const failing of last) {
        const all = [...changes, failing];
        await expect(session.write({ kind: 'transaction', changes: all, rollback: false })).rejects.toThrow(E2eError);
        expect(await readRows(session, wholeTable(ITEMS))).toEqual(expected(ITEMS, items(0, 3)));
      }
    });

    it('holds names that need quoting', async () => {
      await using session = await subject.open();
      const columns = HARD_NAMES.map((name) => ({ name, type: TEXT, nullable: true }));
      const tables = HARD_NAMES.map((name): Table => ({
        name,
        columns: [{ name: 'group', type: INT64, nullable: false }, ...columns],
        key: ['group'],
      }));
      const row: Row = [1n, ...HARD_NAMES];
      for (const table of tables) {
        await session.create(table);
        await session.write({ kind: 'insert', table, rows: [row, [2n, ...HARD_NAMES]] });
        await session.write({ kind: 'update', table, keys: [[2n]], set: { "apos'trophe": 'set', 'back`tick': null } });
        await session.write({ kind: 'delete', table, keys: [[1n]] });
        const want = [
          2n,
          ...HARD_NAMES.map((name) => (name === "apos'trophe" ? 'set' : name === 'back`tick' ? null : name)),
        ];
        expect(await readRows(session, wholeTable(table)), table.name).toEqual(expected(table, [want]));
        const described = await session.describe(table);
        expect(
          described?.columns.map(({ name }) => name),
          table.name,
        ).toEqual(['group', ...HARD_NAMES]);
        expect(described?.key).toEqual(['group']);
      }
      const names = (await session.tables()).map(({ name }) => name);
      expect([...names].sort()).toEqual([...HARD_NAMES].sort());
    });

    it('refuses a name that the database would cut', async () => {
      await using session = await subject.open();
      const name = 'n'.repeat(traits.identifierBytes + 200);
      await expect(session.create({ ...ITEMS, name })).rejects.toThrow(E2eError);
      expect(await session.tables()).toEqual([]);
    });

    it('says what failed when a write fails', async () => {
      await using session = await subject.open();
      const failed = await session
        .write({ kind: 'insert', table: ITEMS, rows: items(0, 1) })
        .catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(E2eError);
      expect((failed as E2eError).message).toContain('items');
      await expect(session.write({ kind: 'native', statements: 'this is no statement' })).rejects.toThrow(E2eError);
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 1) });
      expect(await countRows(session, wholeTable(ITEMS))).toBe(1);
    });

    it('takes overlapping writes', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      const writes = Array.from({ length: 20 }, (_, index) =>
        session.write({ kind: 'insert', table: ITEMS, rows: items(index * 10, index * 10 + 10) }),
      );
      await Promise.all(writes);
      expect(await readRows(session, wholeTable(ITEMS))).toEqual(expected(ITEMS, items(0, 200)));
    });
  });
}
