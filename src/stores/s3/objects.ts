/** Buckets and objects in memory, with the conditions of S3's conditional writes. Knows no HTTP. */
import { createHash } from 'node:crypto';

export interface StoredObject {
  readonly body: Buffer;
  /** With its quotes, as it stands in headers: the MD5 of the body. */
  readonly etag: string;
  readonly modified: Date;
  readonly contentType: string;
}

/** What a write asks of the object that is there; S3's `If-None-Match: *` and `If-Match`. */
export type Condition = { readonly kind: 'absent' } | { readonly kind: 'etag'; readonly etag: string };

export type PutOutcome = StoredObject | 'precondition-failed' | 'no-such-key';

export class Bucket {
  readonly #objects = new Map<string, StoredObject>();

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Check and write are one step: nothing comes between them in one thread. */
  put(key: string, body: Buffer, contentType: string, condition?: Condition): PutOutcome {
    const there = this.#objects.get(key);
    if (condition?.kind === 'absent' && there !== undefined) return 'precondition-failed';
    if (condition?.kind === 'etag') {
      if (there === undefined) return 'no-such-key';
      if (there.etag !== condition.etag) return 'precondition-failed';
    }
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const object = { body, etag, modified: new Date(), contentType };
    this.#objects.set(key, object);
    return object;
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  get empty(): boolean {
    return this.#objects.size === 0;
  }

  /** Keys in the order of their UTF-8 bytes, as ListObjectsV2 gives them. @param after exclusive. */
  keys(prefix: string, after: string): string[] {
    return [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }
}
