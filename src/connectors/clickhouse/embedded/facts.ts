// What the engine says about itself, asked once; and what is set right in a fresh data directory. Must not know HTTP.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from './connection.ts';

export interface Facts {
  readonly version: string;
  readonly timezone: string;
  readonly hostname: string;
  /** Content-Type by format, in lower case. */
  readonly contentTypes: ReadonlyMap<string, string>;
  /** The names of all settings. */
  readonly settings: ReadonlySet<string>;
}

export async function readFacts(connection: Connection): Promise<Facts> {
  const [version = '', timezone = '', hostname = ''] = (
    await connection.text('SELECT version(), serverTimezone(), hostName()')
  ).split('\t');
  const types = await connection.text('SELECT lower(name), content_type FROM system.formats WHERE is_output');
  const contentTypes = new Map(
    types.split('\n').map((line) => {
      const [name = '', type = ''] = line.split('\t');
      return [name, type] as const;
    }),
  );
  const settings = new Set((await connection.text('SELECT name FROM system.settings')).split('\n'));
  return { version, timezone, hostname, contentTypes, settings };
}

/**
 * chdb's database `default` shows the files of the working directory as tables, on every start. A server's does not:
 * a query for a missing table must fail. So the database beneath is attached in its place.
 */
export async function makeDefaultDatabasePlain(connection: Connection, data: string): Promise<void> {
  if ((await connection.text("SELECT engine FROM system.databases WHERE name = 'default'")) !== 'Overlay') return;
  const uuid = await storedUuid(join(data, 'metadata', 'default.sql'));
  if (uuid === undefined) {
    await connection.run('DROP DATABASE default; CREATE DATABASE default ENGINE = Atomic');
  } else {
    await connection.run(`DETACH DATABASE default; ATTACH DATABASE default UUID '${uuid}' ENGINE = Atomic`);
  }
}

/** The UUID in a database's metadata file; undefined if there is no such file yet. */
async function storedUuid(path: string): Promise<string | undefined> {
  try {
    return /UUID '([0-9a-f-]+)'/.exec(await readFile(path, 'utf8'))?.[1];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
