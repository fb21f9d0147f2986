/** The engine in an image, over a stand-in for the docker client that writes down how it was called. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadline, done, notYet, until } from '../../core/deadline.ts';
import { Ledger } from '../../core/ledger.ts';
import { Secret } from '../../core/secret.ts';
import type { Transfer } from '../../core/transfer.ts';
import { imageEngine } from './index.ts';

/** `run` lasts until the file named `stopped` is there and ends with what it says; the rest is answered at once. */
const DOCKER = `#!/usr/bin/env node
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
const [verb, ...args] = process.argv.slice(2);
const here = (name) => new URL(name, import.meta.url);
appendFileSync(here('calls'), JSON.stringify([verb, ...args]) + '\\n');
if (verb === 'image') {
  if (args.at(-1).includes('missing')) { process.stderr.write('Error: No such image: ' + args.at(-1)); process.exit(1); }
  process.stdout.write(existsSync(here('labels')) ? readFileSync(here('labels')) : 'null');
} else if (verb === 'kill') {
  writeFileSync(here('stopped'), args.includes('TERM') ? '143' : '137');
} else if (verb === 'run') {
  process.stdout.write('copying\\n');
  setInterval(() => {
    if (existsSync(here('stopped'))) process.exit(Number(readFileSync(here('stopped'), 'utf8')));
  }, 10);
}
`;

let folder: string;
let ledger: Ledger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-test-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'docker'), DOCKER);
  chmodSync(join(folder, 'docker'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH ?? ''}`);
  ledger = Ledger.create();
});
afterEach(() => {
  ledger.end();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const calls = (): string[][] =>
  readFileSync(join(folder, 'calls'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as string[]);

function transfer(network?: string): Transfer {
  const address = {
    ...{ host: 'postgres', port: 5432, ports: {}, user: 'u', password: new Secret('p'), tls: false },
    ...{ root: 'postgres', view: 'engine' as const },
  };
  const end = { kind: 'postgres' as const, address, namespace: 'n', version: '18' };
  return {
    id: 't1',
    mode: 'snapshot',
    source: end,
    destination: end,
    tables: [{ schema: 'public', name: 'orders' }],
    cursors: [],
    cleanup: 'Drop',
    sourceParams: {},
    destinationParams: {},
    directory: folder,
    timeZone: 'Asia/Tokyo',
    ...(network === undefined ? {} : { network }),
  };
}

const signal = new AbortController().signal;

test('a call is one container on the servers’ network, in the transfer’s folder, with the arguments of the labels', async () => {
  writeFileSync(
    join(folder, 'labels'),
    '{"transfer-e2e.dialect":"trctl","transfer-e2e.arguments":"--coordinator file"}',
  );
  const engine = imageEngine(ledger, { E2E_ENGINE_IMAGE: 'their/engine:7' });
  await using running = await engine.activate(transfer('net-1'), signal);
  await until('the container to print', Deadline.after(10_000), () =>
    Promise.resolve(running.log().includes('copying') ? done() : notYet(running.log())),
  );
  const run = calls().find(([verb]) => verb === 'run') ?? [];
  expect(run.join(' ')).toContain(`--network net-1`);
  expect(run.join(' ')).toContain(
    `--volume ${folder}:${folder} --workdir ${folder} --env TZ=Asia/Tokyo their/engine:7`,
  );
  expect(run.slice(-5)).toEqual(['activate', '--file', join(folder, 'transfer.yaml'), '--coordinator', 'file']);
});

test('without a shared network it shares the machine’s; the environment overrules the labels', async () => {
  writeFileSync(join(folder, 'labels'), '{"transfer-e2e.dialect":"trctl"}');
  const engine = imageEngine(ledger, {
    E2E_ENGINE_IMAGE: 'their/engine:7',
    E2E_ENGINE_DIALECT: 'trcli',
    E2E_ENGINE_ARGS: '--coordinator memory',
  });
  await using running = await engine.replicate(transfer(), signal);
  await until('docker to be called', Deadline.after(10_000), () =>
    Promise.resolve(running.log() === '' ? notYet('nothing printed') : done()),
  );
  const run = (calls().find(([verb]) => verb === 'run') ?? []).join(' ');
  expect(run).toContain('--network host');
  expect(run).toContain('replicate --transfer');
  expect(run).toMatch(/--coordinator memory$/);
});

test('stopping and killing go to the container, and say how it ended', async () => {
  const engine = imageEngine(ledger, { E2E_ENGINE_IMAGE: 'their/engine:7' });
  await using stopped = await engine.replicate(transfer(), signal);
  expect(await stopped.stop(10_000)).toMatchObject({ code: 143, signal: null, forced: false });
  rmSync(join(folder, 'stopped'));
  await using killed = await engine.replicate(transfer(), signal);
  await killed.kill();
  expect(await killed.exited).toMatchObject({ code: null, signal: 'SIGKILL' });
  const names = calls().filter(([verb]) => verb === 'rm');
  expect(new Set(names.map((args) => args.at(-1))).size).toBe(2);
});

test('an image that is not here says how to get it', () => {
  expect(() => imageEngine(ledger, { E2E_ENGINE_IMAGE: 'missing/engine' })).toThrow(
    /missing\/engine cannot be used \(Error: No such image: missing\/engine\): pull it by `docker pull missing\/engine`/,
  );
  expect(() => imageEngine(ledger, { E2E_ENGINE_IMAGE: 'x', E2E_ENGINE_DIALECT: 'sql' })).toThrow(
    /no dialect 'sql'; E2E_ENGINE_DIALECT is one of trctl, trcli/,
  );
});
