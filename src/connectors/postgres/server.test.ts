/** The embedded server as a whole: starts, crashes, stops; and the change log's readers. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { LogicalReplicationService, PgoutputPlugin } from 'pg-logical-replication';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deadline, done, notYet, until } from '../../core/deadline.ts';
import { startTimeOf } from '../../core/ledger.ts';
import type { HostView } from '../../core/server.ts';
import { hasChangeLog, type Killable, type Server } from '../connector.ts';
import { postgres } from './index.ts';
import { timeZoneFor } from '../../core/zones.ts';

interface Started {
  readonly server: Server;
  readonly pids: readonly number[];
  readonly directory: string;
}

async function start(seed: string, signal = new AbortController().signal): Promise<Started> {
  const directory = mkdtempSync(join(tmpdir(), 'e2e-server-'));
  const pids: number[] = [];
  const server = await postgres.provision('embedded', {
    seed,
    directory,
    signal,
    own: (owned) => {
      if (owned.what === 'process') pids.push(owned.pid);
    },
  });
  return { server, pids, directory };
}

async function stop({ server, pids, directory }: Started): Promise<void> {
  await server[Symbol.asyncDispose]();
  expect(pids.filter((pid) => startTimeOf(pid) !== undefined)).toEqual([]);
  rmSync(directory, { recursive: true, force: true });
}

async function ask(view: HostView, question: string, database = view.root): Promise<unknown> {
  const client = new pg.Client({ ...view, ssl: false, password: view.password.reveal(), database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(question);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

describe('embedded Postgres', () => {
  it('starts twice at once, each with a port, a password and a time zone of its own', async () => {
    const [one, two] = await Promise.all([start('a'), start('b')]);
    try {
      const [first, second] = [one.server.info.hostView, two.server.info.hostView];
      expect(first.port).not.toBe(second.port);
      expect(first.password.reveal()).not.toBe(second.password.reveal());
      expect(await ask(first, 'SHOW timezone')).toBe(timeZoneFor('postgres server', 'a'));
      expect(await ask(second, 'SHOW timezone')).toBe(timeZoneFor('postgres server', 'b'));
      expect(await ask(first, 'SHOW wal_level')).toBe('logical');
      await expect(ask({ ...first, password: second.password }, 'SELECT 1')).rejects.toThrow(/password/);
      expect(readFileSync(one.server.info.logFile ?? '', 'utf8')).toContain('ready to accept connections');
    } finally {
      await Promise.all([stop(one), stop(two)]);
    }
  });

  it('stands up again after a crash, on the same port, with what was committed', async () => {
    const started = await start('crash');
    try {
      const server = started.server as Server & Killable;
      await using session = await postgres.open(server.info, 'crashing');
      await session.write({ kind: 'native', statements: 'CREATE TABLE kept AS SELECT 42 AS v' });
      await server.kill();
      await expect(ask(server.info.hostView, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
      // A pooled connection may live a moment longer than the server; a new one may not.
      await expect(postgres.open(server.info, 'late')).rejects.toThrow(/^cannot connect to Postgres at postgres@127/);
      await server.start();
      expect(await ask(server.info.hostView, 'SELECT v FROM kept', 'crashing')).toBe(42);
      expect(await session.tables()).toHaveLength(1);
      expect(started.pids).toHaveLength(2);
    } finally {
      await stop(started);
    }
  });

  it('leaves no process when the caller gives up during the start', async () => {
    const stopping = new AbortController();
    const directory = mkdtempSync(join(tmpdir(), 'e2e-server-'));
    const pids: number[] = [];
    const starting = postgres.provision('embedded', {
      seed: 'x',
      directory,
      signal: stopping.signal,
      own: (owned) => {
        if (owned.what === 'process') pids.push(owned.pid);
        stopping.abort(new Error('changed my mind'));
      },
    });
    await expect(starting).rejects.toThrow('changed my mind');
    expect(pids).toHaveLength(1);
    expect(pids.filter((pid) => startTimeOf(pid) !== undefined)).toEqual([]);
    rmSync(directory, { recursive: true, force: true });
  });

  it('makes its folder passable for the user that it runs as', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'e2e-server-'));
    chmodSync(directory, 0o700);
    const { signal } = new AbortController();
    const server = await postgres.provision('embedded', { seed: '1', directory, signal, own: () => undefined });
    await server[Symbol.asyncDispose]();
    expect(existsSync(join(directory, 'data', 'postmaster.pid'))).toBe(false);
    rmSync(directory, { recursive: true, force: true });
  });
});

describe('the change log', () => {
  let started: Started;
  beforeAll(async () => {
    started = await start('log');
  });
  afterAll(async () => {
    await stop(started);
  });

  async function follow(database: string, slot: string): Promise<LogicalReplicationService> {
    const view = started.server.info.hostView;
    await ask(view, `SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`, database);
    await ask(view, 'CREATE PUBLICATION everything FOR ALL TABLES', database);
    const { host, port, user } = view;
    const service = new LogicalReplicationService(
      { host, port, user, password: view.password.reveal(), database },
      { acknowledge: { auto: true, timeoutSeconds: 1 } },
    );
    service.on('error', () => undefined);
    void service
      .subscribe(new PgoutputPlugin({ protoVersion: 1, publicationNames: ['everything'] }), slot)
      .catch(() => undefined);
    return service;
  }

  it('tells who reads it, whether attached, and how far', async () => {
    await using session = await postgres.open(started.server.info, 'followed');
    if (!hasChangeLog(session)) throw new Error('a Postgres session has a change log');
    await session.write({ kind: 'native', statements: 'CREATE TABLE t (id int PRIMARY KEY)' });
    const service = await follow('followed', 'reader');
    const deadline = Deadline.after(20_000);
    const start = await session.position();
    await until('the reader to attach', deadline, async () => {
      const [reader] = await session.consumers(start);
      return reader?.attached === true ? done() : notYet(JSON.stringify(reader));
    });
    await session.write({ kind: 'native', statements: 'INSERT INTO t SELECT generate_series(1, 1000)' });
    const end = await session.position();
    await until('the reader to confirm', deadline, async () => {
      const [reader] = await session.consumers(end);
      return reader?.reached === true ? done() : notYet(JSON.stringify(reader));
    });
    await service.stop();
    await until('the reader to leave', deadline, async () => {
      const [reader] = await session.consumers(end);
      return reader?.attached === false ? done() : notYet(JSON.stringify(reader));
    });
    await session.write({ kind: 'native', statements: 'INSERT INTO t SELECT generate_series(1001, 2000)' });
    expect(await session.consumers(await session.position())).toEqual([
      {
        name: 'reader',
        attached: false,
        reached: false,
        state: expect.stringMatching(/^confirmed [0-9A-F/]+, [\d,]+ bytes behind, not attached$/) as string,
      },
    ]);
    expect(await session.dropConsumers()).toEqual(['reader']);
    expect(await session.consumers(end)).toEqual([]);
  });

  it('sees the readers of its own database only', async () => {
    await using one = await postgres.open(started.server.info, 'one');
    await using two = await postgres.open(started.server.info, 'two');
    if (!hasChangeLog(one) || !hasChangeLog(two)) throw new Error('a Postgres session has a change log');
    await ask(started.server.info.hostView, "SELECT pg_create_logical_replication_slot('of_one', 'pgoutput')", 'one');
    expect((await one.consumers(await one.position())).map(({ name }) => name)).toEqual(['of_one']);
    expect(await two.consumers(await two.position())).toEqual([]);
    expect(await two.dropConsumers()).toEqual([]);
    expect(await one.consumers(await one.position())).toHaveLength(1);
  });

  it('drops a namespace although a reader is attached to its slot', async () => {
    const session = await postgres.open(started.server.info, 'held');
    if (!hasChangeLog(session)) throw new Error('a Postgres session has a change log');
    const service = await follow('held', 'holder');
    const start = await session.position();
    await until('the reader to attach', Deadline.after(20_000), async () => {
      const [reader] = await session.consumers(start);
      return reader?.attached === true ? done() : notYet(JSON.stringify(reader));
    });
    await session[Symbol.asyncDispose]();
    const view = started.server.info.hostView;
    expect(await ask(view, "SELECT count(*)::int FROM pg_replication_slots WHERE slot_name = 'holder'")).toBe(0);
    expect(await ask(view, "SELECT count(*)::int FROM pg_database WHERE datname = 'held'")).toBe(0);
    await service.stop();
  });
});
