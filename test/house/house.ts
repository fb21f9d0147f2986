/** What the tests of the house's own rules look at: its rooms, its tracked files, its compiler settings. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

export const ROOT = join(import.meta.dirname, '..', '..');

interface RoomsModule {
  readonly ROOMS: Readonly<Record<string, readonly string[]>>;
}

/** Room → rooms it may import from, as the linter has it. */
export const { ROOMS } = (await import(pathToFileURL(join(ROOT, 'tools/rooms.js')).href)) as RoomsModule;

/** A room's tsconfig.json as the compiler reads it. */
export function compilerView(room: string): ts.ParsedCommandLine {
  const file = join(ROOT, room, 'tsconfig.json');
  const parsed = ts.getParsedCommandLineOfConfigFile(
    file,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (problem) => {
        throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
      },
    },
  );
  if (parsed === undefined) throw new Error(`${file} cannot be read`);
  return parsed;
}

/**
 * Files that git tracks or would track, without those deleted in the work tree. The work tree may belong to another
 * user than the one who runs the tests, which git refuses unless told otherwise.
 */
export function sourceFiles(): string[] {
  return execFileSync(
    'git',
    ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    },
  )
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(ROOT, file)));
}

export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
