/** Where the project lies: the same from source, from the compiled folder and from an installed package. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Absolute path of the folder that holds package.json. */
export const PROJECT_ROOT = findRoot();

/** A program of ours as compiled: what is started as a process always runs from there. */
export function compiled(path: string): string {
  return join(PROJECT_ROOT, 'dist', path);
}
