/** An initialised data folder to copy from: initialising takes seconds, a copy tenths. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ProvisionError } from '../../core/errors.ts';
import { cacheFolder, once } from '../cache.ts';
import type { Programs } from './programs.ts';

const INITIALISE_MS = 120_000;

/** Root may run it: the data is nobody's and gone with the run. */
export function userArguments(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

/** Copies an initialised data folder to `target`, which must not exist. @throws ProvisionError with the server's words. */
export async function copyTemplate(programs: Programs, target: string, signal: AbortSignal): Promise<void> {
  const name = `${programs.product.toLowerCase()}-template-${programs.version}-${process.arch}`;
  const folder = await once(join(cacheFolder(), name), (staging) => initialise(programs, staging, signal));
  // A file system that can shares the blocks until somebody writes.
  await execa('cp', [
    '-R',
    '-p',
    ...(process.platform === 'linux' ? ['--reflink=auto'] : []),
    join(folder, 'data'),
    target,
  ]);
}

async function initialise(programs: Programs, staging: string, signal: AbortSignal): Promise<void> {
  const data = join(staging, 'data');
  await mkdir(data, { mode: 0o700 });
  const common = ['--no-defaults', `--datadir=${data}`, ...programs.files, ...userArguments()];
  const [file, ...first] = programs.command;
  const mariadb = programs.product === 'MariaDB';
  const input = mariadb ? await systemTables(programs) : '';
  const verb = mariadb
    ? ['--bootstrap', '--skip-grant-tables', '--innodb-log-file-size=32M']
    : ['--initialize-insecure'];
  const result = await execa(file, [...first, ...common, ...verb], {
    ...{
      input,
      reject: false,
      timeout: INITIALISE_MS,
      cancelSignal: signal,
      all: true,
      env: { LC_ALL: 'C', TZ: 'UTC' },
    },
  });
  signal.throwIfAborted();
  if (result.failed) {
    const words = result.all.trim().split('\n').slice(-5).join(' | ');
    throw new ProvisionError(`${programs.where} could not make a data folder: ${words}`);
  }
  await writeFile(join(data, 'auto.cnf'), '', { flag: 'a' });
}

/** What mariadb-install-db feeds to a server that bootstraps. */
async function systemTables({ share }: Programs): Promise<string> {
  if (share === undefined) throw new ProvisionError('the files of MariaDB (share/mysql) are not beside its program');
  const there = await readdir(share);
  const texts = await Promise.all(
    ['system_tables', 'performance_tables', 'system_tables_data'].map(async (name) => {
      // Some were renamed, release by release.
      const file = [`mariadb_${name}.sql`, `mysql_${name}.sql`].find((candidate) => there.includes(candidate));
      if (file === undefined)
        throw new ProvisionError(`${share} holds no mariadb_${name}.sql: MariaDB is not whole there`);
      return readFile(join(share, file), 'utf8');
    }),
  );
  return ['CREATE DATABASE IF NOT EXISTS mysql;', 'USE mysql;', 'SET @auth_root_socket=NULL;', ...texts].join('\n');
}

/** Statements of `--init-file`, one a line: our user with a password that nobody else has, and no other way in. */
export function firstStatements(user: string, password: string): string {
  return [
    `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${user}'@'%' WITH GRANT OPTION;`,
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${randomBytes(18).toString('hex')}';`,
    '',
  ].join('\n');
}
