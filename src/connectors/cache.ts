/** A folder for things that are worth keeping between runs: programs unpacked, data folders initialised. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** `$XDG_CACHE_HOME/transfer-e2e`, in the home folder unless that says otherwise. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME ?? '';
  return join(base === '' ? join(homedir(), '.cache') : base, 'transfer-e2e');
}

/**
 * Makes a folder of the cache unless it is there, so that others see all of it or nothing.
 *
 * @param make fills an empty staging folder beside it.
 * @returns the folder.
 */
export async function once(folder: string, make: (staging: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  await removeAbandoned(dirname(folder));
  const staging = `${folder}.part-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(staging);
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
