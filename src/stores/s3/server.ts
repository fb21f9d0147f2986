/**
 * A small S3 server in memory: what processes need that agree with each other through objects. Buckets; PUT, GET, HEAD and
 * DELETE of objects; ListObjectsV2; conditional writes (`If-None-Match: *`, `If-Match`). Addressed by path or by a host
 * name that begins with the bucket. The access key must be the server's; signatures are not checked. Whatever else S3
 * can do is answered with NotImplemented, never with something else than was asked for.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listing, S3Error } from './answers.ts';
import { Bucket, type Condition, type StoredObject } from './objects.ts';

export interface S3Options {
  /** 0: any that is free. */
  readonly port: number;
  readonly accessKey: string;
  /** Milliseconds before each answer, to try clients with a slow server. */
  readonly delayMs?: number;
}

export interface S3Server extends AsyncDisposable {
  readonly port: number;
}

/** Longest object, bytes: they are held in memory. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_KEYS = 1000;

/** Query parameters that only say what the request says anyway; any other names an operation that is not here. */
const KNOWN_PARAMETERS = new Set([
  'x-id',
  'list-type',
  'prefix',
  'max-keys',
  'continuation-token',
  'start-after',
  'encoding-type',
]);
/** Headers that would change the meaning of a request. */
const REFUSED_HEADERS = ['x-amz-copy-source', 'range', 'if-modified-since', 'if-unmodified-since'];

