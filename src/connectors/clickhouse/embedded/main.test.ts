import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { PROGRAM, SpawnedServer } from './spawned-server.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'embedded-main-'));
  folders.push(made);
  return made;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the command line', () => {
  it.each([
    [[], '--port'],
    [['--port', '0'], '--data'],
    [['--port', 'x', '--data', 'd'], '--port'],
    [['--port', '65536', '--data', 'd'], '--port'],
    [['--port', '0', '--data', 'd', '--nope'], '--nope'],
    [['--port', '0', '--data', 'd', 'positional'], 'positional'],
  ])('%j exits 2 and names the mistake in one line', (flags, mistake) => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [PROGRAM, ...flags], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(mistake);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('a port that is taken exits 1 and says so', async () => {
    await using server = await SpawnedServer.start();
    const flags = ['--port', new URL(server.url).port, '--data', folder()];
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...flags], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, expect.stringContaining('EADDRINUSE')]);
  });

  it('a data folder in use exits 1 and says so', async () => {
    await using server = await SpawnedServer.start();
    const flags = ['--port', '0', '--data', server.data];
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...flags], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).not.toBe('');
    expect(await server.text('SELECT 1')).toBe('1\n');
  });
});

describe('ending', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends it in order, a running query included', async (signal) => {
    await using server = await SpawnedServer.start();
    const long = server.text('SELECT max(sipHash64(number)) FROM numbers(50000000000)').catch(() => 'cut');
    await server.text('SELECT sleep(0.1)');
    expect(await server.end(signal)).toEqual({ code: 0, signal: null });
    expect(await long).toBe('cut');
  });

  it('comes with the end of its parent', async () => {
    await using server = await SpawnedServer.start();
    const exited = once(server.child, 'exit');
    server.child.stdin?.end();
    expect(await exited).toEqual([0, null]);
  });

  it('keeps the data, also when it is killed', async () => {
    const data = join(folder(), 'data');
    await using first = await SpawnedServer.start({ data });
    await first.text('CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a');
    await first.text('INSERT INTO t VALUES (1)');
    await first.end('SIGKILL');
    await using second = await SpawnedServer.start({ data });
    expect(await second.text('SELECT * FROM t')).toBe('1\n');
    expect(await second.text("SELECT engine FROM system.databases WHERE name = 'default'")).toBe('Atomic\n');
    await second.end();
    expect(existsSync(data)).toBe(true);
  });
});

describe('without UV_THREADPOOL_SIZE', () => {
  async function launch(): Promise<{ launcher: ReturnType<typeof spawn>; pid: number; port: number }> {
    const env = { ...process.env };
    delete env.UV_THREADPOOL_SIZE;
    const flags = ['--port', '0', '--data', join(folder(), 'data')];
    const launcher = spawn(process.execPath, [PROGRAM, ...flags], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(createInterface({ input: launcher.stdout }), 'line')) as [string];
    return { launcher, ...(JSON.parse(line) as { pid: number; port: number }) };
  }

  it('it runs in a child that has threads enough, and signals reach it', async () => {
    const { launcher, pid, port } = await launch();
    expect(pid).not.toBe(launcher.pid);
    const ask = async (sql: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: sql })).text();
    const sleeps = Array.from({ length: 12 }, () => ask('SELECT sleep(3)'));
    const running = "SELECT count() >= 12 FROM system.processes WHERE query LIKE 'SELECT sleep%'";
    await expect.poll(() => ask(running), { timeout: 10_000 }).toBe('1\n');
    await Promise.all(sleeps);
    launcher.kill('SIGTERM');
    expect(await once(launcher, 'exit')).toEqual([0, null]);
    expect(isAlive(pid)).toBe(false);
  });

  it('the child ends when its launcher is killed', async () => {
    const { launcher, pid } = await launch();
    launcher.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });
});
