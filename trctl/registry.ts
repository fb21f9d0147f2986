/**
 * The databases that this engine knows, and what each can be. To add one: a folder with the doors of provider.ts, a line
 * here, and a type table in pairs/. Code is loaded when a transfer needs it, so that a small transfer starts at once.
 */
import type { ClickHouseSettings } from '@clickhouse/client';
import type { EndpointConfig, TransferConfig } from './config/load.ts';
import { didYouMean } from './config/keys.ts';
import type { MapColumn as MapClickHouseColumn } from './clickhouse/mapping.ts';
import type { MapType } from './pairs/mapped-tables.ts';
import type { MapColumn as MapMySqlColumn } from './mysql/mapping.ts';
import type { Cleanup, Destination, Source } from './provider.ts';

/** A destination and what its params say about cleaning up; undefined: they do not say. */
export interface OpenDestination {
  readonly destination: Destination;
  readonly cleanup: Cleanup | undefined;
}

interface Provider {
  readonly title: string;
  readonly source?: (endpoint: EndpointConfig, config: TransferConfig) => Promise<Source>;
  /** By type of source: each pair has its own type table. */
  readonly destination?: Readonly<
    Record<string, (endpoint: EndpointConfig, config: TransferConfig) => Promise<OpenDestination>>
  >;
}

const PROVIDERS: Readonly<Record<string, Provider>> = {
  pg: {
    title: 'Postgres',
    source: async (endpoint, config) => {
      const { SOURCE_KEYS, sourceShape } = await import('./postgres/params.ts');
      const params = endpoint.parse(SOURCE_KEYS, sourceShape);
      const { PostgresSource } = await import('./postgres/source.ts');
      return new PostgresSource(params, config.id, config.includeObjects);
    },
    destination: {
      pg: async (endpoint, config) => {
        const { DESTINATION_KEYS, destinationShape } = await import('./postgres/params.ts');
        const params = endpoint.parse(DESTINATION_KEYS, destinationShape);
        const { PostgresDestination } = await import('./postgres/destination.ts');
        return { destination: new PostgresDestination(params, config.id), cleanup: params.Cleanup };
      },
      mysql: async (endpoint, config) =>
        openMapped(endpoint, config, (await import('./pairs/mysql-postgres.ts')).mapType),
      ch: async (endpoint, config) =>
        openMapped(endpoint, config, (await import('./pairs/clickhouse-postgres.ts')).mapType),
    },
  },
  mysql: {
    title: 'MySQL',
    source: async (endpoint, config) => {
      const { SOURCE_KEYS, sourceShape } = await import('./mysql/params.ts');
      const params = endpoint.parse(SOURCE_KEYS, sourceShape);
      if (config.incremental.length > 0) {
        throw endpoint.error(
          null,
          'a MySQL source does not support regular_snapshot.incremental; use SNAPSHOT_ONLY without it, or SNAPSHOT_AND_INCREMENT',
        );
      }
      const { MySqlSource } = await import('./mysql/source.ts');
      return new MySqlSource(params);
    },
    destination: {
      mysql: async (endpoint, config) =>
        openMySql(endpoint, config, (await import('./pairs/mysql-mysql.ts')).mapColumn),
      pg: async (endpoint, config) =>
        openMySql(endpoint, config, (await import('./pairs/postgres-mysql.ts')).mapColumn),
      ch: async (endpoint, config) =>
        openMySql(endpoint, config, (await import('./pairs/clickhouse-mysql.ts')).mapColumn),
    },
  },
  ch: {
    title: 'ClickHouse',
    source: async (endpoint, config) => {
      const { SOURCE_KEYS, sourceShape } = await import('./clickhouse/params.ts');
      const params = endpoint.parse(SOURCE_KEYS, sourceShape);
      const { ClickHouseSource, NO_LOG } = await import('./clickhouse/source.ts');
      if (config.type !== 'SNAPSHOT_ONLY') throw endpoint.error(null, NO_LOG);
      return new ClickHouseSource(params, config.dst.type === 'ch' ? 'own' : 'json');
    },
    destination: {
      pg: async (endpoint, config) =>
        openClickHouse(endpoint, config, (await import('./pairs/postgres-clickhouse.ts')).mapColumn),
      mysql: async (endpoint, config) =>
        openClickHouse(endpoint, config, (await import('./pairs/mysql-clickhouse.ts')).mapColumn),
      ch: async (endpoint, config) => {
        const { INSERTS, mapColumn } = await import('./pairs/clickhouse-clickhouse.ts');
        return openClickHouse(endpoint, config, mapColumn, INSERTS);
      },
    },
  },
};

/** Postgres with tables of another kind. */
async function openMapped(endpoint: EndpointConfig, config: TransferConfig, map: MapType): Promise<OpenDestination> {
  const { DESTINATION_KEYS, destinationShape } = await import('./postgres/params.ts');
  const params = endpoint.parse(DESTINATION_KEYS, destinationShape);
  const { PostgresDestination } = await import('./postgres/destination.ts');
  const { MappedTables } = await import('./pairs/mapped-tables.ts');
  return { destination: new MappedTables(new PostgresDestination(params, config.id), map), cleanup: params.Cleanup };
}

async function openClickHouse(
  endpoint: EndpointConfig,
  config: TransferConfig,
  mapColumn: MapClickHouseColumn,
  inserts: ClickHouseSettings = {},
): Promise<OpenDestination> {
  const { DESTINATION_KEYS, destinationShape } = await import('./clickhouse/params.ts');
  const params = endpoint.parse(DESTINATION_KEYS, destinationShape);
  const { ClickHouseDestination } = await import('./clickhouse/destination.ts');
  return { destination: new ClickHouseDestination(params, config.id, mapColumn, inserts), cleanup: params.Cleanup };
}

async function openMySql(
  endpoint: EndpointConfig,
  config: TransferConfig,
  mapColumn: MapMySqlColumn,
): Promise<OpenDestination> {
  const { DESTINATION_KEYS, destinationShape } = await import('./mysql/params.ts');
  const params = endpoint.parse(DESTINATION_KEYS, destinationShape);
  const { MySqlDestination } = await import('./mysql/destination.ts');
  return { destination: new MySqlDestination(params, config.id, mapColumn), cleanup: params.Cleanup };
}

/** Both ends of a transfer, not yet connected. The caller closes them. @throws ConfigError for types and pairs it does not have. */
export async function openEndpoints(config: TransferConfig): Promise<{ source: Source } & OpenDestination> {
  const source = providerOf(config.src);
  const destination = providerOf(config.dst);
  const pairs = Object.entries(PROVIDERS).flatMap(([to, { destination: from = {} }]) =>
    Object.keys(from).map((kind) => `${kind} → ${to}`),
  );
  const openDestination = destination.destination?.[config.src.type];
  if (source.source === undefined || openDestination === undefined) {
    const pair = `${config.src.type} → ${config.dst.type}`;
    throw config.src.error(null, `${pair} is not supported by this engine; it has ${pairs.join(', ')}`);
  }
  // Both are checked before either is used, so that a mistake in dst costs nothing.
  const from = await source.source(config.src, config);
  return { source: from, ...(await openDestination(config.dst, config)) };
}

function providerOf(endpoint: EndpointConfig): Provider {
  const provider = PROVIDERS[endpoint.type];
  if (provider !== undefined) return provider;
  const known = Object.keys(PROVIDERS);
  const near = didYouMean(endpoint.type, known);
  throw endpoint.error(null, `unknown type '${endpoint.type}'${near === '' ? `; known: ${known.join(', ')}` : near}`);
}
