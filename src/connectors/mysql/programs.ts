/**
 * Which MySQL the embedded stack starts, and why: `E2E_MYSQL` names one, else the first of these that works here:
 * 1. `mysqld` of the machine
 * 2. the distribution's own package, downloaded and unpacked (packages.ts)
 * MariaDB is taken only when it is asked for: what runs on it proves nothing about MySQL.
 */
import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { messageOf, ProvisionError } from '../../core/errors.ts';
import { readVersion, type Product } from './connection.ts';
import { unpackServer } from './packages.ts';

export interface Programs extends Product {
  /** The server's program, what comes before it, and where its own files lie. */
  readonly command: readonly [string, ...string[]];
  readonly files: readonly string[];
  /** Folder of message and system files: `/usr/share/mysql`. */
  readonly share: string | undefined;
  /** In words, for `doctor`. */
  readonly where: string;
}

const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/usr/local/mysql/bin', '/opt/homebrew/bin'];
const NAMES = { MySQL: ['mysqld'], MariaDB: ['mariadbd', 'mysqld'] } as const;
const VERSION_MS = 20_000;

/** @throws ProvisionError saying what was looked at, and what to install. */
export async function findPrograms(signal: AbortSignal, env: NodeJS.ProcessEnv = process.env): Promise<Programs> {
  const wanted = env.E2E_MYSQL ?? '';
  if (wanted !== '' && wanted !== 'mysql' && wanted !== 'mariadb') return named(wanted);
  const product = wanted === 'mariadb' ? 'MariaDB' : 'MySQL';
  const failures: string[] = [];
  for (const look of [onMachine, inPackages]) {
    try {
      return await look(product, signal, env);
    } catch (error) {
      signal.throwIfAborted();
      failures.push(messageOf(error));
    }
  }
  throw new ProvisionError(`no ${product} here: ${failures.join('; ')}. ${REMEDY}`);
}

export const REMEDY =
  'Install mysql-server (only its programs are used), let E2E_MYSQL name a mysqld, or use E2E_STACK=container or external.';

async function named(path: string): Promise<Programs> {
  const program = resolve(path);
  try {
    await access(program, constants.X_OK);
    return await installed(program, `E2E_MYSQL=${path}`);
  } catch (error) {
    throw new ProvisionError(
      `E2E_MYSQL=${path} is neither mysql, mariadb nor a server's program: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

async function onMachine(product: Product['product'], _signal: AbortSignal, env: NodeJS.ProcessEnv): Promise<Programs> {
  const folders = [...(env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...FOLDERS];
  const others = new Set<string>();
  for (const name of NAMES[product]) {
    for (const folder of new Set(folders)) {
      const program = join(folder, name);
      if (!(await canRun(program))) continue;
      const found = await installed(program, program);
      if (found.product === product) return found;
      others.add(`${program} is ${found.product}`);
    }
  }
  throw new ProvisionError(
    others.size === 0 ? `no ${NAMES[product].join(' or ')} on this machine` : [...others].join(', '),
  );
}

async function canRun(program: string): Promise<boolean> {
  return access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function installed(program: string, where: string): Promise<Programs> {
  return {
    ...(await versionOf([program])),
    command: [program],
    files: [],
    share: await shareOf(dirname(dirname(program))),
    where,
  };
}

async function inPackages(product: Product['product'], signal: AbortSignal): Promise<Programs> {
  const { root, loader } = await unpackServer(product === 'MySQL' ? 'mysql' : 'mariadb', signal);
  const sbin = join(root, 'usr', 'sbin');
  const names = await readdir(sbin);
  const name = NAMES[product].find((candidate) => names.includes(candidate));
  if (name === undefined) throw new ProvisionError(`the unpacked package in ${root} holds no server`);
  const command = [...loader, join(sbin, name)] as const;
  const usr = join(root, 'usr');
  const share = await shareOf(usr);
  const version = await versionOf(command);
  return {
    ...version,
    command,
    files: [
      `--basedir=${usr}`,
      ...(share === undefined ? [] : [`--lc-messages-dir=${share}`, `--character-sets-dir=${join(share, 'charsets')}`]),
      `--plugin-dir=${join(usr, 'lib', 'mysql', 'plugin')}`,
    ],
    share,
    where: `${version.product} ${version.version} of the distribution's packages, unpacked in ${root}`,
  };
}

async function shareOf(usr: string): Promise<string | undefined> {
  for (const name of ['mysql', 'mariadb', 'mysql-8.0', 'mysql-8.4']) {
    const folder = join(usr, 'share', name);
    if (await canRead(join(folder, 'charsets'))) return folder;
  }
  return undefined;
}

async function canRead(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** `mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))` */
async function versionOf(command: readonly [string, ...string[]]): Promise<Product> {
  const [file, ...args] = command;
  const { stdout } = await execa(file, [...args, '--no-defaults', '--version'], {
    timeout: VERSION_MS,
    stdin: 'ignore',
  });
  return readVersion(/\bVer\s+(\S+)/.exec(stdout)?.[1] ?? stdout);
}
