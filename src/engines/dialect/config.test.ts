import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Secret } from '../../core/secret.ts';
import type { EngineView } from '../../core/server.ts';
import type { Transfer } from '../../core/transfer.ts';
import { transferConfig, writeConfig } from './config.ts';
import { type NamedEnds, tableAtDestination } from './names.ts';
import { supportOf } from './support.ts';

const address = (port: number, ports: Record<string, number> = {}): EngineView => ({
  view: 'engine',
  host: '127.0.0.1',
  port,
  ports,
  user: 'u',
  password: new Secret('p4ss'),
  tls: false,
  root: 'postgres',
});

const TRANSFER: Transfer = {
  id: 'e2e_1',
  mode: 'snapshot-replication',
  source: { kind: 'postgres', address: address(5432), namespace: 'src', version: '18.4' },
  destination: { kind: 'clickhouse', address: address(8123, { http: 8123 }), namespace: 'dst', version: '26.7' },
  tables: [
    { schema: 'public', name: 'orders' },
    { schema: 'public', name: 'with.dot' },
  ],
  cursors: [],
  cleanup: 'Drop',
  sourceParams: { BatchSize: 7 },
  destinationParams: {},
  directory: mkdtempSync(join(tmpdir(), 'config-test-')),
  timeZone: 'UTC',
};

test('a transfer is written with the keys that the engine reads', () => {
  expect(transferConfig(TRANSFER)).toEqual({
    id: 'e2e_1',
    type: 'SNAPSHOT_AND_INCREMENT',
    src: {
      type: 'pg',
      params: {
        Hosts: ['127.0.0.1'],
        Port: 5432,
        Database: 'src',
        User: 'u',
        Password: 'p4ss',
        DBTables: ['public.orders', 'public."with.dot"'],
        SlotID: 'e2e_1',
        BatchSize: 7,
      },
    },
    dst: {
      type: 'ch',
      params: {
        ShardsList: [{ Name: 's1', Hosts: ['127.0.0.1'] }],
        HTTPPort: 8123,
        User: 'u',
        Password: 'p4ss',
        Database: 'dst',
        ForceHTTP: true,
        Cleanup: 'Drop',
      },
    },
  });
});

test('an incremental transfer is a snapshot with a cursor', () => {
  const config = transferConfig({
    ...TRANSFER,
    mode: 'incremental',
    cleanup: 'Disabled',
    cursors: [{ table: { schema: 'public', name: 'orders' }, column: 'updated_at', initial: '0' }],
  });
  expect(config).toMatchObject({
    type: 'SNAPSHOT_ONLY',
    regular_snapshot: {
      enabled: true,
      incremental: [{ namespace: 'public', name: 'orders', cursor_field: 'updated_at', initial_state: '0' }],
    },
    dst: { params: { Cleanup: 'Disabled' } },
  });
});

test('the file holds a password, so only its owner may read it', () => {
  const file = writeConfig(TRANSFER);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(parse(readFileSync(file, 'utf8'))).toEqual(transferConfig(TRANSFER));
});

const PLAIN: NamedEnds = { sourceNamespace: 's', destinationSchema: undefined };

test('names at the destination follow its rule', () => {
  const square = (destination: 'clickhouse' | 'postgres' | 'ydb' | 'ytsaurus') =>
    ({ source: 'postgres', destination, mode: 'snapshot' }) as const;
  const table = { schema: 'shop', name: 'orders' };
  expect(tableAtDestination(square('clickhouse'), table, PLAIN)).toEqual({ name: 'orders' });
  expect(tableAtDestination(square('postgres'), table, { ...PLAIN, destinationSchema: 'public' })).toEqual(table);
  expect(tableAtDestination(square('ydb'), { schema: 'public', name: 'orders' }, PLAIN)).toEqual({
    name: 'public_orders',
  });
  expect(tableAtDestination(square('ytsaurus'), { schema: 'public', name: 'orders' }, PLAIN)).toEqual({
    name: 'orders',
  });
  expect(tableAtDestination(square('ytsaurus'), table, PLAIN)).toEqual({ name: 'shop_orders' });
});

test('a database of MySQL is a schema at Postgres', () => {
  const square = { source: 'mysql', destination: 'postgres', mode: 'snapshot' } as const;
  const at = tableAtDestination(square, { name: 'orders' }, { sourceNamespace: 'shop', destinationSchema: 'public' });
  expect(at).toEqual({ schema: 'shop', name: 'orders' });
});

test('70 of the 100 squares work by intent', async () => {
  const { allSquares } = await import('../../core/words.ts');
  expect(allSquares().filter((square) => supportOf(square).supported)).toHaveLength(70);
});
