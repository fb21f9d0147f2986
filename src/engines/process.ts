/**
 * A running engine as a process of this machine: started in a group of its own, watched, and ended with everything
 * that it started. Knows no dialect.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { UsageError, messageOf } from '../core/errors.ts';
import { startTimeOf, type Ledger } from '../core/ledger.ts';
import type { EngineProcess, Exit } from './engine.ts';
import { Output } from './output.ts';

/** Environment variable by which the descendants of an engine are known, also those that left its process group. */
const OWNER = 'TRANSFER_E2E_OWNER';

/** How long the last words of an ended engine may take through the pipes. */
const DRAIN_MS = 500;

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Unique to this start; see OWNER. */
  readonly owner: string;
  readonly ledger: Ledger;
}

/**
 * Starts the program and returns once it runs.
 *
 * @throws UsageError when it cannot be started at all (no such file, not executable).
 */
export async function startEngine(command: Command): Promise<EngineProcess> {
  const output = new Output();
  const started = performance.now();
  const child = execa(command.file, command.args, {
    cwd: command.directory,
    env: { ...command.env, [OWNER]: command.owner },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    // A group of its own: a Ctrl-C at the terminal is for the harness, which then stops the engine in order.
    detached: true,
    cleanup: false,
  });
  child.stdout.on('data', (chunk: Buffer) => output.add(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.add(chunk));
  const pid = child.pid;
  if (pid === undefined) {
    const failed = await child;
    throw new UsageError(
      'ENGINE_START',
      `cannot start the engine ${command.file}: ${messageOf(failed.cause ?? failed)}`,
    );
  }
  command.ledger.own({ what: 'process', pid, name: 'engine' });

  let exit: Exit | undefined;
  let forced = false;
  const exited = new Promise<Exit>((resolve) => {
    const closed = new Promise((close) => child.once('close', close));
    // 'exit', not 'close' alone: a child of the engine may hold the pipes open for ever. What the engine itself wrote
    // before it ended is in the pipes by now and is read first.
    child.once('exit', (code, signal) => {
      const ended: Exit = { code, signal, durationMs: performance.now() - started, forced };
      exit = ended;
      void Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })]).then(() => resolve(ended));
    });
  });
  child.catch(() => undefined);

  const kill = async (): Promise<void> => {
    signalGroup(pid, 'SIGKILL');
    await exited;
    killDescendants(command.owner);
    child.stdout.destroy();
    child.stderr.destroy();
  };

  return {
    pid,
    exited,
    get exit() {
      return exit;
    },
    kill,
    pause: () => signalGroup(pid, 'SIGSTOP'),
    resume: () => signalGroup(pid, 'SIGCONT'),
    async stop(graceMs) {
      if (exit === undefined) {
        signalGroup(pid, 'SIGTERM');
        const timer = setTimeout(() => {
          forced = true;
          signalGroup(pid, 'SIGKILL');
        }, graceMs);
        await exited;
        clearTimeout(timer);
      }
      await kill();
      return exited;
    },
    log: () => output.text(),
    lastError: () => output.lastError() ?? (exit !== undefined && exit.code !== 0 ? output.lastLine() : undefined),
    async [Symbol.asyncDispose]() {
      await kill();
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone.
  }
}

/**
 * Ends processes that carry the owner's mark in their environment: what an engine started and left behind outside its
 * group. Only where the system shows environments (Linux); elsewhere the group is all there is to go by.
 *
 * @returns how many were still there.
 */
export function killDescendants(owner: string): number {
  if (process.platform !== 'linux') return 0;
  const mark = `${OWNER}=${owner}`;
  let killed = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark)) continue;
      if (startTimeOf(pid) === undefined) continue;
      process.kill(pid, 'SIGKILL');
      killed += 1;
    } catch {
      // Not ours to read, or gone between the look and the signal.
    }
  }
  return killed;
}
