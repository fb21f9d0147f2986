/** Sessions: namespaces that do not see each other and leave nothing, tables described, the change log, DSNs. */
import { describe, expect, it } from 'vitest';
import { hasChangeLog } from '../../src/connectors/connector.ts';
import { E2eError } from '../../src/core/errors.ts';
import type { Address } from '../../src/core/server.ts';
import type { Table } from '../../src/core/table.ts';
import type { Subject } from './contract.ts';
import { countRows, expected, INT64, ITEMS, items, readRows, TEXT, wholeTable } from './tables.ts';

export function sessionContract(subject: Subject): void {
  const { connector } = subject;

  describe('sessions', () => {
    it('says who it is', async () => {
      await using session = await subject.open();
      expect(session.kind).toBe(connector.kind);
      expect(session.server).toBe(subject.server());
      expect(session.namespace).toMatch(/^e2e_/);
    });

    it('keeps namespaces apart', async () => {
      await using one = await subject.open();
      await using two = await subject.open();
      await one.create(ITEMS);
      await two.create(ITEMS);
      await one.write({ kind: 'insert', table: ITEMS, rows: items(0, 3) });
      await two.write({ kind: 'insert', table: ITEMS, rows: items(5, 6) });
      await one.write({ kind: 'delete', table: ITEMS, keys: [[0n], [5n]] });
      expect(await readRows(one, wholeTable(ITEMS))).toEqual(expected(ITEMS, items(1, 3)));
      expect(await readRows(two, wholeTable(ITEMS))).toEqual(expected(ITEMS, items(5, 6)));
    });

    it('leaves nothing of a namespace behind', async () => {
      const session = await connector.open(subject.server(), 'e2e_again');
      await session.create(ITEMS);
      await session[Symbol.asyncDispose]();
      await using again = await connector.open(subject.server(), 'e2e_again');
      expect(await again.tables()).toEqual([]);
      expect(await again.describe(ITEMS)).toBeUndefined();
    });

    it('does not open a namespace that is there already', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await expect(connector.open(subject.server(), session.namespace)).rejects.toThrow(E2eError);
      expect(await session.tables()).toHaveLength(1);
    });

    it('lists and describes tables, the key in its own order', async () => {
      await using session = await subject.open();
      const composite: Table = {
        name: 'b_composite',
        columns: [
          { name: 'x', type: TEXT, nullable: true },
          { name: 'second', type: INT64, nullable: false },
          { name: 'first', type: INT64, nullable: false },
        ],
        key: ['first', 'second'],
      };
      await session.create(composite);
      await session.create({ ...ITEMS, name: 'a_items' });
      expect((await session.tables()).map(({ name }) => name)).toEqual(['a_items', 'b_composite']);
      const described = await session.describe({ name: 'b_composite' });
      expect(described?.key).toEqual(['first', 'second']);
      expect(described?.columns.map(({ name, type }) => [name, type.kind])).toEqual([
        ['x', 'text'],
        ['second', 'integer'],
        ['first', 'integer'],
      ]);
      expect(await session.describe({ name: 'nobody' })).toBeUndefined();
      for (const name of await session.tables())
        expect(await session.describe(name)).toMatchObject({ name: name.name });
    });

    it('leaves out what engines keep for themselves', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.create({ ...ITEMS, name: '__consumer_keeper' });
      await session.create({ ...ITEMS, name: '__data_transfer_lsn' });
      const marked = {
        ...ITEMS,
        name: 'marked',
        columns: [...ITEMS.columns, { name: '__data_transfer_commit_time', type: INT64, nullable: false }],
      };
      await session.create(marked);
      expect((await session.tables()).map(({ name }) => name)).toEqual(['items', 'marked']);
      expect((await session.describe(marked))?.columns.map(({ name }) => name)).toEqual(['id', 'name', 'amount']);
    });

    it('runs several native statements in one change', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 1) });
      const statement = session.statementFor(ITEMS, { id: '1' });
      const statements = `-- a comment; not a statement's end\n${statement}\n${statement}; /* ; */\n`;
      await session.write({ kind: 'native', statements });
      expect(await countRows(session, wholeTable(ITEMS))).toBe(1);
    });

    it('can tell of its change log if, and only if, its traits say so', async () => {
      await using session = await subject.open();
      expect(hasChangeLog(session)).toBe(connector.traits.changeLog);
      if (!hasChangeLog(session)) return;
      await session.create(ITEMS);
      const before = await session.position();
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 3) });
      const after = await session.position();
      expect(after.text).not.toBe(before.text);
      expect(await session.consumers(after)).toEqual([]);
      expect(await session.dropConsumers()).toEqual([]);
    });
  });

  describe('sessions by DSN', () => {
    it('reads what is there, and drops nothing', async () => {
      await using session = await subject.open();
      await session.create(ITEMS);
      await session.write({ kind: 'insert', table: ITEMS, rows: items(0, 3) });
      {
        await using guest = await connector.connect(dsn({}, session.namespace));
        expect((await guest.tables()).map(({ name }) => name)).toEqual(['items']);
        const described = await guest.describe({ name: 'items' });
        expect(await countRows(guest, wholeTable(described ?? ITEMS))).toBe(3);
      }
      expect(await countRows(session, wholeTable(ITEMS))).toBe(3);
    });

    it.each(
      Object.entries({
        'a wrong password': { password: 'wrong' },
        'a port where nobody listens': { port: 1 },
        'a host that is not there': { host: 'no-such-host.invalid' },
      }),
    )('fails with one line for %s', async (_, wrong) => {
      const failure: unknown = await connector.connect(dsn(wrong, subject.server().hostView.root)).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(E2eError);
      expect((failure as E2eError).message).not.toMatch(/\n|wrong/);
    });

    it('fails with one line for a database that is not there', async () => {
      const failure: unknown = await connector.connect(dsn({}, 'no_such_database')).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(E2eError);
      expect((failure as E2eError).message).toMatch(/^[^\n]*no_such_database[^\n]*$/);
    });
  });

  function dsn(change: { host?: string; port?: number; password?: string }, database: string): URL {
    const address: Address = subject.server().hostView;
    const url = new URL(`${connector.schemes[0] ?? ''}://${address.host}:${address.port}/`);
    url.hostname = change.host ?? address.host;
    url.port = String(change.port ?? address.port);
    url.username = address.user;
    url.password = change.password ?? address.password.reveal();
    url.pathname = `/${database}`;
    return url;
  }
}
