/** One contract for all coordinators: state that is kept, and notes that are written on conditions. */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestS3 } from '../testing/s3.ts';
import type { Coordinator, TransferState } from './coordinator.ts';
import { FileCoordinator } from './file.ts';
import { MemoryCoordinator } from './memory.ts';
import { openS3Coordinator } from './s3.ts';

const STATE: TransferState = {
  version: 1,
  epoch: 'e1',
  stage: 'snapshot',
  fingerprint: 'f',
  log: '0/2',
  tables: { 'public.t': { position: '0/1', parts: [{ name: '1/1', where: `"k" < 'ü'`, done: false }] } },
  cursors: { 'public.t.id': '7' },
};

let folder: string;
let s3: TestS3;

beforeAll(async () => {
  [folder, s3] = await Promise.all([mkdtemp(path.join(tmpdir(), 'trctl-coordinators-')), TestS3.start()]);
  Object.assign(process.env, s3.env);
});

afterAll(async () => {
  await s3[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const OPEN: Readonly<Record<string, () => Promise<Coordinator>>> = {
  memory: () => Promise.resolve(new MemoryCoordinator()),
  file: () => Promise.resolve(new FileCoordinator(folder)),
  s3: () => openS3Coordinator({ bucket: s3.bucket, endpoint: undefined }, process.env),
};

describe.each(Object.keys(OPEN))('%s', (kind) => {
  const open = async (): Promise<Coordinator> => {
    const make = OPEN[kind];
    if (make === undefined) throw new RangeError(kind);
    return make();
  };

  test('state is what was saved last, by transfer', async () => {
    const coordinator = await open();
    const id = `odd id / ${kind}: ü`;
    expect(await coordinator.load(id)).toBeNull();
    const saves = [1, 2, 3].map((epoch) => coordinator.save(id, { ...STATE, epoch: `e${epoch}` }));
    await Promise.all(saves);
    expect(await coordinator.load(id)).toEqual({ ...STATE, epoch: 'e3' });
    expect(await coordinator.load(`${id}2`)).toBeNull();
    const again = await open();
    expect(await again.load(id)).toEqual(coordinator.durable ? { ...STATE, epoch: 'e3' } : null);
  });

  test('a note is created once and written over only by who knows its present tag', async () => {
    const board = (await open()).board('t1');
    expect(await board.read('runs/1/plan')).toBeNull();
    const first = await board.create('runs/1/plan', 'one');
    expect(await board.create('runs/1/plan', 'two')).toBeNull();
    expect(await board.read('runs/1/plan')).toEqual({ text: 'one', tag: first });
    const second = await board.replace('runs/1/plan', 'three', first ?? '');
    expect(second).not.toBeNull();
    expect(await board.replace('runs/1/plan', 'four', first ?? '')).toBeNull();
    expect(await board.replace('runs/2/plan', 'four', first ?? '')).toBeNull();
    expect(await board.read('runs/1/plan')).toEqual({ text: 'three', tag: second });
  });

  test('notes are listed by prefix, with the tags they have, and removed by prefix', async () => {
    const coordinator = await open();
    const board = coordinator.board('t2');
    const tags = new Map<string, string | null>();
    for (const name of ['main', 'runs/a/part-2', 'runs/a/part-1', 'runs/a/worker-1', 'runs/ab/part-1']) {
      tags.set(name, await board.create(name, name));
    }
    const expected = (names: string[]): unknown => names.map((name) => ({ name, tag: tags.get(name) }));
    expect(await board.list('runs/a/part-')).toEqual(expected(['runs/a/part-1', 'runs/a/part-2']));
    expect(await board.list('nothing/')).toEqual([]);
    expect(await coordinator.board('t3').list('runs/')).toEqual([]);
    await board.remove('runs/a/');
    expect(await board.list('')).toEqual(expected(['main', 'runs/ab/part-1']));
    expect(await board.create('runs/a/part-1', 'again')).not.toBeNull();
  });

  test('of many who want one note at once exactly one gets it, every time', async () => {
    const boards = await Promise.all(
      Array.from({ length: 6 }, async () => (kind === 'memory' ? null : (await open()).board('race'))),
    );
    const shared = (await open()).board('race');
    for (let round = 0; round < 10; round += 1) {
      const name = `round-${round}`;
      const created = await Promise.all(boards.map((board, n) => (board ?? shared).create(name, `v${n}`)));
      const won = created.filter((tag) => tag !== null);
      expect(won).toHaveLength(1);
      const replaced = await Promise.all(
        boards.map((board, n) => (board ?? shared).replace(name, `w${n}`, won[0] ?? '')),
      );
      expect(replaced.filter((tag) => tag !== null)).toHaveLength(1);
      const winner = replaced.findIndex((tag) => tag !== null);
      expect((await shared.read(name))?.text).toBe(`w${winner}`);
    }
  });
});

describe.each(['file', 's3'])('%s, between processes', (kind) => {
  test('a number that four processes count up by notes misses none', async () => {
    const script = path.join(import.meta.dirname, '..', '..', 'dist', 'trctl', 'testing', 'count-up.js');
    const place = kind === 'file' ? path.join(folder, 'between') : s3.bucket;
    const processes = Array.from({ length: 4 }, () =>
      fork(script, [kind, place, '25'], { env: { ...process.env, ...s3.env } }),
    );
    const codes = await Promise.all(processes.map((one) => new Promise((resolve) => one.once('exit', resolve))));
    expect(codes).toEqual([0, 0, 0, 0]);
    const coordinator =
      kind === 'file'
        ? new FileCoordinator(place)
        : await openS3Coordinator({ bucket: place, endpoint: undefined }, process.env);
    expect((await coordinator.board('count').read('number'))?.text.split(' ')[0]).toBe('100');
  }, 30_000);
});

test('a bucket that is not there, and a login that is refused, are told of with what to do', async () => {
  await expect(openS3Coordinator({ bucket: 'no-such', endpoint: undefined }, process.env)).rejects.toThrow(
    /s3:\/\/no-such\/.* cannot be listed at http.*NoSuchBucket.*create the bucket, or correct --coordinator-s3-bucket/,
  );
  const nobody = openS3Coordinator({ bucket: s3.bucket, endpoint: 'http://127.0.0.1:1' }, process.env);
  await expect(nobody).rejects.toThrow(/ECONNREFUSED.*see that the endpoint and the bucket are right/);
});
