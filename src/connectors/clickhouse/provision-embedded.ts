/**
 * The embedded ClickHouse (embedded/main.ts, compiled) as a child process.
 *
 * 1. it starts with a data folder, a user and a random password of its own, in the time zone that the seed says
 * 2. it is ready when it prints its port as one JSON line
 * 3. it holds the other end of a pipe to us and ends by itself when we are gone
 * 4. disposing stops it: SIGTERM, and SIGKILL when that takes too long
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Deadline, within } from '../../core/deadline.ts';
import { BarrierTimeout, E2eError, messageOf, ProvisionError } from '../../core/errors.ts';
import { compiled } from '../../core/root.ts';
import { Secret } from '../../core/secret.ts';
import type { Address, ServerInfo } from '../../core/server.ts';
import type { Killable, Pausable, Probe, ProvisionOptions, Server } from '../connector.ts';
import { timeZoneFor } from '../../core/zones.ts';

const HOST = '127.0.0.1';
const USER = 'default';
const READY_MS = 60_000;
const STOP_MS = 15_000;
/** The engine's queries occupy threads of Node's pool, whose size is set before a process starts. */
const THREADS = '64';

const PROGRAM = compiled('src/connectors/clickhouse/embedded/main.js');

export function probeEmbedded(): Promise<Probe> {
  if (!existsSync(PROGRAM)) {
    return Promise.resolve({ available: false, why: `${PROGRAM} is not there`, remedy: 'run `npm run build`' });
  }
  try {
    const version = createRequire(import.meta.url)('chdb/package.json') as { version: string };
    return Promise.resolve({ available: true, what: `npm chdb ${version.version}` });
  } catch (error) {
    return Promise.resolve({
      available: false,
      why: messageOf(error),
      remedy: 'run `npm ci` without --omit=optional; chdb has binaries for Linux and macOS',
    });
  }
}

/** @throws ProvisionError with the server's own last words. */
export async function provisionEmbedded(options: ProvisionOptions): Promise<Server & Killable & Pausable> {
  const probed = await probeEmbedded();
  if (!probed.available) throw new ProvisionError(`no embedded ClickHouse: ${probed.why}; ${probed.remedy}`);
  const deadline = Deadline.after(READY_MS, options.signal);
  const password = new Secret(randomBytes(18).toString('hex'));
  const server = new ServerProcess(options, password);
  try {
    const { port, nativePort, version } = await server.start(deadline);
    const address: Address = {
      host: HOST,
      port,
      ports: { http: port, native: nativePort },
      user: USER,
      password,
      tls: false,
      root: 'default',
    };
    const info: ServerInfo = {
      kind: 'clickhouse',
      stack: 'embedded',
      version,
      product: 'ClickHouse',
      emulated: false, // the engine is ClickHouse's own; only the two fronts are ours
      hostView: { ...address, view: 'host' },
      engineView: { ...address, view: 'engine' },
      logFile: server.logFile,
    };
    return {
      info,
      kill: () => server.kill(),
      start: async () => {
        await server.start(Deadline.after(READY_MS));
      },
      pause: () => {
        server.signal('SIGSTOP');
        return Promise.resolve();
      },
      resume: () => {
        server.signal('SIGCONT');
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => server.stop(),
    };
  } catch (error) {
    await server.kill();
    options.signal.throwIfAborted();
    throw new ProvisionError(`embedded ClickHouse did not start: ${messageOf(error)}${await server.lastWords()}`, {
      cause: error,
    });
  }
}

/** The child must not keep our process alive; that it ends with us is the business of the pipe to it. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
}

interface Ready {
  readonly port: number;
  readonly nativePort: number;
  readonly version: string;
  readonly pid: number;
}

/** The server's process, as often as it is started: on the ports that it had before. */
class ServerProcess {
  readonly logFile: string;
  readonly #options: ProvisionOptions;
  readonly #password: Secret;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #port = 0;
  #nativePort = 0;

  constructor(options: ProvisionOptions, password: Secret) {
    this.#options = options;
    this.#password = password;
    this.logFile = join(options.directory, 'clickhouse.log');
  }

  async start(deadline: Deadline): Promise<Ready> {
    const log = await open(this.logFile, 'a');
    try {
      const child = spawn(
        process.execPath,
        [
          PROGRAM,
          ...['--port', String(this.#port), '--native-port', String(this.#nativePort), '--host', HOST],
          ...['--data', join(this.#options.directory, 'data')],
          ...['--user', USER, '--password', this.#password.reveal()],
          ...['--query-log', join(this.#options.directory, 'queries.ndjson')],
          '--exit-with-parent',
        ],
        {
          // A session of its own: Ctrl-C in the terminal must not reach it before us.
          detached: true,
          env: {
            ...process.env,
            TZ: timeZoneFor('clickhouse server', this.#options.seed),
            UV_THREADPOOL_SIZE: THREADS,
            NODE_OPTIONS: '',
          },
          stdio: ['pipe', 'pipe', log.fd],
        },
      );
      this.#child = child;
      this.#exited = once(child, 'exit');
      this.#exited.catch(() => undefined);
      if (child.pid !== undefined) this.#options.own({ what: 'process', pid: child.pid, name: 'clickhouse' });
      const ready = await within('embedded ClickHouse to print its port', deadline, this.#ready(child));
      this.#port = ready.port;
      this.#nativePort = ready.nativePort;
      letGo(child);
      return ready;
    } finally {
      await log.close();
    }
  }

  async #ready(child: ChildProcess): Promise<Ready> {
    if (child.stdout === null) throw new E2eError('CLICKHOUSE_ENDED', 'the embedded server has no output');
    const lines = createInterface({ input: child.stdout });
    const ended = this.#exited.then(() => {
      throw new E2eError('CLICKHOUSE_ENDED', 'it ended while it was starting');
    });
    ended.catch(() => undefined);
    const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
    return JSON.parse(line) as Ready;
  }

  #runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#runs()) this.#child?.kill(signal);
  }

  /** SIGKILL, as a crash. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    // A paused process does not act on SIGTERM.
    this.signal('SIGCONT');
    try {
      await this.#end('SIGTERM');
    } catch (error) {
      if (!(error instanceof BarrierTimeout)) throw error;
      await this.#end('SIGKILL');
    }
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.#runs()) return;
    this.signal(signal);
    await within(`embedded ClickHouse to end on ${signal}`, Deadline.after(STOP_MS), this.#exited);
  }

  /** The end of the log, as a sentence's tail. */
  async lastWords(): Promise<string> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    const lines = log.trimEnd().split('\n').slice(-5);
    return log === '' ? '' : `; its log ends: ${lines.join(' | ')}`;
  }
}
