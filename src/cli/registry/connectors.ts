/**
 * The one place that names concrete databases. A database joins with one line here; until then the compiler and
 * `connectorFor` name what is missing.
 */
import type { Connector } from '../../connectors/connector.ts';
import { UsageError } from '../../core/errors.ts';
import { DATABASES, type DatabaseKind } from '../../core/words.ts';

/** Loaded on demand: a scenario pays only for the two databases that it uses. */
const LOADERS: Readonly<Record<DatabaseKind, (() => Promise<Connector>) | undefined>> = {
  postgres: async () => (await import('../../connectors/postgres/index.ts')).postgres,
  clickhouse: async () => (await import('../../connectors/clickhouse/index.ts')).clickhouse,
  mysql: async () => (await import('../../connectors/mysql/index.ts')).mysql,
  ydb: undefined,
  ytsaurus: undefined,
};

/** Databases that have a connector today. */
export const CONNECTED: readonly DatabaseKind[] = DATABASES.filter((kind) => LOADERS[kind] !== undefined);

/** @throws UsageError for a database that has no connector yet. */
export async function connectorFor(kind: DatabaseKind): Promise<Connector> {
  const load = LOADERS[kind];
  if (load === undefined) {
    throw new UsageError('NO_CONNECTOR', `${kind} has no connector yet; there are ${CONNECTED.join(', ')}`);
  }
  return load();
}

/** The connector whose scheme a DSN has. @throws UsageError naming the schemes that there are. */
export async function connectorForDsn(dsn: URL): Promise<Connector> {
  const scheme = dsn.protocol.replace(/:$/, '');
  const connectors = await Promise.all(CONNECTED.map(connectorFor));
  const found = connectors.find((connector) => connector.schemes.includes(scheme));
  if (found === undefined) {
    const known = connectors.map((connector) => `${connector.schemes[0] ?? connector.kind}://`).join(', ');
    throw new UsageError(
      'DSN_SCHEME',
      `${scheme}:// names no database that can be reached; a DSN starts with ${known}`,
    );
  }
  return found;
}