interface Asked {
  readonly method: string;
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** Listens on the loopback address. The caller closes it. @throws when the port is taken. */
export async function openS3Server(options: S3Options): Promise<S3Server> {
  const buckets = new Map<string, Bucket>();
  const server = createServer((request, response) => {
    void answer(request, response, buckets, options);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  buckets: Map<string, Bucket>,
  options: S3Options,
): Promise<void> {
  try {
    const asked = whatIsAsked(request);
    const body = await bodyOf(request);
    if (options.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.delayMs));
    checkLogin(asked, options.accessKey);
    if (asked.key === '') onBucket(asked, buckets, response);
    else onObject(asked, body, bucketNamed(asked.bucket, buckets), response);
  } catch (error) {
    if (response.headersSent || response.destroyed) return;
    const known = error instanceof S3Error ? error : new S3Error('InvalidArgument', String(error));
    response.writeHead(known.status, { 'content-type': 'application/xml' });
    response.end(request.method === 'HEAD' ? undefined : known.xml(request.url ?? '/'));
  }
}

function whatIsAsked(request: IncomingMessage): Asked {
  const url = new URL(request.url ?? '/', 'http://s3');
  const path = decodeURIComponent(url.pathname).slice(1);
  // `orders.s3.eu-west-1.amazonaws.com`: the bucket is the first name of the host.
  const named = /^([a-z0-9][a-z0-9.-]*)\.s3[.-]/.exec(request.headers.host ?? '')?.[1];
  const [first = '', ...rest] = path.split('/');
  return {
    method: request.method ?? 'GET',
    bucket: named ?? first,
    key: named === undefined ? rest.join('/') : path,
    query: url.searchParams,
    headers: request.headers,
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MOST_BYTES)
      throw new S3Error('NotImplemented', `objects of more than ${MOST_BYTES} bytes are not supported here`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function checkLogin({ headers, query }: Asked, accessKey: string): void {
  const key = /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
  if (key === undefined)
    throw new S3Error('AccessDenied', 'the request has no Authorization header of Signature Version 4');
  if (key !== accessKey) throw new S3Error('InvalidAccessKeyId', `the access key ${key} is not known here`);
  for (const name of query.keys()) {
    if (!KNOWN_PARAMETERS.has(name)) throw new S3Error('NotImplemented', `not supported here: ?${name}`);
  }
  for (const name of REFUSED_HEADERS) {
    if (headers[name] !== undefined) throw new S3Error('NotImplemented', `not supported here: the header ${name}`);
  }
  if (headers['content-encoding']?.includes('aws-chunked') === true) {
    throw new S3Error('NotImplemented', 'not supported here: bodies in signed chunks (content-encoding aws-chunked)');
  }
}

function bucketNamed(name: string, buckets: Map<string, Bucket>): Bucket {
  const bucket = buckets.get(name);
  if (bucket === undefined) throw new S3Error('NoSuchBucket', `the bucket ${name} does not exist`);
  return bucket;
}

function onBucket(asked: Asked, buckets: Map<string, Bucket>, response: ServerResponse): void {
  const { method, bucket: name } = asked;
  if (name === '') throw new S3Error('NotImplemented', 'not supported here: a list of all buckets');
  if (method === 'PUT') {
    if (buckets.has(name)) throw new S3Error('BucketAlreadyOwnedByYou', `the bucket ${name} is there already`);
    buckets.set(name, new Bucket());
    response.writeHead(200, { location: `/${name}` }).end();
    return;
  }
  const bucket = bucketNamed(name, buckets);
  if (method === 'HEAD') response.writeHead(200).end();
  else if (method === 'DELETE') {
    if (!bucket.empty) throw new S3Error('BucketNotEmpty', `the bucket ${name} has objects`);
    buckets.delete(name);
    response.writeHead(204).end();
  } else if (method === 'GET') {
    if (asked.query.get('list-type') !== '2')
      throw new S3Error('NotImplemented', 'not supported here: lists other than ListObjectsV2');
    response.writeHead(200, { 'content-type': 'application/xml' }).end(list(asked, bucket));
  } else throw new S3Error('MethodNotAllowed', `${method} of a bucket`);
}

function list({ bucket: name, query }: Asked, bucket: Bucket): string {
  const prefix = query.get('prefix') ?? '';
  const maxKeys = Math.min(MOST_KEYS, Number(query.get('max-keys') ?? MOST_KEYS));
  const continuation = query.get('continuation-token') ?? undefined;
  const after =
    continuation === undefined ? (query.get('start-after') ?? '') : Buffer.from(continuation, 'base64url').toString();
  const keys = bucket.keys(prefix, after);
  const page = keys.slice(0, maxKeys);
  const last = page.at(-1);
  return listing({
    bucket: name,
    prefix,
    maxKeys,
    encoded: query.get('encoding-type') === 'url',
    objects: page.flatMap((key) => {
      const object = bucket.get(key);
      return object === undefined
        ? []
        : [{ key, etag: object.etag, size: object.body.length, modified: object.modified }];
    }),
    ...(continuation === undefined ? {} : { continuation }),
    ...(last === undefined || page.length === keys.length ? {} : { next: Buffer.from(last).toString('base64url') }),
  });
}

function onObject(asked: Asked, body: Buffer, bucket: Bucket, response: ServerResponse): void {
  const { method, key, headers } = asked;
  if (method === 'PUT') {
    const put = bucket.put(key, body, headers['content-type'] ?? 'binary/octet-stream', conditionOf(headers));
    if (put === 'no-such-key') throw new S3Error('NoSuchKey', `there is no object ${key} that If-Match could match`);
    if (put === 'precondition-failed')
      throw new S3Error('PreconditionFailed', 'at least one of the preconditions did not hold');
    response.writeHead(200, { etag: put.etag }).end();
    return;
  }
  if (method === 'DELETE') {
    if (headers['if-match'] !== undefined)
      throw new S3Error('NotImplemented', 'not supported here: a conditional DELETE');
    bucket.delete(key);
    response.writeHead(204).end();
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') throw new S3Error('MethodNotAllowed', `${method} of an object`);
  const object = bucket.get(key);
  if (object === undefined) throw new S3Error('NoSuchKey', `there is no object ${key}`);
  if (headers['if-match'] !== undefined && headers['if-match'] !== object.etag) {
    throw new S3Error('PreconditionFailed', 'at least one of the preconditions did not hold');
  }
  const unchanged = headers['if-none-match'] === object.etag;
  response.writeHead(unchanged ? 304 : 200, headersOf(object));
  response.end(unchanged || method === 'HEAD' ? undefined : object.body);
}

function headersOf(object: StoredObject): Record<string, string | number> {
  return {
    etag: object.etag,
    'last-modified': object.modified.toUTCString(),
    'content-length': object.body.length,
    'content-type': object.contentType,
  };
}

function conditionOf(headers: IncomingMessage['headers']): Condition | undefined {
  const absent = headers['if-none-match'];
  const etag = headers['if-match'];
  if (absent !== undefined) {
    if (absent !== '*')
      throw new S3Error('NotImplemented', 'not supported here: a PUT with an If-None-Match other than *');
    return { kind: 'absent' };
  }
  return etag === undefined ? undefined : { kind: 'etag', etag: etag.startsWith('"') ? etag : `"${etag}"` };
}
