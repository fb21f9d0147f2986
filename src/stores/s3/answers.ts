/** Answers of S3 in its XML. The names and codes are those of the S3 API reference (Error responses; ListObjectsV2). */

/** Code → HTTP status, the codes that this server gives. */
const STATUS = {
  AccessDenied: 403,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
} as const;
export type ErrorCode = keyof typeof STATUS;

/** Ends a request with an error of S3. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: ErrorCode;
  readonly status: number;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = STATUS[code];
  }

  xml(resource: string): string {
    return document(
      'Error',
      element('Code', this.code) + element('Message', this.message) + element('Resource', resource),
    );
  }
}

export interface Listed {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly modified: Date;
}

export interface Listing {
  readonly bucket: string;
  readonly prefix: string;
  readonly maxKeys: number;
  /** Keys are percent-encoded, as the client asked by `encoding-type=url`. */
  readonly encoded: boolean;
  readonly objects: readonly Listed[];
  readonly continuation?: string;
  /** Set when there is more. */
  readonly next?: string;
}

export function listing(list: Listing): string {
  const name = (text: string): string => (list.encoded ? encodeURIComponent(text).replaceAll('%2F', '/') : text);
  const objects = list.objects.map(({ key, etag, size, modified }) =>
    wrap(
      'Contents',
      element('Key', name(key)) +
        element('LastModified', modified.toISOString()) +
        element('ETag', etag) +
        element('Size', String(size)) +
        element('StorageClass', 'STANDARD'),
    ),
  );
  return document(
    'ListBucketResult',
    element('Name', list.bucket) +
      element('Prefix', name(list.prefix)) +
      element('MaxKeys', String(list.maxKeys)) +
      element('KeyCount', String(list.objects.length)) +
      element('IsTruncated', String(list.next !== undefined)) +
      (list.encoded ? element('EncodingType', 'url') : '') +
      (list.continuation === undefined ? '' : element('ContinuationToken', list.continuation)) +
      (list.next === undefined ? '' : element('NextContinuationToken', list.next)) +
      objects.join(''),
    ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"',
  );
}

function document(name: string, content: string, attributes = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attributes}>${content}</${name}>`;
}

function wrap(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

function element(name: string, text: string): string {
  const escaped = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  return wrap(name, escaped);
}
