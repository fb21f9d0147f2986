/**
 * Progress and notes as objects of an S3 bucket, below `<transfer id>/`. Conditional writes decide races; S3 shows every
 * write to whoever reads after it. Region, credentials and endpoint come from where the AWS SDK looks for them.
 */
import type * as Sdk from '@aws-sdk/client-s3';
import { ConfigError, EnvironmentError, oneLine } from '../errors.ts';
import type { Board, Coordinator, Note, Tag, TransferState } from './coordinator.ts';
import { transferState } from './coordinator.ts';

/** Milliseconds for a connection, and for an answer. The SDK tries three times. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 10_000;

export interface S3Options {
  readonly bucket: string;
  /** Absent: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else AWS itself. */
  readonly endpoint: string | undefined;
}

/** @throws EnvironmentError when the bucket cannot be used; ConfigError without a region. */
export async function openS3Coordinator(options: S3Options, env: NodeJS.ProcessEnv): Promise<S3Coordinator> {
  // The SDK warns on stderr of Node versions that it will drop one day; what it does today it does.
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const endpoint = options.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const client = new sdk.S3Client({
    // Names of buckets are names of hosts only at AWS.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(endpoint !== undefined && env.AWS_REGION === undefined ? { region: 'us-east-1' } : {}),
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const store = new Objects(sdk, client, options.bucket, endpoint);
  await store.check();
  return new S3Coordinator(store);
}

export class S3Coordinator implements Coordinator {
  readonly durable = true;
  readonly shared = true;
  readonly #objects: Objects;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  async load(transferId: string): Promise<TransferState | null> {
    const name = `${folderOf(transferId)}/state.json`;
    const note = await this.#objects.get(name);
    if (note === null) return null;
    try {
      return transferState.parse(JSON.parse(note.text));
    } catch (cause) {
      throw new EnvironmentError(
        `${this.#objects.nameOf(name)} is not a state of this version; remove it to start the transfer anew`,
        { cause },
      );
    }
  }

  save(transferId: string, state: TransferState): Promise<void> {
    const text = JSON.stringify(state, null, 1);
    const next = this.#writing.then(async () => {
      await this.#objects.put(`${folderOf(transferId)}/state.json`, text, {});
    });
    this.#writing = next.catch(() => undefined); // the caller of this save sees the failure, later saves must still run
    return next;
  }

  board(transferId: string): Board {
    return new S3Board(this.#objects, `${folderOf(transferId)}/notes/`);
  }
}

function folderOf(transferId: string): string {
  return encodeURIComponent(transferId);
}

class S3Board implements Board {
  readonly #objects: Objects;
  readonly #prefix: string;

  constructor(objects: Objects, prefix: string) {
    this.#objects = objects;
    this.#prefix = prefix;
  }

  read(name: string): Promise<Note | null> {
    return this.#objects.get(this.#prefix + name);
  }

  create(name: string, text: string): Promise<Tag | null> {
    return this.#objects.put(this.#prefix + name, text, { IfNoneMatch: '*' });
  }

  replace(name: string, text: string, tag: Tag): Promise<Tag | null> {
    return this.#objects.put(this.#prefix + name, text, { IfMatch: tag });
  }

  async list(prefix: string): Promise<{ name: string; tag: Tag }[]> {
    const found = await this.#objects.list(this.#prefix + prefix);
    return found.map(({ key, tag }) => ({ name: key.slice(this.#prefix.length), tag }));
  }

  async remove(prefix: string): Promise<void> {
    for (const { key } of await this.#objects.list(this.#prefix + prefix)) await this.#objects.delete(key);
  }
}

/** The few requests that are made of a bucket, with failures in words. */
class Objects {
  readonly #sdk: typeof Sdk;
  readonly #client: Sdk.S3Client;
  readonly #bucket: string;
  readonly #endpoint: string | undefined;

  constructor(sdk: typeof Sdk, client: Sdk.S3Client, bucket: string, endpoint: string | undefined) {
    this.#sdk = sdk;
    this.#client = client;
    this.#bucket = bucket;
    this.#endpoint = endpoint;
  }

  nameOf(key: string): string {
    return `s3://${this.#bucket}/${key}`;
  }

  async check(): Promise<void> {
    // Not HEAD: its failures have no words.
    await this.list('-', 1);
  }

  async get(key: string): Promise<Note | null> {
    try {
      const found = await this.#client.send(new this.#sdk.GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return { text: (await found.Body?.transformToString()) ?? '', tag: found.ETag ?? '' };
    } catch (cause) {
      if (nameIn(cause) === 'NoSuchKey') return null;
      throw this.#failed(`${this.nameOf(key)} cannot be read`, cause);
    }
  }

  /** Null: the condition did not hold. */
  async put(key: string, text: string, condition: { IfNoneMatch?: string; IfMatch?: string }): Promise<Tag | null> {
    try {
      const command = new this.#sdk.PutObjectCommand({
        Bucket: this.#bucket,
        Key: key,
        Body: text,
        ContentType: 'application/json',
        ...condition,
      });
      return (await this.#client.send(command)).ETag ?? '';
    } catch (cause) {
      if (isConditional(condition) && LOST.has(nameIn(cause))) return null;
      throw this.#failed(`${this.nameOf(key)} cannot be written`, cause);
    }
  }

  async list(prefix: string, most?: number): Promise<{ key: string; tag: Tag }[]> {
    const found: { key: string; tag: Tag }[] = [];
    let token: string | undefined;
    try {
      do {
        const page = await this.#client.send(
          new this.#sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
            ...(most === undefined ? {} : { MaxKeys: most }),
          }),
        );
        for (const { Key: key = '', ETag: tag = '' } of page.Contents ?? []) found.push({ key, tag });
        token = most === undefined ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    } catch (cause) {
      throw this.#failed(`${this.nameOf(prefix)}… cannot be listed`, cause);
    }
    return found;
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#client.send(new this.#sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
    } catch (cause) {
      throw this.#failed(`${this.nameOf(key)} cannot be removed`, cause);
    }
  }

  #failed(what: string, cause: unknown): EnvironmentError | ConfigError {
    const words = oneLine(cause);
    if (/region is missing/i.test(words))
      return new ConfigError('the S3 coordinator needs a region; set AWS_REGION', { cause });
    const name = nameIn(cause);
    const said = words === '' || words === name ? name : `${name}: ${words}`;
    const where = this.#endpoint === undefined ? '' : ` at ${this.#endpoint}`;
    return new EnvironmentError(`${what}${where}: ${said}; ${remedyFor(name)}`, { cause });
  }
}

/**
 * How S3 says that a condition did not hold: it was written, it was being written, it is gone.
 * (S3 user guide, "How to prevent object overwrites with conditional writes".)
 */
const LOST: ReadonlySet<string> = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey']);

function isConditional(condition: { IfNoneMatch?: string; IfMatch?: string }): boolean {
  return condition.IfMatch !== undefined || condition.IfNoneMatch !== undefined;
}

function nameIn(cause: unknown): string {
  return cause instanceof Error ? cause.name : 'failure';
}

function remedyFor(name: string): string {
  if (name === 'NoSuchBucket') return 'create the bucket, or correct --coordinator-s3-bucket';
  if (/Credentials|AccessKey|AccessDenied|Signature|Forbidden/.test(name)) {
    return 'give credentials that may list, read, write and delete there (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, or a profile)';
  }
  return 'see that the endpoint and the bucket are right (--coordinator-s3-endpoint, AWS_ENDPOINT_URL, AWS_REGION)';
}
