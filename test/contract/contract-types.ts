/** Types: every portable value comes back as it was written, whatever the database calls its column. */
import { describe, expect, it } from 'vitest';
import { CanonicalWriter } from '../../src/core/canonical.ts';
import { E2eError } from '../../src/core/errors.ts';
import { printType, type Row, type Table } from '../../src/core/table.ts';
import { cellOf, printCell } from './cells.ts';
import type { Subject } from './contract.ts';
import { expected, INT64, readRows, request, TEXT, wholeTable } from './tables.ts';
import { columnsFor, PORTABLE_TYPES, rowsFor } from './values.ts';

export function typeContract(subject: Subject): void {
  const held = PORTABLE_TYPES.filter(({ type }) => !subject.refusedTypes.includes(printType(type))).filter(
    ({ values }) => !subject.finiteFloats || values.every(isFiniteValue),
  );
  const table: Table = {
    name: 'every_type',
    columns: [{ name: 'id', type: INT64, nullable: false }, ...columnsFor(held)].map((column) =>
      subject.notNullable.includes(printType(column.type)) ? { ...column, nullable: false } : column,
    ),
    key: ['id'],
  };

  describe('types', () => {
    it('reads back every portable value as it was written', async () => {
      await using session = await subject.open();
      await session.create(table);
      const rows = rowsFor(held);
      await session.write({ kind: 'insert', table, rows });
      // Column by column, so that a failure names the type.
      for (const column of table.columns.slice(1)) {
        const index = table.columns.indexOf(column);
        const want = rows.map((row) => printCell(cellOf(column.type, row[index] ?? null))).sort();
        expect(await readRows(session, request(table, [column])), printType(column.type)).toEqual(want);
      }
      expect(await readRows(session, wholeTable(table))).toEqual(expected(table, rows));
    });

    it('reads a described table as it reads the portable one', async () => {
      await using session = await subject.open();
      await session.create(table);
      const rows = rowsFor(held).slice(0, 3);
      await session.write({ kind: 'insert', table, rows });
      const described = await session.describe(table);
      expect(described?.columns.map((column) => column.name)).toEqual(table.columns.map((column) => column.name));
      expect(described?.columns.every((column) => (column.native ?? '') !== '')).toBe(true);
      const portable = wholeTable(table);
      const columns = portable.columns.map(({ column, as }) => ({
        column: described?.columns.find(({ name }) => name === column.name) ?? column,
        as,
      }));
      const read = await readRows(session, { table: described ?? table, columns });
      expect(read).toEqual(expected(table, rows));
    });

    it('tells NULL from every other value', async () => {
      await using session = await subject.open();
      await session.create(table);
      const first = rowsFor(held)[0] ?? [];
      const nulls: Row = table.columns.map((column, index) => (column.nullable ? null : (first[index] ?? null)));
      await session.write({ kind: 'insert', table, rows: [nulls] });
      expect(await readRows(session, wholeTable(table))).toEqual(expected(table, [nulls]));
    });

    it('says whether a column may be NULL', async () => {
      await using session = await subject.open();
      await session.create(table);
      const described = await session.describe(table);
      expect(described?.columns.map(({ name, nullable }) => ({ name, nullable }))).toEqual(
        table.columns.map(({ name, nullable }) => ({ name, nullable })),
      );
    });

    it.runIf(subject.finiteFloats).each([NaN, Infinity, -Infinity])('refuses to write %s', async (value) => {
      await using session = await subject.open();
      const columns = [
        { name: 'id', type: INT64, nullable: false },
        { name: 'f', type: { kind: 'float', bits: 64 } as const, nullable: true },
      ];
      const floats: Table = { name: 'floats', columns, key: ['id'] };
      await session.create(floats);
      const rows: Row[] = [
        [1n, 1],
        [2n, value],
      ];
      await expect(session.write({ kind: 'insert', table: floats, rows })).rejects.toThrow(E2eError);
      expect(await readRows(session, wholeTable(floats))).toEqual([]);
    });

    it.each([...subject.refusedTypes])('refuses to make a column of %s', async (refused) => {
      await using session = await subject.open();
      const type = PORTABLE_TYPES.find((candidate) => printType(candidate.type) === refused)?.type;
      expect(type, 'a type of the contract').toBeDefined();
      const columns = [
        { name: 'id', type: INT64, nullable: false },
        { name: 'c', type: type ?? TEXT, nullable: true },
      ];
      await expect(session.create({ name: 'refused', columns, key: ['id'] })).rejects.toThrow(E2eError);
      expect(await session.tables()).toEqual([]);
    });

    it('reads text that carries values of other types, and tells what is none', async () => {
      await using session = await subject.open();
      const texts: Table = {
        name: 'texts',
        columns: [
          { name: 'id', type: INT64, nullable: false },
          { name: 't', type: TEXT, nullable: true },
        ],
        key: ['id'],
      };
      await session.create(texts);
      const rows: Row[] = [
        [1n, '1.50'],
        [2n, '-0'],
        [3n, 'no number'],
        [4n, null],
      ];
      await session.write({ kind: 'insert', table: texts, rows });
      const [, text] = texts.columns;
      if (text === undefined) throw new Error('the table has two columns');
      const read = await readRows(session, { table: texts, columns: [{ column: text, as: { as: 'number' } }] });
      const writer = new CanonicalWriter();
      writer.number(false, '15', 1);
      const half = writer.cut(0);
      writer.int(0);
      const zero = writer.cut(0);
      writer.foreign('no number');
      const foreign = writer.cut(0);
      writer.null();
      expect(read).toEqual([half, zero, foreign, writer.cut(0)].map(printCell).sort());
    });
  });
}

function isFiniteValue(value: unknown): boolean {
  return typeof value !== 'number' || Number.isFinite(value);
}
