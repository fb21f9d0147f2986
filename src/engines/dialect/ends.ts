/**
 * How the two ends of a transfer are written in the engine's YAML: provider types and keys, as data-like functions, one
 * per database. The same keys serve every engine that reads this configuration.
 */
import type { EndDialect, EndParams } from '../engine.ts';

/** The engine runs string values through environment expansion: a lone `$` would vanish. Passwords here have none. */
const postgresSource: EndParams = (end, transfer) => ({
  type: 'pg',
  params: {
    Hosts: [end.address.host],
    Port: end.address.port,
    Database: end.namespace,
    User: end.address.user,
    Password: end.address.password.reveal(),
    DBTables: transfer.tables.map((table) => `${quoteIfNeeded(table.schema ?? 'public')}.${quoteIfNeeded(table.name)}`),
    ...(transfer.mode === 'replication' || transfer.mode === 'snapshot-replication' ? { SlotID: transfer.id } : {}),
  },
});

/** `MaintainTables`: without it the engine makes no table at all at a Postgres destination. */
const postgresDestination: EndParams = (end, transfer) => ({
  type: 'pg',
  params: {
    Hosts: [end.address.host],
    Port: end.address.port,
    Name: end.namespace,
    User: end.address.user,
    Password: end.address.password.reveal(),
    Cleanup: transfer.cleanup,
    MaintainTables: true,
  },
});

/** Both step lists must be there or the engine gives up; what they hold is about objects that are not data. */
const mysqlSource: EndParams = (end, transfer) => ({
  type: 'mysql',
  params: {
    Host: end.address.host,
    Port: end.address.port,
    Database: end.namespace,
    User: end.address.user,
    Password: end.address.password.reveal(),
    IncludeTableRegex: transfer.tables.map((table) => `^${escapeRegex(table.name)}$`),
    ...(transfer.destination.kind === 'mysql' ? {} : { AllowDecimalAsFloat: true }),
    PreSteps: { Tables: true },
    PostSteps: {},
  },
});

/** Without `MaintainTables`, which means the opposite of what it says here. */
const mysqlDestination: EndParams = (end, transfer) => ({
  type: 'mysql',
  params: {
    Host: end.address.host,
    Port: end.address.port,
    Database: end.namespace,
    User: end.address.user,
    Password: end.address.password.reveal(),
    Cleanup: transfer.cleanup,
  },
});

const clickhouseDestination: EndParams = (end, transfer) => ({
  type: 'ch',
  params: {
    ShardsList: [{ Name: 's1', Hosts: [end.address.host] }],
    HTTPPort: end.address.ports.http ?? end.address.port,
    ...(end.address.ports.native === undefined ? {} : { NativePort: end.address.ports.native }),
    User: end.address.user,
    Password: end.address.password.reveal(),
    Database: end.namespace,
    ForceHTTP: true,
    Cleanup: transfer.cleanup,
  },
});

const clickhouseSource: EndParams = (end, transfer) => {
  const { type, params } = clickhouseDestination(end, transfer);
  const shared = Object.fromEntries(Object.entries(params).filter(([key]) => key !== 'Cleanup'));
  return {
    type,
    params: { ...shared, IncludeTables: transfer.tables.map((table) => `${end.namespace}.${table.name}`) },
  };
};

export const ENDS: EndDialect = {
  postgres: { source: postgresSource, destination: postgresDestination },
  mysql: { source: mysqlSource, destination: mysqlDestination },
  clickhouse: { source: clickhouseSource, destination: clickhouseDestination },
};

/** Table lists split at the dot: a name with a dot or a quote in it is written as an SQL identifier. */
function quoteIfNeeded(name: string): string {
  return /[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** A name as a regular expression of Go that matches it alone. */
function escapeRegex(name: string): string {
  return name.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
