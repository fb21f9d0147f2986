/** The server as the client of the AWS SDK sees it. */
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../../core/secret.ts';
import { makeBucket, openStore, storeClient, type Store } from '../store.ts';

let store: Store;
let client: S3Client;
const Bucket = 'some-bucket';

beforeAll(async () => {
  const own = (): void => undefined;
  store = await openStore('embedded', { seed: '1', directory: '', signal: new AbortController().signal, own });
  client = await storeClient(store.info);
  await makeBucket(store.info, Bucket);
});

afterAll(async () => {
  client.destroy();
  await store[Symbol.asyncDispose]();
});

test('an object comes back as it was put, until it is deleted', async () => {
  const body = Buffer.from([0, 255, 10, 13, 0]);
  const put = await client.send(new PutObjectCommand({ Bucket, Key: 'a b/ü+&.json', Body: body }));
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'a b/ü+&.json' }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(body);
  expect(got.ETag).toBe(put.ETag);
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'a b/ü+&.json' }))).ContentLength).toBe(5);
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'a b/ü+&.json' }));
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'a b/ü+&.json' }))).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
});

test('of many who create one object one wins; of many who write over it one wins', async () => {
  const Key = 'race';
  const outcomes = async (writes: readonly Promise<unknown>[]): Promise<string[]> =>
    (await Promise.allSettled(writes))
      .map((one) => (one.status === 'fulfilled' ? 'won' : (one.reason as Error).name))
      .sort();
  const lost = Array<string>(7).fill('PreconditionFailed');
  const created = Array.from({ length: 8 }, (_, n) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: `v${n}`, IfNoneMatch: '*' })),
  );
  expect(await outcomes(created)).toEqual([...lost, 'won']);
  const { ETag } = await client.send(new HeadObjectCommand({ Bucket, Key }));
  const replaced = Array.from({ length: 8 }, (_, n) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: `w${n}`, IfMatch: ETag })),
  );
  expect(await outcomes(replaced)).toEqual([...lost, 'won']);
  await expect(
    client.send(new PutObjectCommand({ Bucket, Key: 'none', Body: 'x', IfMatch: ETag })),
  ).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
});

test('lists are by prefix, in order, page by page', async () => {
  const keys = Array.from({ length: 25 }, (_, n) => `list/${String(n).padStart(2, '0')} é`);
  await Promise.all(keys.map((Key) => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))));
  const found: string[] = [];
  let pages = 0;
  for (let token: string | undefined, more = true; more; more = token !== undefined) {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket,
        Prefix: 'list/',
        MaxKeys: 10,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
    token = page.NextContinuationToken;
    pages += 1;
  }
  expect([found, pages]).toEqual([keys, 3]);
});

test('what it cannot do it says, and changes nothing', async () => {
  await expect(client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big' }))).rejects.toThrow(
    'not supported here: ?uploads',
  );
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'race', Range: 'bytes=0-1' }))).rejects.toThrow(
    'not supported here: the header range',
  );
  await expect(client.send(new GetObjectCommand({ Bucket: 'no-such', Key: 'x' }))).rejects.toMatchObject({
    name: 'NoSuchBucket',
  });
});

test('a stranger is turned away', async () => {
  const stranger = await storeClient({ ...store.info, accessKey: 'stranger', secretKey: new Secret('s') });
  await expect(stranger.send(new GetObjectCommand({ Bucket, Key: 'race' }))).rejects.toThrow(
    'stranger is not known here',
  );
  stranger.destroy();
  expect((await fetch(`${store.info.endpoint}/${Bucket}/race`)).status).toBe(403);
});

test('a bucket that is disposed of is gone, with all that was in it', async () => {
  {
    await using made = await makeBucket(store.info, 'short-lived');
    await client.send(new PutObjectCommand({ Bucket: made.store.bucket, Key: 'k', Body: 'x' }));
  }
  await expect(client.send(new ListObjectsV2Command({ Bucket: 'short-lived' }))).rejects.toMatchObject({
    name: 'NoSuchBucket',
  });
});
