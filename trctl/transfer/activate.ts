/**
 * The activation of a transfer:
 * 1. describe the source's tables, check that the destination can hold them and the source can follow them
 * 2. go on with an interrupted activation if its change log still exists, else begin: new log, cleaned-up destination
 * 3. copy every part that is not recorded as done, several at a time, recording each after the destination has it
 * 4. hand over to replication, or finish
 */
import { randomUUID } from 'node:crypto';
import type { TransferState } from '../coordinator/coordinator.ts';
import { ConfigError } from '../errors.ts';
import { parsePosition, printPosition } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import type { Cursor, Snapshot } from '../provider.ts';
import { copyParts } from './copy.ts';
import type { Job } from './copy.ts';
import type { Lead } from '../share/lead.ts';
import { Ends, activatedTables, emptyState, fingerprint, logOf } from './transfer.ts';
import type { TransferContext } from './transfer.ts';

/** How the parts are copied: by this process, or by several that it leads. */
type Copying = Pick<Lead, 'copyParts' | 'finishedParts'>;

const ALONE: Copying = { copyParts, finishedParts: () => new Set() };

export async function activate(context: TransferContext): Promise<void> {
  const { jobs, coordinator, config, log } = context;
  if (jobs === undefined) {
    await activateWith(context, ALONE);
    return;
  }
  if (jobs.index > 0) {
    await (await import('../share/worker.ts')).workFor(context, jobs);
    return;
  }
  const { Lead } = await import('../share/lead.ts');
  const lead = await Lead.take(coordinator.board(config.id), jobs, log, context.signal);
  try {
    await activateWith({ ...context, signal: AbortSignal.any([context.signal, lead.lost]) }, lead);
    await lead.done();
  } catch (cause) {
    await lead.failed(cause);
    throw cause;
  }
}

async function activateWith(context: TransferContext, copying: Copying): Promise<void> {
  await using ends = await Ends.open(context.config);
  const { source, destination } = ends;
  const tables = await source.tables();
  await destination.check(tables);
  const { type } = context.config;
  if (type !== 'SNAPSHOT_ONLY') await source.checkLog(tables);
  if (type === 'INCREMENT_ONLY') await activateLog(context, ends, tables);
  else if (type === 'SNAPSHOT_AND_INCREMENT') await activateWithLog(context, copying, ends, tables);
  else await activateSnapshot(context, copying, ends, tables);
}

/** INCREMENT_ONLY: changes are kept from now on; the destination's tables are made but never cleaned. */
async function activateLog(context: TransferContext, ends: Ends, tables: readonly Table[]): Promise<void> {
  const { config, coordinator, log } = context;
  await ends.source.dropLog();
  const begin = await ends.source.openLog(tables);
  await ends.destination.prepare(tables, 'Disabled');
  await ends.destination.resetPosition(0n);
  await coordinator.save(config.id, {
    ...emptyState(randomUUID(), fingerprint(config), tables),
    stage: 'log',
    log: printPosition(begin),
  });
  log.info('activated', { tables: tables.length });
}

async function activateWithLog(
  context: TransferContext,
  copying: Copying,
  ends: Ends,
  tables: readonly Table[],
): Promise<void> {
  const { config, coordinator, log } = context;
  const print = fingerprint(config);
  const before = await coordinator.load(config.id);
  const interrupted =
    before?.stage === 'snapshot' && before.fingerprint === print && Object.keys(before.tables).length > 0;
  let begun = false;
  try {
    let state: TransferState;
    let snapshot: Snapshot;
    let taken = tables;
    if (interrupted && (await ends.source.logPosition(logOf(before))) !== null) {
      log.info('going on with an interrupted activation', { epoch: before.epoch });
      state = before;
      taken = activatedTables(tables, state, log);
      await ends.destination.prepare(taken, 'Disabled');
      snapshot = await ends.source.snapshot('beside-log', taken);
    } else {
      begun = true;
      await coordinator.save(config.id, emptyState(randomUUID(), print, []));
      state = emptyState(randomUUID(), print, tables);
      snapshot = await ends.source.snapshot('anchor-log', tables);
      await ends.destination.prepare(tables, ends.cleanup);
      await ends.destination.resetPosition(snapshot.position);
      state.log = printPosition(snapshot.position);
      await coordinator.save(config.id, state);
    }
    await using open = snapshot;
    const jobs = await planParts(context, copying, ends, taken, open, state, !begun || ends.cleanup === 'Disabled');
    await copying.copyParts(context, ends, open, jobs, state);
    state.stage = 'log';
    await coordinator.save(config.id, state);
  } catch (cause) {
    // Nobody could go on from it, and it would keep the source's log for ever.
    if (begun && !coordinator.durable) await ends.source.dropLog().catch(() => undefined);
    throw cause;
  }
  log.info('snapshot is complete', { tables: tables.length });
}

