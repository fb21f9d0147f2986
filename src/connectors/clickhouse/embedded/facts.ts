// What the engine says about itself, asked once; and what is set right in a fresh data directory. Must not know HTTP.
import type { Connection } from './connection.ts';

export interface Facts {
  readonly version: string;
  readonly timezone: string;
  readonly hostname: string;
  /** Content-Type by format, in lower case. */
  readonly contentTypes: ReadonlyMap<string, string>;
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
  return { version, timezone, hostname, contentTypes };
}

/**
 * chdb's database `default` shows the files of the working directory as tables. A server's does not: a query for a
 * missing table must fail. Only an empty one is replaced.
 */
export async function makeDefaultDatabasePlain(connection: Connection): Promise<void> {
  if ((await connection.text("SELECT engine FROM system.databases WHERE name = 'default'")) !== 'Overlay') return;
  if ((await connection.text("SELECT count() FROM system.tables WHERE database = 'default'")) !== '0') return;
  await connection.run('DROP DATABASE default');
  await connection.run('CREATE DATABASE default ENGINE = Atomic');
}
