/** For tests only: runs the compiled trctl as a program, the way its users do. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { until } from '../wait.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const MAIN = path.join(ROOT.endsWith('dist') ? path.dirname(ROOT) : ROOT, 'dist', 'trctl', 'main.js');

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started trctl; killed when disposed. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.child.stdout?.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.child.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Resolves when the program has printed `text` on stdout. */
  async printed(text: string): Promise<void> {
    await until(
      `trctl to print '${text}'`,
      40_000,
      () => {
        if (this.stdout.includes(text)) return Promise.resolve(true);
        if (this.child.exitCode !== null) throw new Error(`trctl ended before it printed '${text}': ${this.stderr}`);
        return Promise.resolve(null);
      },
      () => this.stdout + this.stderr,
    );
  }

  async stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

/** A folder with configs and state, gone when disposed. */
export class Workplace implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Workplace> {
    return new Workplace(await mkdtemp(path.join(tmpdir(), 'trctl-work-')));
  }

  async config(name: string, config: unknown): Promise<string> {
    const file = path.join(this.folder, `${name}.yaml`);
    await writeFile(file, typeof config === 'string' ? config : stringify(config));
    return file;
  }

  /** Starts a command with progress kept in this folder. */
  start(command: string, file: string, ...more: string[]): Program {
    return new Program([command, '--file', file, '--coordinator', 'file', '--coordinator-dir', this.folder, ...more]);
  }

  /** Runs a command to its end. */
  async run(command: string, file: string, ...more: string[]): Promise<Ended> {
    return this.start(command, file, ...more).ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
