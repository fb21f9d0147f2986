/** `clickhouse://user:password@host:8123/database?secure=true&native=9000` → an address and a database on it. */
import { UsageError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { decodedPart, hostOf } from '../dsn.ts';
import type { Address, ServerInfo } from '../../core/server.ts';
import { ClickHouseClient } from './client.ts';

export const SCHEMES = ['clickhouse', 'clickhouses'] as const;

const HTTP_PORT = 8123;
const HTTPS_PORT = 8443;
/** Ports on which ClickHouse speaks its native protocol and others, where HTTP gets no answer. */
const OTHER_PORTS: Readonly<Record<number, string>> = {
  9000: 'the native protocol',
  9440: 'the native protocol over TLS',
  9004: "MySQL's protocol",
  9005: "Postgres's protocol",
  9009: 'replication between servers',
};

/** @throws UsageError naming what cannot be read. */
export function readDsn(dsn: URL): Address {
  const scheme = dsn.protocol.slice(0, -1);
  const known = new Set(['secure', 'native']);
  for (const name of dsn.searchParams.keys()) {
    if (known.has(name)) continue;
    throw new UsageError('DSN', `the DSN's parameter ${name} is unknown; ${[...known].join(' and ')} are known`);
  }
  if (dsn.hostname === '')
    throw new UsageError('DSN', 'the DSN names no host: clickhouse://user:password@host:8123/db');
  const tls = scheme === 'clickhouses' || ['true', '1'].includes(dsn.searchParams.get('secure') ?? '');
  const port = dsn.port === '' ? (tls ? HTTPS_PORT : HTTP_PORT) : Number(dsn.port);
  const other = OTHER_PORTS[port];
  if (other !== undefined) {
    throw new UsageError('DSN', `port ${port} of ClickHouse is for ${other}; name its HTTP port, usually ${HTTP_PORT}`);
  }
  const native = dsn.searchParams.get('native');
  if (native !== null && !/^\d{1,5}$/.test(native)) {
    throw new UsageError('DSN', `native=${native} is no port; name the port of the native protocol, usually 9000`);
  }
  const user = decodedPart(dsn.username, 'user');
  const database = decodedPart(dsn.pathname.slice(1), 'database');
  return {
    host: hostOf(dsn),
    port,
    ports: native === null ? { http: port } : { http: port, native: Number(native) },
    user: user === '' ? 'default' : user,
    password: new Secret(decodedPart(dsn.password, 'password')),
    tls,
    root: database === '' ? 'default' : database,
  };
}

/** Asks once, to know that it answers and what it is. @throws UsageError, E2eError CLICKHOUSE_UNREACHABLE and its kin. */
export async function joinServer(dsn: URL): Promise<{ readonly info: ServerInfo; readonly database: string }> {
  const address = readDsn(dsn);
  await using client = new ClickHouseClient(address, address.root);
  const info: ServerInfo = {
    kind: 'clickhouse',
    stack: 'external',
    version: await client.version(),
    product: 'ClickHouse',
    emulated: false,
    hostView: { ...address, view: 'host' },
    engineView: { ...address, view: 'engine' },
  };
  return { info, database: address.root };
}