/**
 * What is still to be copied. Parts recorded as done stay; the rest is read at the present snapshot. In a table with a key the
 * log from the first snapshot on makes them one again; a table without is read again whole, with the log cut to match.
 */
async function planParts(
  context: TransferContext,
  copying: Copying,
  ends: Ends,
  tables: readonly Table[],
  snapshot: Snapshot,
  state: TransferState,
  replace: boolean,
): Promise<Job[]> {
  const finished = new Set([
    ...(await ends.destination.finishedParts(state.epoch)),
    ...copying.finishedParts(state.epoch),
  ]);
  const jobs: Job[] = [];
  for (const table of tables) {
    const label = tableLabel(table.id);
    const progress = (state.tables[label] ??= { position: null, parts: [] });
    if (progress.parts.length === 0) {
      const parts = await snapshot.split(table);
      progress.parts = parts.map(({ name, where }) => ({ name, where, done: false }));
      progress.position = printPosition(snapshot.position);
    }
    for (const part of progress.parts) part.done ||= finished.has(`${label} ${part.name}`);
    const todo = progress.parts.filter((part) => !part.done);
    if (todo.length === 0) continue;
    const earlier = parsePosition(progress.position ?? '0/0');
    if (table.key.length === 0 && earlier !== snapshot.position) {
      await ends.destination.wipe(table, earlier);
      progress.position = printPosition(snapshot.position);
    }
    jobs.push(
      ...todo.map((progress) => ({ part: { table, name: progress.name, where: progress.where }, progress, replace })),
    );
  }
  await context.coordinator.save(context.config.id, state);
  return jobs;
}

/**
 * SNAPSHOT_ONLY: always one consistent snapshot, so what an interrupted run brought is cleaned up and copied again. With
 * Cleanup: Disabled, tables that are recorded as finished by an interrupted run are not copied twice.
 */
async function activateSnapshot(
  context: TransferContext,
  copying: Copying,
  ends: Ends,
  tables: readonly Table[],
): Promise<void> {
  const { config, coordinator, log } = context;
  const print = fingerprint(config);
  const before = await coordinator.load(config.id);
  const interrupted = before?.stage === 'snapshot' && before.fingerprint === print && ends.cleanup === 'Disabled';
  const state = interrupted ? before : { ...emptyState(randomUUID(), print, tables), cursors: before?.cursors ?? {} };
  await coordinator.save(config.id, state);
  await using snapshot = await ends.source.snapshot('plain', tables);
  await ends.destination.prepare(tables, ends.cleanup);
  const cursors = await planIncrements(context, tables, snapshot, state);
  const rest = tables.filter((table) => !cursors.some(({ job }) => job.part.table === table));
  const jobs = await planParts(context, copying, ends, rest, snapshot, state, ends.cleanup === 'Disabled');
  await copying.copyParts(context, ends, snapshot, [...cursors.map(({ job }) => job), ...jobs], state);
  for (const { name, maximum } of cursors) if (maximum !== null) state.cursors[name] = maximum;
  await coordinator.save(config.id, { ...state, stage: 'log', tables: {} });
  log.info('snapshot is complete', { tables: tables.length });
}

/** One job per table of regular_snapshot.incremental: the rows past its cursor. */
async function planIncrements(
  context: TransferContext,
  tables: readonly Table[],
  snapshot: Snapshot,
  state: TransferState,
): Promise<{ job: Job; name: string; maximum: string | null }[]> {
  return Promise.all(
    context.config.incremental.map(async ({ namespace, name, cursorField, initialState }) => {
      const label = `${namespace}.${name}`;
      const table = tables.find(({ id }) => id.schema === namespace && id.name === name);
      if (table === undefined) {
        throw new ConfigError(
          `regular_snapshot.incremental: table ${label} is not one that the transfer takes; correct namespace and name, or add it to DBTables`,
        );
      }
      if (table.key.length === 0) {
        throw new ConfigError(
          `regular_snapshot.incremental: table ${label} has no primary key, so a row that is read again could not be told from a new one; add a key, or take it out of the list`,
        );
      }
      const saved = state.cursors[`${label}.${cursorField}`];
      const initial = initialState.replace(/^'(.*)'$/s, '$1');
      const cursor: Cursor = {
        field: cursorField,
        from: saved ?? (initial === '' ? null : initial),
        inclusive: saved !== undefined,
      };
      const { part, maximum } = await snapshot.increment(table, cursor);
      const job: Job = { part, progress: { name: part.name, where: part.where, done: false }, replace: true };
      return { job, name: `${label}.${cursorField}`, maximum };
    }),
  );
}
