/**
 * A MySQL of this machine, or of its distribution's packages, as a child process.
 *
 * 1. the programs are found (programs.ts), and a data folder is copied from the template (embedded-files.ts)
 * 2. the server starts on a free port, in a session of its own: Ctrl-C in the terminal must not reach it before us
 * 3. its first statements make a user with a password that nobody else has; it is ready when a query of that user answers
 * 4. disposing stops it: SIGTERM, and SIGKILL when that takes too long
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Deadline, within } from '../../core/deadline.ts';
import { BarrierTimeout, E2eError, messageOf, ProvisionError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Address, ServerInfo } from '../../core/server.ts';
import { timeZoneFor } from '../../core/zones.ts';
import type { Killable, Probe, ProvisionOptions, Server } from '../connector.ts';
import { readyProduct } from './connection.ts';
import { copyTemplate, firstStatements, userArguments } from './embedded-files.ts';
import { findPrograms, type Programs, REMEDY } from './programs.ts';
import { settingArguments } from './server-settings.ts';

const HOST = '127.0.0.1';
const USER = 'e2e';
/** Packages may have to be downloaded before. */
const FIND_MS = 420_000;
const READY_MS = 90_000;
const STOP_MS = 10_000;
/** Another program may take the port between our look and the server's start. */
const ATTEMPTS = 5;

export async function probeEmbedded(): Promise<Probe> {
  try {
    const { product, version, where } = await findPrograms(AbortSignal.timeout(FIND_MS));
    return { available: true, what: `${product} ${version}: ${where}` };
  } catch (error) {
    return { available: false, why: messageOf(error), remedy: REMEDY };
  }
}

/** @throws ProvisionError with what was looked for, or the server's own last words. */
export async function provisionEmbedded(options: ProvisionOptions): Promise<Server & Killable> {
  const programs = await findPrograms(Deadline.after(FIND_MS, options.signal).signal());
  const deadline = Deadline.after(READY_MS, options.signal);
  const data = join(options.directory, 'data');
  await copyTemplate(programs, data, deadline.signal());
  const password = new Secret(randomBytes(18).toString('hex'));
  const process = new ServerProcess(programs, data, password, options);
  try {
    const address = await process.start(deadline);
    const info: ServerInfo = {
      kind: 'mysql',
      stack: 'embedded',
      product: programs.product,
      version: programs.version,
      emulated: false,
      hostView: { ...address, view: 'host' },
      engineView: { ...address, view: 'engine' },
      logFile: process.logFile,
    };
    return {
      info,
      kill: () => process.kill(),
      start: async () => {
        await process.start(Deadline.after(READY_MS));
      },
      [Symbol.asyncDispose]: () => process.stop(),
    };
  } catch (error) {
    await process.kill();
    options.signal.throwIfAborted();
    throw error instanceof ProvisionError
      ? error
      : new ProvisionError(`embedded MySQL did not start: ${messageOf(error)}${await process.lastWords()}`, {
          cause: error,
        });
  }
}

/** The server, as often as it is started. */
class ServerProcess {
  readonly logFile: string;
  readonly #programs: Programs;
  readonly #data: string;
  readonly #password: Secret;
  readonly #options: ProvisionOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #port: number | undefined;

  constructor(programs: Programs, data: string, password: Secret, options: ProvisionOptions) {
    this.#programs = programs;
    this.#data = data;
    this.#password = password;
    this.#options = options;
    this.logFile = join(options.directory, 'mysql.log');
  }

  /** Starts the server, on the port it had if it ran before. */
  async start(deadline: Deadline): Promise<Address> {
    const again = this.#port !== undefined;
    for (let attempt = 1; ; attempt += 1) {
      const port = this.#port ?? (await freePort());
      const address: Address = {
        ...{ host: HOST, port, ports: {}, user: USER, password: this.#password, tls: false, root: 'mysql' },
      };
      await this.#spawn(port, again);
      try {
        await readyProduct(address, deadline, () => this.#mustRun());
        this.#port = port;
        return address;
      } catch (error) {
        await this.kill();
        if (!(error instanceof ServerEnded) || attempt === ATTEMPTS) throw error;
        if (!/already in use|bind on TCP/i.test(await this.lastWords())) throw error;
      }
    }
  }

  async #spawn(port: number, again: boolean): Promise<void> {
    const { directory, seed } = this.#options;
    const temporary = join(directory, 'tmp');
    await mkdir(temporary, { recursive: true });
    const first = join(directory, 'first.sql');
    await writeFile(first, again ? '' : firstStatements(USER, this.#password.reveal()), { mode: 0o600 });
    const [file, ...args] = this.#programs.command;
    const log = await open(this.logFile, 'a');
    try {
      const child = spawn(
        file,
        [
          ...args,
          '--no-defaults',
          ...this.#programs.files,
          ...userArguments(),
          ...[`--datadir=${this.#data}`, `--tmpdir=${temporary}`, `--init-file=${first}`],
          ...[`--bind-address=${HOST}`, `--port=${port}`, `--socket=${this.#socket()}`],
          ...[`--pid-file=${join(directory, 'mysql.pid')}`],
          ...settingArguments(this.#programs.product),
        ],
        {
          ...{ cwd: directory, detached: true, stdio: ['ignore', log.fd, log.fd] },
          env: { ...process.env, LC_ALL: 'C', TZ: timeZoneFor('mysql server', seed) },
        },
      );
      this.#child = child;
      this.#exited = once(child, 'exit');
      this.#exited.catch(() => undefined);
      if (child.pid === undefined) await this.#exited;
      else this.#options.own({ what: 'process', pid: child.pid, name: 'mysql' });
      child.unref();
    } finally {
      await log.close();
    }
  }

  /** A path of a socket has 107 characters at most; ours may be longer, and nobody uses it. */
  #socket(): string {
    const path = join(this.#options.directory, 's');
    return path.length <= 100 ? path : join('/tmp', `e2e-${randomBytes(6).toString('hex')}`);
  }

  #mustRun(): void {
    if (!this.#runs()) throw new ServerEnded();
  }

  #runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL, as a crash: clients are cut off, and the next start recovers from the log. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** A stop in order; SIGKILL when it takes too long. */
  async stop(): Promise<void> {
    try {
      await this.#end('SIGTERM');
    } catch (error) {
      if (!(error instanceof BarrierTimeout)) throw error;
      await this.#end('SIGKILL');
    }
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.#runs()) return;
    this.#child?.kill(signal);
    await within(`embedded MySQL to end on ${signal}`, Deadline.after(STOP_MS), this.#exited);
  }

  /** The end of the log, as a sentence's tail. */
  async lastWords(): Promise<string> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    const lines = log.trimEnd().split('\n').slice(-5);
    return log === '' ? '' : `; its log ends: ${lines.join(' | ')}`;
  }
}

class ServerEnded extends E2eError {
  override readonly name = 'ServerEnded';
  constructor() {
    super('MYSQL_ENDED', 'embedded MySQL ended while it was starting');
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new ProvisionError('the system gave no free port');
  return address.port;
}
