/** `postgres://user:password@host:5432/database?sslmode=require` → an address and a database on it. */
import { userInfo } from 'node:os';
import { UsageError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { decodedPart, hostOf } from '../dsn.ts';
import type { Address, ServerInfo } from '../../core/server.ts';
import { connect, serverVersion } from './connection.ts';

export const SCHEMES = ['postgres', 'postgresql'] as const;

const TLS_MODES = new Set(['require', 'verify-ca', 'verify-full']);
const PLAIN_MODES = new Set(['disable', 'allow', 'prefer']);

/** @throws UsageError naming what cannot be read. */
export function readDsn(dsn: URL): Address {
  const mode = dsn.searchParams.get('sslmode') ?? 'disable';
  if (!TLS_MODES.has(mode) && !PLAIN_MODES.has(mode)) {
    const known = [...PLAIN_MODES, ...TLS_MODES].join(', ');
    throw new UsageError('DSN', `sslmode=${mode}: there is no such mode; it is one of ${known}`);
  }
  if (dsn.hostname === '') throw new UsageError('DSN', 'the DSN names no host: postgres://user:password@host/database');
  const user = decodedPart(dsn.username, 'user');
  const database = decodedPart(dsn.pathname.slice(1), 'database');
  return {
    host: hostOf(dsn),
    port: dsn.port === '' ? 5432 : Number(dsn.port),
    ports: {},
    user: user === '' ? userInfo().username : user,
    password: new Secret(decodedPart(dsn.password, 'password')),
    tls: TLS_MODES.has(mode),
    root: database === '' ? 'postgres' : database,
  };
}

/** Connects once, to know that it answers and what it is. @throws UsageError, E2eError as `connect`. */
export async function joinServer(dsn: URL): Promise<{ readonly info: ServerInfo; readonly database: string }> {
  const address = readDsn(dsn);
  const client = await connect(address, address.root);
  try {
    const info: ServerInfo = {
      kind: 'postgres',
      stack: 'external',
      version: await serverVersion(client),
      product: 'PostgreSQL',
      emulated: false,
      hostView: { ...address, view: 'host' },
      engineView: { ...address, view: 'engine' },
    };
    return { info, database: address.root };
  } finally {
    await client.end();
  }
}
