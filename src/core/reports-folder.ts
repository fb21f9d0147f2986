/**
 * Where a run's reports go: `reports/`, or a folder of its own inside while another run of the same clone writes there.
 *
 * 1. the first run claims `reports/` by a file in it that names its process
 * 2. a run that finds a claim of a living process takes `reports/run-PID`
 * 3. the claim goes with its process; one that a killed run left is taken over
 *
 * E2E_REPORTS names a folder instead; whoever starts a run in a process of its own passes the choice on that way.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startTimeOf } from './ledger.ts';

export interface ReportsFolder {
  readonly path: string;
  /** The process of the run that writes to `reports/`, if this one does not. */
  readonly besideRun?: number;
}

interface Claim {
  readonly pid: number;
  readonly startTime: string;
}

const CLAIM = '.run';

/** Shared by all copies of this module in the process: the runner's configuration is bundled, what it loads is not. */
const CHOSEN = Symbol.for('transfer-e2e.reports-folder');
const chosen = globalThis as { [CHOSEN]?: Map<string, ReportsFolder> | undefined };

/** The folder of this process' run in the clone at `root`; always the same one. */
export function reportsFolder(root: string, env: NodeJS.ProcessEnv = process.env): ReportsFolder {
  const named = env.E2E_REPORTS ?? '';
  if (named !== '') return { path: resolve(root, named) };
  const known = chosen[CHOSEN] ?? new Map<string, ReportsFolder>();
  chosen[CHOSEN] = known;
  const folder = known.get(root) ?? claim(join(root, 'reports'));
  known.set(root, folder);
  return folder;
}

/** @param ours the process that claims. */
export function claim(reports: string, ours: Claim = thisProcess()): ReportsFolder {
  mkdirSync(reports, { recursive: true });
  const file = join(reports, CLAIM);
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(ours), { flag: 'wx' });
      process.once('exit', () => release(file, ours));
      return { path: reports };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const theirs = read(file);
    if (theirs !== undefined && startTimeOf(theirs.pid) === theirs.startTime) {
      return { path: join(reports, `run-${ours.pid}`), besideRun: theirs.pid };
    }
    takeAway(file, theirs, ours);
  }
}

/** Moves a dead run's claim aside, and puts it back if another run has just made its own there. */
function takeAway(file: string, dead: Claim | undefined, ours: Claim): void {
  const aside = `${file}.${ours.pid}`;
  try {
    renameSync(file, aside);
    const moved = read(aside);
    if (moved?.pid === dead?.pid && moved?.startTime === dead?.startTime) rmSync(aside, { force: true });
    else renameSync(aside, file);
  } catch (error) {
    // Another run was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function release(file: string, ours: Claim): void {
  if (read(file)?.pid === ours.pid) rmSync(file, { force: true });
}

/** Undefined if there is none, or none that can be read. */
function read(file: string): Claim | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Claim;
  } catch {
    return undefined;
  }
}

function thisProcess(): Claim {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
}
