import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { resolveStack, type AutoOptions } from './stack.ts';

const auto: AutoOptions = {
  kinds: ['postgres', 'clickhouse'],
  signal: new AbortController().signal,
  say: () => undefined,
  pull: () => Promise.resolve(),
};

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A daemon that answers a ping, and nothing else. */
async function daemon(): Promise<Server & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'stack-test-'));
  const server = createServer((_request, response) => response.end('OK'));
  await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve));
  vi.stubEnv('DOCKER_HOST', `unix://${folder}/docker.sock`);
  return Object.assign(server, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

test('a stack is taken by its name, and embedded without one', async () => {
  expect(await resolveStack(undefined, auto)).toEqual({ stack: 'embedded' });
  expect(await resolveStack('external', auto)).toEqual({ stack: 'external' });
  await expect(resolveStack('podman', auto)).rejects.toThrow(/no such stack; it is one of auto, embedded, container/);
});

test('auto takes containers where every image can be had', async () => {
  await using answering = await daemon();
  expect(answering.listening).toBe(true);
  const pulled: string[] = [];
  const chosen = await resolveStack('auto', { ...auto, pull: (kind) => Promise.resolve(pulled.push(kind)) });
  expect(chosen).toEqual({ stack: 'container' });
  expect(pulled).toEqual(['postgres', 'clickhouse']);
});

test('auto says why it fell back: an image that cannot be had, or no daemon', async () => {
  await using answering = await daemon();
  expect(answering.listening).toBe(true);
  const refuse = (): Promise<never> => Promise.reject(new Error('no such host'));
  expect(await resolveStack('auto', { ...auto, pull: refuse })).toEqual({ stack: 'embedded', why: 'no such host' });
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');
  expect(await resolveStack('auto', auto)).toEqual({ stack: 'embedded', why: 'no Docker daemon answers' });
});
