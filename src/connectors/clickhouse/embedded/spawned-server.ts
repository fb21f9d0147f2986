// The compiled program as a child process with a data folder of its own, for the tests beside it.
// Must not know what the tests ask it.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The root of the package, from here or from dist/. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

export const PROGRAM = join(packageRoot(), 'dist/src/connectors/clickhouse/embedded/main.js');

/** ms */
const READY_WITHIN = 60_000;

export interface SpawnOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A data folder to use again; without it a temporary one is made, and removed at the end. */
  readonly data?: string;
}

/** A line of --query-log. */
export interface LoggedQuery {
  readonly query_id: string;
  readonly front: string;
  readonly client_name?: string;
  readonly user: string;
  readonly query: string;
  readonly client: string;
  readonly database?: string;
  readonly ms: number;
  readonly rows: number;
  readonly bytes: number;
  readonly exception_code: number;
  readonly aborted: boolean;
}

export class SpawnedServer implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly url: string;
  /** Of the native protocol. */
  readonly nativePort: number;
  readonly version: string;
  /** Of the process that has the engine; the child may be its launcher. */
  readonly pid: number;
  readonly data: string;
  readonly #log: string;
  readonly #temporary: string;

  private constructor(child: ChildProcess, ready: Ready, data: string, log: string, temporary: string) {
    this.child = child;
    this.url = `http://127.0.0.1:${ready.port}`;
    this.nativePort = ready.nativePort;
    this.version = ready.version;
    this.pid = ready.pid;
    this.data = data;
    this.#log = log;
    this.#temporary = temporary;
  }

  /** @throws if it does not print its ready line in time. */
  static async start(options: SpawnOptions = {}): Promise<SpawnedServer> {
    const temporary = mkdtempSync(join(tmpdir(), 'embedded-clickhouse-'));
    const data = options.data ?? join(temporary, 'data');
    const log = join(temporary, 'queries.ndjson');
    const ports = ['--port', '0', '--native-port', '0'];
    const flags = [...ports, '--data', data, '--query-log', log, '--exit-with-parent', ...(options.flags ?? [])];
    const child = spawn(process.execPath, [PROGRAM, ...flags], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '32', ...options.env },
    });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(READY_WITHIN) })) as [string];
    return new SpawnedServer(child, JSON.parse(line) as Ready, data, log, temporary);
  }

  /** POSTs `sql` (or bytes) with `parameters` in the URL. */
  post(
    sql: string | Uint8Array,
    parameters: Readonly<Record<string, string>> = {},
    init: RequestInit = {},
  ): Promise<Response> {
    const url = `${this.url}/?${new URLSearchParams(parameters).toString()}`;
    return fetch(url, { method: 'POST', body: sql, ...init });
  }

  /** The body of the answer, exceptions included. */
  async text(sql: string | Uint8Array, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
    return (await this.post(sql, parameters)).text();
  }

  logged(): LoggedQuery[] {
    const lines = readFileSync(this.#log, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as LoggedQuery);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill(signal);
      await exited;
    }
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    rmSync(this.#temporary, { recursive: true, force: true });
  }
}

interface Ready {
  readonly port: number;
  readonly nativePort: number;
  readonly version: string;
  readonly pid: number;
}
