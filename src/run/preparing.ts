/**
 * Stages 2 and 3: servers, namespaces, source tables and their first rows; and what the engine is told of it all.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { hasChangeLog, type Session } from '../connectors/connector.ts';
import { E2eError } from '../core/errors.ts';
import { within } from '../core/deadline.ts';
import type { ServerInfo } from '../core/server.ts';
import type { TransferStore } from '../core/store.ts';
import type { Transfer, TransferEnd } from '../core/transfer.ts';
import { printName, type TableName } from '../core/words.ts';
import { timeZoneFor } from '../core/zones.ts';
import { nativeStatements, seedTables } from '../fixtures/fixture.ts';
import { makeBucket } from '../stores/store.ts';
import { Workload } from '../workload/workload.ts';
import type { CleanUps } from './cleanups.ts';
import type { TableToCompare } from './comparing.ts';
import { Fence, fenceTable, FENCE } from './fence.ts';
import type { Course, LifeOptions } from './life.ts';

export interface Prepared {
  readonly source: Session;
  readonly destination: Session;
  readonly transfer: Transfer;
  readonly workload: Workload;
  readonly fence: Fence;
  /** Writes the fixture's rows: before the engine starts, or after it has attached in mode replication. */
  readonly writeRows: () => Promise<void>;
  readonly tablesToCompare: () => Promise<TableToCompare[]>;
  readonly listFile: (table: string) => string;
  /** Folder of the evidence, made on demand. */
  readonly evidence: string;
  /** What the engine left in the source's change log, in words. */
  readonly leftConsumers?: () => Promise<string[]>;
}

