import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Deadline, done, notYet, until } from './deadline.ts';
import { Ledger, startTimeOf, sweep } from './ledger.ts';

function sleeper(): number {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true });
  child.unref();
  if (child.pid === undefined) throw new Error('no sleeper');
  return child.pid;
}

async function gone(pid: number): Promise<void> {
  await until(`pid ${pid} to end`, Deadline.after(5_000), () =>
    Promise.resolve(startTimeOf(pid) === undefined ? done() : notYet('runs')),
  );
}

/** Makes a run look as if its own process had been killed. */
function orphan(ledger: Ledger): void {
  const file = join(ledger.folder, 'run.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...record, startTime: 'another time' }));
}

test('a run ends what it recorded and removes its folder', async () => {
  const ledger = Ledger.create();
  const pid = sleeper();
  ledger.own({ what: 'process', pid, name: 'sleeper' });
  expect(ledger.end()).toEqual([`process sleeper (pid ${pid})`]);
  await gone(pid);
  expect(existsSync(ledger.folder)).toBe(false);
});

test('the next run sweeps what a killed run left, and leaves alone what a living one owns', async () => {
  const living = Ledger.create();
  const killed = Ledger.create();
  const mine = sleeper();
  const left = sleeper();
  living.own({ what: 'process', pid: mine, name: 'mine' });
  killed.own({ what: 'process', pid: left, name: 'left behind' });
  orphan(killed);
  const swept = await sweep(Deadline.after(10_000));
  expect(swept).toContain(`process left behind (pid ${left})`);
  expect(startTimeOf(left)).toBeUndefined();
  expect(existsSync(killed.folder)).toBe(false);
  expect(startTimeOf(mine)).toBeDefined();
  living.end();
  await gone(mine);
});

test('a pid that now belongs to another process is left alone', () => {
  const ledger = Ledger.create();
  const pid = sleeper();
  writeFileSync(
    join(ledger.folder, 'owned-reused.json'),
    JSON.stringify({ what: 'process', pid, name: 'reused', startTime: 'long ago' }),
  );
  expect(ledger.end()).toEqual([]);
  expect(startTimeOf(pid)).toBeDefined();
  process.kill(pid, 'SIGKILL');
});

test('a run that was kept on purpose is not swept', async () => {
  const ledger = Ledger.create();
  ledger.keep();
  orphan(ledger);
  await sweep(Deadline.after(5_000));
  expect(existsSync(ledger.folder)).toBe(true);
  await sweep(Deadline.after(5_000), true);
  expect(existsSync(ledger.folder)).toBe(false);
});
