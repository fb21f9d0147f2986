/**
 * Object stores for engines that keep their state in one. Read this first.
 *
 * 1. `openStore` starts the store of a stack: the server of this folder on the loopback address, or MinIO in a container.
 *    The run owns it and disposes of it.
 * 2. `makeBucket` makes a bucket for one transfer, which is emptied and removed when it is disposed of.
 *
 * Must not know engines, scenarios or databases.
 */
import { randomBytes } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ProvisionOptions } from '../connectors/connector.ts';
import { messageOf, ProvisionError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { StoreInfo, TransferStore } from '../core/store.ts';
import type { Stack } from '../core/words.ts';
import { openS3Server } from './s3/server.ts';

export interface Store extends AsyncDisposable {
  readonly info: StoreInfo;
}

const REGION = 'us-east-1';
/** Port of MinIO inside its container. */
const MINIO_PORT = 9000;
const MINIO_READY_MS = 60_000;

/**
 * Starts the store of a stack. With servers that somebody else started (`external`) it is the embedded one: engines run on
 * this machine there.
 *
 * @throws ProvisionError
 */
export async function openStore(stack: Stack, options: ProvisionOptions): Promise<Store> {
  const accessKey = `e2e${randomBytes(8).toString('hex')}`;
  const secretKey = new Secret(randomBytes(20).toString('hex'));
  if (stack === 'container') return openMinio(accessKey, secretKey, options);
  try {
    const server = await openS3Server({ port: 0, accessKey });
    return {
      info: { endpoint: `http://127.0.0.1:${server.port}`, region: REGION, accessKey, secretKey },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (cause) {
    throw new ProvisionError(`the embedded S3 server did not start: ${messageOf(cause)}`, { cause });
  }
}

async function openMinio(accessKey: string, secretKey: Secret, options: ProvisionOptions): Promise<Store> {
  const { startContainer } = await import('../connectors/container.ts');
  const container = await startContainer(
    {
      name: 'minio',
      title: 'MinIO',
      ports: [MINIO_PORT],
      readyMs: MINIO_READY_MS,
      configure: (started, { Wait }) =>
        started
          .withEnvironment({ MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey.reveal() })
          .withCommand(['server', '/data'])
          .withWaitStrategy(Wait.forHttp('/minio/health/ready', MINIO_PORT)),
    },
    options,
  );
  const account = { user: accessKey, password: secretKey, tls: false, root: '' };
  const { hostView, networkView } = container.views(MINIO_PORT, {}, account);
  return {
    info: {
      endpoint: `http://${hostView.host}:${hostView.port}`,
      network: { name: networkView.network, endpoint: `http://${networkView.host}:${networkView.port}` },
      region: REGION,
      accessKey,
      secretKey,
    },
    [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
  };
}

/** A client of a store, from this machine. The caller destroys it. */
export async function storeClient(info: StoreInfo): Promise<S3Client> {
  // The SDK warns on stderr of Node versions that it will drop one day.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({
    endpoint: info.endpoint,
    region: info.region,
    forcePathStyle: true,
    credentials: { accessKeyId: info.accessKey, secretAccessKey: info.secretKey.reveal() },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** @throws ProvisionError when the bucket cannot be made. */
export async function makeBucket(
  info: StoreInfo,
  bucket: string,
): Promise<AsyncDisposable & { readonly store: TransferStore }> {
  const client = await storeClient(info);
  const { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, ListObjectsV2Command } =
    await import('@aws-sdk/client-s3');
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (cause) {
    client.destroy();
    throw new ProvisionError(`the bucket ${bucket} cannot be made at ${info.endpoint}: ${messageOf(cause)}`, { cause });
  }
  return {
    store: { ...info, bucket },
    async [Symbol.asyncDispose]() {
      try {
        for (;;) {
          const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
          if (Contents.length === 0) break;
          for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
        }
        await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      } finally {
        client.destroy();
      }
    },
  };
}
