/**
 * What a run owns outside its own process, written down as soon as it exists, so that nothing outlives the run: each
 * run ends what it recorded, and the next run ends what a killed one could not.
 *
 * One folder per run under the system's temporary folder: `run.json` says who runs it, `owned-*.json` what it started;
 * every temporary folder of the run lies inside. A process is known by pid and start time, never by name.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { done, notYet, until, type Deadline } from './deadline.ts';

/** Something that must not outlive the run. */
export type Owned =
  | { readonly what: 'process'; readonly pid: number; readonly name: string }
  | { readonly what: 'container'; readonly id: string; readonly name: string }
  | { readonly what: 'network'; readonly name: string };

type Recorded = Owned & { readonly startTime?: string };

interface RunRecord {
  readonly pid: number;
  readonly startTime: string;
  /** Left standing on purpose (`--keep`): no later run sweeps it. */
  readonly kept: boolean;
}

/** When a process started, in the system's own form; undefined when there is none. Pids are reused, pairs are not. */
export function startTimeOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name field may hold spaces and parentheses; what follows its last ')' is fixed (proc(5): field 3 on).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? undefined : started;
  } catch {
    return undefined;
  }
}

function rootFolder(): string {
  return join(tmpdir(), `transfer-e2e-${userInfo().uid}`);
}

/** One run's record. Made by the process that owns the run; others of the same run `join` it by its folder. */
export class Ledger {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static create(): Ledger {
    const folder = join(rootFolder(), `run-${process.pid}-${randomBytes(4).toString('hex')}`);
    mkdirSync(folder, { recursive: true });
    // Servers may run as another user and must reach their own folder inside.
    chmodSync(rootFolder(), 0o755);
    chmodSync(folder, 0o755);
    const record: RunRecord = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', kept: false };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(record));
    return new Ledger(folder);
  }

  static join(folder: string): Ledger {
    return new Ledger(folder);
  }

  /** Writes down something that now runs. */
  own(owned: Owned): void {
    const recorded: Recorded =
      owned.what === 'process' ? { ...owned, startTime: startTimeOf(owned.pid) ?? 'gone' } : owned;
    const file = join(this.folder, `owned-${randomBytes(6).toString('hex')}.json`);
    writeFileSync(`${file}.part`, JSON.stringify(recorded));
    renameSync(`${file}.part`, file);
  }

  /** A folder of its own inside the run's. */
  directory(name: string, mode = 0o700): string {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
    return path;
  }

  /** Leaves everything standing after the run. */
  keep(): void {
    const record: RunRecord = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', kept: true };
    writeFileSync(join(this.folder, 'run.json'), JSON.stringify(record));
  }

  /** Ends everything recorded and removes the folder. Synchronous, so that it also works while the process exits. */
  end(): string[] {
    const ended = endAll(this.folder);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    return ended;
  }
}

/**
 * Ends what runs left whose own process is gone.
 *
 * @returns what was ended, in words.
 */
export async function sweep(deadline: Deadline, includeKept = false): Promise<string[]> {
  const ended: string[] = [];
  let folders: string[];
  try {
    folders = readdirSync(rootFolder()).filter((name) => name.startsWith('run-'));
  } catch {
    return ended;
  }
  for (const name of folders) {
    const folder = join(rootFolder(), name);
    const record = readJson(join(folder, 'run.json')) as RunRecord | undefined;
    // A folder without its record is a run that is just being made, or was cut off while being made.
    if (record === undefined && Date.now() - folderTime(name) < 0) continue;
    if (record !== undefined) {
      if (record.kept && !includeKept) continue;
      if (!record.kept && startTimeOf(record.pid) === record.startTime) continue;
    }
    const pids = ownedIn(folder).filter(stillRuns);
    ended.push(...endAll(folder));
    for (const owned of pids) {
      await until(`${owned.name} of an earlier run to end`, deadline, () =>
        Promise.resolve(stillRuns(owned) ? notYet('still running') : done()),
      );
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
  return ended;
}

function folderTime(name: string): number {
  // Creation writes run.json in the same tick; a pid that still lives may be between the two.
  const pid = Number(name.split('-')[1]);
  return startTimeOf(pid) === undefined ? 0 : Date.now() + 1;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function ownedIn(folder: string): Recorded[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('owned-') && name.endsWith('.json'))
    .map((name) => readJson(join(folder, name)) as Recorded | undefined)
    .filter((owned) => owned !== undefined);
}

function stillRuns(owned: Recorded): boolean {
  return owned.what === 'process' && owned.startTime !== undefined && startTimeOf(owned.pid) === owned.startTime;
}

function endAll(folder: string): string[] {
  const ended: string[] = [];
  let recorded: Recorded[];
  try {
    recorded = ownedIn(folder);
  } catch {
    return ended;
  }
  // Networks last: one cannot go while a container is on it.
  const inOrder = [...recorded.filter(({ what }) => what !== 'network'), ...recorded.filter(isNetwork)];
  for (const owned of inOrder) {
    if (owned.what === 'container') {
      // `rm --force` is content with a container that is not there.
      const there = docker('container', 'inspect', owned.id);
      if (there && docker('rm', '--force', '--volumes', owned.id)) ended.push(`container ${owned.name}`);
    } else if (owned.what === 'network') {
      if (docker('network', 'rm', owned.name)) ended.push(`network ${owned.name}`);
    } else if (stillRuns(owned)) {
      try {
        process.kill(owned.pid, 'SIGKILL');
        ended.push(`process ${owned.name} (pid ${owned.pid})`);
      } catch {
        // It ended between the look and the signal.
      }
    }
  }
  return ended;
}

function isNetwork(owned: Recorded): boolean {
  return owned.what === 'network';
}

/** False when there was nothing to end, or there is no docker here any more: nothing that this run could still end. */
function docker(...args: string[]): boolean {
  try {
    execFileSync('docker', args, { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}