export async function prepare(id: string, options: LifeOptions, course: Course, cleanUps: CleanUps): Promise<Prepared> {
  const { scenario, engine, ledger, seed, signal } = options;
  const { timeline, deadlines } = course;

  const { source, destination, servers } = await timeline.stage('provision', async () => {
    const deadline = deadlines.provision();
    const [sourceServer, destinationServer] = await within(
      `the servers ${scenario.source} and ${scenario.destination} to start`,
      deadline,
      Promise.all([options.serverFor(scenario.source, signal), options.serverFor(scenario.destination, signal)]),
    );
    course.servers = sourceServer.kind === destinationServer.kind ? [sourceServer] : [sourceServer, destinationServer];
    const open = async (server: typeof sourceServer, namespace: string): Promise<Session> => {
      const session = await (await options.connectorFor(server.kind)).open(server, namespace);
      if (!options.keep) cleanUps.use(`drop the namespace ${namespace}`, session);
      return session;
    };
    const opened = await Promise.all([open(sourceServer, `${id}_src`), open(destinationServer, `${id}_dst`)]);
    return {
      source: opened[0],
      destination: opened[1],
      servers: { source: sourceServer, destination: destinationServer },
    };
  });

  const connectors = {
    source: await options.connectorFor(scenario.source),
    destination: await options.connectorFor(scenario.destination),
  };
  const schema = connectors.source.traits.defaultSchema;
  const replicates = scenario.mode === 'replication' || scenario.mode === 'snapshot-replication';
  const rows = options.rows ?? scenario.rows;
  const seeds = seedTables(scenario.fixtures, { seed, ...(rows === undefined ? {} : { rows }) }).map((one) => ({
    ...one,
    table: schema === undefined ? one.table : { ...one.table, schema },
  }));
  const native = nativeStatements(scenario.fixtures, scenario.source);
  const fence = fenceTable(schema);
  const workload = new Workload({
    tables: seeds,
    seed,
    write: (change) => source.write(change),
  });

  const writeRows = async (): Promise<void> => {
    for (const { table, count } of seeds)
      await workload.run({ kind: 'insert', table: table.name, rows: count }, signal);
    for (const statements of native.rows) await source.write({ kind: 'native', statements });
  };

  const tables = await timeline.stage('seed', async () => {
    for (const { table } of seeds) await source.create(table);
    for (const statements of native.schema) await source.write({ kind: 'native', statements });
    if (replicates) await source.create(fence);
    if (scenario.mode !== 'replication') await writeRows();
    return source.tables();
  });

  const bucket = scenario.workers === undefined ? undefined : await openBucket(id, options, cleanUps);
  const directory = ledger.directory(id);
  const at = (table: TableName): TableName =>
    engine.tableAt(scenario, table, {
      sourceNamespace: source.namespace,
      destinationSchema: connectors.destination.traits.defaultSchema,
    });
  const fenceRows = new Fence(source, destination, fence, at(fence));
  // The fence table travels in the snapshot too: an engine may make only tables that have rows.
  if (scenario.mode === 'snapshot-replication') await fenceRows.raise();

  const network = engine.runsIn === 'container' ? sharedNetwork(servers.source, servers.destination) : undefined;
  const evidence = join(options.reports, 'evidence', scenario.file.replace(/^scenarios\//, '').replace(/\.ya?ml$/, ''));
  return {
    source,
    destination,
    workload,
    fence: fenceRows,
    writeRows,
    evidence,
    listFile: (table) => {
      mkdirSync(evidence, { recursive: true });
      return join(
        evidence,
        `${table.replaceAll(/[^\w.-]+/g, '_')}-${createHash('sha1').update(table).digest('hex').slice(0, 6)}.ndjson`,
      );
    },
    tablesToCompare: async () => tablesToCompare(await source.tables(), schema, options, at),
    transfer: {
      id,
      mode: scenario.mode,
      source: endOf(servers.source, source, network !== undefined),
      destination: endOf(servers.destination, destination, network !== undefined),
      tables,
      cursors: scenario.cursors.map(({ table, column, initial }) => ({ table: named(table, tables), column, initial })),
      cleanup: scenario.cleanup ?? (scenario.mode === 'incremental' ? 'Disabled' : 'Drop'),
      sourceParams: scenario.params.source,
      destinationParams: scenario.params.destination,
      directory,
      timeZone: timeZoneFor('engine', seed),
      ...(network === undefined ? {} : { network }),
      ...(scenario.workers === undefined ? {} : { workers: scenario.workers }),
      ...(bucket === undefined ? {} : { store: bucket }),
    },
    ...(hasChangeLog(source) ? { leftConsumers: () => leftBy(source) } : {}),
  };
}

/** A bucket of the transfer's own; names of buckets have no `_`. */
async function openBucket(id: string, options: LifeOptions, cleanUps: CleanUps): Promise<TransferStore> {
  const name = id.replaceAll('_', '-');
  const made = await makeBucket(await options.storeFor(options.signal), name);
  if (!options.keep) cleanUps.use(`remove the bucket ${name}`, made);
  return made.store;
}

/** An engine in a container reaches servers by their names only where both are on one network. */
function sharedNetwork(source: ServerInfo, destination: ServerInfo): string | undefined {
  const network = source.networkView?.network;
  return network === destination.networkView?.network ? network : undefined;
}

function endOf(server: ServerInfo, session: Session, onNetwork: boolean): TransferEnd {
  return {
    kind: server.kind,
    address: onNetwork ? (server.networkView ?? server.engineView) : server.engineView,
    namespace: session.namespace,
    version: server.version,
  };
}

/** All tables of the source but the fence, or those that the scenario names. */
function tablesToCompare(
  present: readonly TableName[],
  defaultSchema: string | undefined,
  { scenario }: LifeOptions,
  at: (table: TableName) => TableName,
): TableToCompare[] {
  const expect = scenario.expect.kind === 'xfail' ? scenario.expect.of : scenario.expect;
  const declared = expect.kind === 'equal' ? expect.tables : [];
  const wanted =
    declared.length > 0
      ? declared.map(({ table }) => named(table, present))
      : present.filter(({ name }) => name !== FENCE);
  return wanted.map((left) => {
    const entry = declared.find(({ table }) => table === left.name || table === printName(left));
    return {
      name: left.schema === defaultSchema ? left.name : printName(left),
      left,
      right: at(left),
      tolerate: entry?.tolerate ?? [],
      ...(entry?.key === undefined ? {} : { key: entry.key }),
    };
  });
}

/** @throws E2eError for a name that the source does not have. */
function named(name: string, tables: readonly TableName[]): TableName {
  const found = tables.find((table) => table.name === name || printName(table) === name);
  if (found === undefined) {
    throw new E2eError(
      'NO_TABLE',
      `the source has no table ${name}; it has ${tables.map(printName).join(', ') || 'none'}`,
    );
  }
  return found;
}

async function leftBy(source: Session): Promise<string[]> {
  if (!hasChangeLog(source)) return [];
  const left = await source.consumers(await source.position());
  return left.map(
    (consumer) =>
      `the engine left ${consumer.name} at the source (${consumer.attached ? 'still attached' : 'inactive'}); dropped`,
  );
}
