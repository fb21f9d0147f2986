/** For tests only: the embedded ClickHouse of this repository, started as the program that it is. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MAIN = path.join(
  import.meta.dirname,
  '..',
  '..',
  'dist',
  'src',
  'connectors',
  'clickhouse',
  'embedded',
  'main.js',
);

export class TestClickHouse implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = child;
  }

  static async start(): Promise<TestClickHouse> {
    const folder = await mkdtemp(path.join(tmpdir(), 'trctl-ch-'));
    const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) =>
        reject(new Error(`the embedded ClickHouse ended with ${code ?? 'a signal'}; run npx tsc -b first`)),
      );
      child.stdout.once('data', (line: Buffer) => resolve((JSON.parse(line.toString()) as { port: number }).port));
    });
    return new TestClickHouse(port, folder, child);
  }

  /** The answer in TabSeparated, without its last newline. */
  async query(sql: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.port}/`, { method: 'POST', body: sql });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text.replace(/\n$/, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
