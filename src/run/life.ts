/**
 * The life of a scenario, in numbered stages:
 *
 *  1. load       done by whoever calls: the scenario is parsed, the engine, the stack and the seed are resolved
 *  2. provision  start or join the servers; open namespaces of its own
 *  3. seed       create the source tables, write rows
 *  4. activate   run the engine's activation where the mode has one
 *  5. replicate  start the replication and wait until it is attached
 *  6. act        steps and faults, in file order
 *  7. settle     fence rows have arrived, the source's position is consumed, two readings in a row agree
 *  8. stop       the engine ends on SIGTERM within its grace
 *  9. compare    every table, every row, every cell
 * 10. report     verdict and evidence
 *
 * A stage registers its clean-up before it does its work. Nothing is retried to turn red into green.
 */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import type { Connector } from '../connectors/connector.ts';
import { BarrierTimeout, messageOf, ProvisionError } from '../core/errors.ts';
import type { Ledger } from '../core/ledger.ts';
import type { ScenarioResult, TableResult } from '../core/result.ts';
import type { ServerInfo } from '../core/server.ts';
import type { StoreInfo } from '../core/store.ts';
import { pairOf, type DatabaseKind, type Stack, type Verdict } from '../core/words.ts';
import type { Engine } from '../engines/engine.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { act } from './acting.ts';
import { attached } from './barriers.ts';
import { CleanUps } from './cleanups.ts';
import { compareTables } from './comparing.ts';
import { deadlinesOf, type Deadlines } from './deadlines.ts';
import { gatherEvidence } from './evidence.ts';
import { judge, refusalWanted } from './judging.ts';
import { prepare, type Prepared } from './preparing.ts';
import { settle } from './settling.ts';
import { EngineEnded, Supervision } from './supervision.ts';
import { Timeline } from './timeline.ts';

