// A request's body: decompressed, its head in memory for the query's text, the rest into a spool file. Memory use does
// not grow with the body. Must not know SQL.
import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decompressor } from './compression.ts';
import { ClickHouseException } from './exception.ts';
import type { SpoolFile } from './spool.ts';

/** Reads a body once, front to back. */
export class Body {
  readonly #chunks: AsyncIterator<Buffer>;
  #unread: Buffer[] = [];
  #ended = false;

  /**
   * @param request undefined for an empty body.
   * @throws ClickHouseException for a Content-Encoding that is not supported.
   */
  constructor(request: IncomingMessage | undefined) {
    if (request === undefined) {
      this.#chunks = Readable.from([])[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      return;
    }
    const transform = decompressor((request.headers['content-encoding'] ?? '').trim().toLowerCase());
    if (transform === undefined) {
      this.#chunks = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    } else {
      // A failed upload or bad compression surfaces where the transform is read.
      pipeline(request, transform).catch(() => undefined);
      this.#chunks = transform[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    }
  }

  /** The next `limit` bytes or more, fewer only at the end of the body; they stay unread. @throws ClickHouseException */
  async peek(limit: number): Promise<Buffer> {
    let length = this.#unread.reduce((sum, chunk) => sum + chunk.length, 0);
    while (length < limit) {
      const chunk = await this.#pull();
      if (chunk === undefined) break;
      this.#unread.push(chunk);
      length += chunk.length;
    }
    const head = Buffer.concat(this.#unread);
    this.#unread = [head];
    return head;
  }

  /** Puts bytes back in front of the body. */
  unshift(bytes: Buffer): void {
    this.#unread.unshift(bytes);
  }

  /** True once `peek` has seen the end. */
  get ended(): boolean {
    return this.#ended;
  }

  async #pull(): Promise<Buffer | undefined> {
    if (this.#ended) return undefined;
    try {
      const step = await this.#chunks.next();
      if (step.done !== true) return step.value;
    } catch (error) {
      throw unreadable(error);
    }
    this.#ended = true;
    return undefined;
  }

  /** Writes all that is unread after its first `skip` bytes to `file`; resolves with the number of bytes written. */
  async spool(file: SpoolFile, skip: number): Promise<number> {
    let written = 0;
    const unread = Buffer.concat(this.#unread).subarray(skip);
    this.#unread = [];
    const pull = this.#pull.bind(this);
    async function* rest(): AsyncGenerator<Buffer, void, undefined> {
      for (let chunk: Buffer | undefined = unread; chunk !== undefined; chunk = await pull()) {
        written += chunk.length;
        if (chunk.length > 0) yield chunk;
      }
    }
    await pipeline(rest, createWriteStream(file.path, { flags: 'wx', mode: 0o600 }));
    return written;
  }
}

function unreadable(error: unknown): ClickHouseException {
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: '' };
  if (code?.startsWith('Z_') === true || code?.startsWith('ERR_BROTLI') === true || code?.startsWith('ZSTD') === true) {
    const text = `Cannot decompress the request body: ${message}`;
    return new ClickHouseException(354, 'ZLIB_INFLATE_FAILED', text, { cause: error });
  }
  return new ClickHouseException(210, 'NETWORK_ERROR', `Cannot read the request body: ${message}`, { cause: error });
}
