/** `mysql://user:password@host:3306/database?ssl=true` → an address and a database on it. */
import { userInfo } from 'node:os';
import { UsageError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Address, ServerInfo } from '../../core/server.ts';
import { decodedPart, hostOf } from '../dsn.ts';
import { connect, end, productOf } from './connection.ts';

export const SCHEMES = ['mysql', 'mariadb'] as const;

/** @throws UsageError naming what cannot be read. */
export function readDsn(dsn: URL): Address {
  for (const name of dsn.searchParams.keys()) {
    if (name !== 'ssl') throw new UsageError('DSN', `the DSN's parameter ${name} is unknown; ssl is known`);
  }
  const ssl = dsn.searchParams.get('ssl') ?? 'false';
  if (!['true', 'false'].includes(ssl)) throw new UsageError('DSN', `ssl=${ssl}: it is true or false`);
  if (dsn.hostname === '') throw new UsageError('DSN', 'the DSN names no host: mysql://user:password@host/database');
  const user = decodedPart(dsn.username, 'user');
  return {
    host: hostOf(dsn),
    port: dsn.port === '' ? 3306 : Number(dsn.port),
    ports: {},
    user: user === '' ? userInfo().username : user,
    password: new Secret(decodedPart(dsn.password, 'password')),
    tls: ssl === 'true',
    root: decodedPart(dsn.pathname.slice(1), 'database'),
  };
}

/** Connects once, to know that it answers and what it is. @throws UsageError, E2eError as `connect`. */
export async function joinServer(dsn: URL): Promise<{ readonly info: ServerInfo; readonly database: string }> {
  const address = readDsn(dsn);
  const connection = await connect(address, address.root);
  try {
    const info: ServerInfo = {
      kind: 'mysql',
      stack: 'external',
      ...(await productOf(connection)),
      emulated: false,
      hostView: { ...address, view: 'host' },
      engineView: { ...address, view: 'engine' },
    };
    return { info, database: address.root };
  } finally {
    await end(connection);
  }
}
