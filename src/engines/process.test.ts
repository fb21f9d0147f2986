import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Deadline, done, notYet, until } from '../core/deadline.ts';
import { Ledger, startTimeOf } from '../core/ledger.ts';
import type { EngineProcess } from './engine.ts';
import { startEngine } from './process.ts';

const ledger = Ledger.create();
const directory = mkdtempSync(join(tmpdir(), 'engine-test-'));
afterAll(() => {
  ledger.end();
});

let owners = 0;
function start(script: string): Promise<EngineProcess> {
  owners += 1;
  const owner = `test-${process.pid}-${owners}`;
  return startEngine({ file: process.execPath, args: ['-e', script], directory, env: {}, owner, ledger });
}

async function printed(engine: EngineProcess, text: string): Promise<void> {
  await until(`"${text}" in the output`, Deadline.after(10_000), () =>
    Promise.resolve(engine.log().includes(text) ? done() : notYet(engine.log())),
  );
}

test('an engine that ends by itself leaves its exit code and its last error', async () => {
  await using engine = await start(`console.error('Error: no such table'); console.log('bye'); process.exitCode = 4`);
  expect(await engine.exited).toMatchObject({ code: 4, signal: null, forced: false });
  await printed(engine, 'bye');
  expect(engine.lastError()).toBe('Error: no such table');
});

test('an engine that fails in words of its own is quoted; one that ends well has no error', async () => {
  await using failing = await start(`console.error('trctl: table t cannot be carried'); process.exitCode = 4`);
  await failing.exited;
  await printed(failing, 'carried');
  expect(failing.lastError()).toBe('trctl: table t cannot be carried');
  await using fine = await start(`console.log('copied 5 rows')`);
  await fine.exited;
  await printed(fine, 'copied');
  expect(fine.lastError()).toBeUndefined();
});

test('SIGTERM is enough for an engine that heeds it', async () => {
  await using engine = await start(
    `process.on('SIGTERM', () => process.exit(0)); console.log('up'); setInterval(() => {}, 1e3)`,
  );
  await printed(engine, 'up');
  expect(await engine.stop(10_000)).toMatchObject({ code: 0, forced: false });
});

test('an engine that ignores SIGTERM is killed after its grace, and that is said', async () => {
  await using engine = await start(`process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1e3)`);
  await printed(engine, 'up');
  expect(await engine.stop(200)).toMatchObject({ code: null, signal: 'SIGKILL', forced: true });
});

test('what an engine started ends with it, also outside its process group', async () => {
  await using engine = await start(`
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)'], { detached: true, stdio: 'ignore' });
    console.log('child ' + child.pid + ' end'); setInterval(() => {}, 1e3)`);
  await printed(engine, ' end');
  const child = Number(/child (\d+)/.exec(engine.log())?.[1]);
  expect(startTimeOf(child)).toBeDefined();
  await engine.kill();
  await until('the child to end', Deadline.after(5_000), () =>
    Promise.resolve(startTimeOf(child) === undefined ? done() : notYet('it runs')),
  );
});

test('an engine that prints without end is neither blocked nor kept in memory', async () => {
  await using engine = await start(`
    const block = Buffer.alloc(1 << 20, 'x'); let left = 300;
    const next = () => { if (left-- > 0) process.stdout.write(block, next); else process.stdout.write('\\nlast words\\n'); }; next()`);
  const before = process.memoryUsage().rss;
  await engine.exited;
  await printed(engine, 'last words');
  expect(engine.log()).toMatch(/bytes left out/);
  expect(engine.log().length).toBeLessThan(4 << 20);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
});

test('a program that is not there is a clear error', async () => {
  const starting = startEngine({ file: '/no/such/engine', args: [], directory, env: {}, owner: 'none', ledger });
  await expect(starting).rejects.toThrow(/cannot start the engine \/no\/such\/engine/);
});