export interface LifeOptions {
  readonly scenario: Scenario;
  readonly engine: Engine;
  readonly stack: Stack;
  readonly seed: string;
  readonly ledger: Ledger;
  readonly connectorFor: (kind: DatabaseKind) => Promise<Connector>;
  readonly serverFor: (kind: DatabaseKind, signal: AbortSignal) => Promise<ServerInfo>;
  /** The object store, for scenarios whose engine processes agree in one. */
  readonly storeFor: (signal: AbortSignal) => Promise<StoreInfo>;
  /** The reports folder; evidence goes into a folder of the scenario's own inside. */
  readonly reports: string;
  /** Rows of every portable table, in place of the scenario's own number. */
  readonly rows?: number;
  /** Leaves namespaces and the transfer's folder standing. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

/** What went on, gathered stage by stage, so that a scenario that fails half-way still reports all that it saw. */
export interface Course {
  readonly timeline: Timeline;
  readonly deadlines: Deadlines;
  readonly notes: string[];
  /** What steps and faults did, in order. */
  readonly events: string[];
  prepared?: Prepared;
  supervision?: Supervision;
  tables: readonly TableResult[];
  servers: readonly ServerInfo[];
}

/** Lives a scenario to its verdict. Rejects only when the caller gives up (the signal); all else is in the result. */
export async function live(options: LifeOptions): Promise<ScenarioResult> {
  const { scenario, engine, stack, seed, signal } = options;
  const started = performance.now();
  const course: Course = {
    timeline: new Timeline(),
    deadlines: deadlinesOf(scenario, process.env, signal),
    notes: [],
    events: [],
    tables: [],
    servers: [],
  };
  const cleanUps = new CleanUps();
  let outcome: { readonly verdict: Verdict; readonly error: string | null };
  let evidence: ScenarioResult['evidence'] = [];
  try {
    outcome = await run(options, course, cleanUps).catch((error: unknown) => {
      signal.throwIfAborted();
      return failure(error, options, course);
    });
    const judged = judge(scenario, outcome.verdict, outcome.error);
    evidence = await course.timeline.stage('report', () => gatherEvidence(options, course, judged.ok));
  } finally {
    await cleanUps[Symbol.asyncDispose]();
  }
  course.notes.push(...(course.supervision?.notes ?? []), ...cleanUps.failures);
  const judged = judge(scenario, outcome.verdict, outcome.error);
  return {
    file: scenario.file,
    title: scenario.title,
    pair: pairOf(scenario),
    mode: scenario.mode,
    engine: engine.name,
    stack,
    servers: course.servers.map(({ kind, version, emulated }) => ({ kind, version, emulated })),
    seed,
    expected: scenario.expect.kind,
    verdict: outcome.verdict,
    ok: judged.ok,
    durationMs: Math.round(performance.now() - started),
    stages: course.timeline.durations,
    tables: course.tables.map((table) => withRelativeList(table, options.reports)),
    error: judged.error,
    ...(scenario.expect.kind === 'xfail'
      ? { xfail: { issue: scenario.expect.issue, because: scenario.expect.because } }
      : {}),
    notes: course.notes,
    evidence,
  };
}

async function run(
  options: LifeOptions,
  course: Course,
  cleanUps: CleanUps,
): Promise<Awaited<ReturnType<typeof verdictOf>>> {
  const { scenario, engine, signal } = options;
  const { timeline, deadlines } = course;
  const id = `e2e_${pairOf(scenario).replace('-', '_')}_${randomBytes(5).toString('hex')}`;

  // 2 and 3
  const prepared = await prepare(id, options, course, cleanUps);
  course.prepared = prepared;

  // 4
  const supervision = cleanUps.use('end the engine', new Supervision(engine, prepared.transfer, signal));
  course.supervision = supervision;
  const stage = { ...prepared, scenario, supervision, course, seed: options.seed, signal };
  if (engine.activates(scenario)) {
    await timeline.stage('activate', () =>
      act(stage, scenario.duringActivation, () => supervision.activate(deadlines.activate())),
    );
  }

  // 5
  const replicates = scenario.mode === 'replication' || scenario.mode === 'snapshot-replication';
  if (replicates) {
    await timeline.stage('replicate', async () => {
      await supervision.replicate();
      await attached({ ...prepared, supervision }, deadlines.replicate());
    });
  }

  // 6
  await timeline.stage('act', async () => {
    if (scenario.mode === 'replication') await prepared.writeRows();
    if (!engine.activates(scenario)) await act(stage, scenario.duringActivation);
    await act(stage, scenario.steps);
    if (scenario.mode === 'incremental' && scenario.steps.length > 0) await supervision.activate(deadlines.activate());
  });

  // 7 and 8
  if (replicates) {
    await timeline.stage('settle', () => settle(stage, deadlines.settle()));
    await timeline.stage('stop', () => supervision.stop(deadlines.graceMs));
    if (prepared.leftConsumers !== undefined) course.notes.push(...(await prepared.leftConsumers()));
  }

  // 9
  course.tables = await timeline.stage('compare', async () =>
    compareTables(await prepared.tablesToCompare(), {
      source: prepared.source,
      destination: prepared.destination,
      examples: 20,
      listFile: prepared.listFile,
      signal: deadlines.compare().signal(),
    }),
  );
  return verdictOf(course.tables);
}

/** results.json may be read on another machine: paths in it are relative to the reports folder. */
function withRelativeList(table: TableResult, reports: string): TableResult {
  return table.list === undefined ? table : { ...table, list: relative(reports, table.list) };
}

/** @returns the verdict of a comparison that went through. */
function verdictOf(tables: readonly TableResult[]): { readonly verdict: Verdict; readonly error: string | null } {
  const different = tables.filter((table) => table.verdict === 'different');
  if (different.length > 0) {
    const words = different.map(
      (table) =>
        `${table.name}: ${table.missing} missing, ${table.extra} extra, ${table.different} different${table.schema.map((line) => `; ${line}`).join('')}`,
    );
    return { verdict: 'different', error: words.join('\n') };
  }
  if (tables.every((table) => table.leftRows === 0)) {
    return { verdict: 'unknown', error: 'nothing was compared: no source table has a row at the end of the scenario' };
  }
  return { verdict: 'equal', error: null };
}

/** What an error in a stage means for the verdict. */
function failure(
  error: unknown,
  { scenario, engine }: LifeOptions,
  course: Course,
): { verdict: Verdict; error: string } {
  const wanted = refusalWanted(scenario, engine);
  if (error instanceof EngineEnded && wanted !== undefined && error.exit.code !== null && error.exit.code !== 0) {
    const log = course.supervision?.log() ?? error.said;
    const line = log.split('\n').find((candidate) => wanted.test(candidate));
    if (line !== undefined) return { verdict: 'refused', error: line.trim() };
    return {
      verdict: 'unknown',
      error: `${error.message} — which does not match the declared refusal ${String(wanted)}`,
    };
  }
  const where = course.timeline.current;
  const known = error instanceof BarrierTimeout || error instanceof EngineEnded || error instanceof ProvisionError;
  return { verdict: 'unknown', error: `stage ${where}: ${known ? error.message : messageOf(error)}` };
}
