/** Where an engine's program is: from an environment variable, checked before anything is started. */
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';

/** @returns the program and its first arguments: a script of JavaScript runs under this node, all else by itself. */
export function programFrom(env: NodeJS.ProcessEnv, variable: string): [string, ...string[]] {
  const given = env[variable];
  if (given === undefined || given === '') {
    throw new UsageError('ENGINE_PATH', `${variable} is not set: set it to the path of the engine's program`);
  }
  const path = resolve(given);
  const script = /\.[cm]?js$/.test(path);
  try {
    if (!statSync(path).isFile()) throw new Error('it is not a file');
    accessSync(path, script ? constants.R_OK : constants.X_OK);
  } catch (cause) {
    const what = script ? 'readable' : 'executable';
    throw new UsageError('ENGINE_PATH', `${variable}=${given}: there is no ${what} program at that path`, { cause });
  }
  return script ? [process.execPath, path] : [path];
}

/** Arguments as a person writes them in a variable: split at blanks. */
export function argumentsIn(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((argument) => argument !== '');
}
