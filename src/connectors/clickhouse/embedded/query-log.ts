// The record of queries: one JSON object a line. Must not know what is done with it.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { WriteStream } from 'node:fs';

/** One query, written when it is over. */
export interface QueryLogEntry {
  /** ISO 8601, when the request arrived. */
  readonly time: string;
  readonly query_id: string;
  readonly method: string;
  /** Address and port of the client. */
  readonly client: string;
  readonly user_agent: string | undefined;
  readonly user: string;
  readonly database: string | undefined;
  /** The statement, cut at 2 kB, without the rows of an INSERT. */
  readonly query: string;
  readonly ms: number;
  /** Of a result; of an INSERT, rows written and bytes of body. */
  readonly rows: number;
  readonly bytes: number;
  /** 0 if there was none. */
  readonly exception_code: number;
  readonly exception: string | undefined;
  /** The client left before the answer was sent. */
  readonly aborted: boolean;
}

const LONGEST_TEXT = 2048;

export class QueryLog implements AsyncDisposable {
  readonly #stream: WriteStream | undefined;

  private constructor(stream: WriteStream | undefined) {
    this.#stream = stream;
  }

  /** Appends to `path`; keeps nothing without one. @throws if the file cannot be opened. */
  static async open(path: string | undefined): Promise<QueryLog> {
    if (path === undefined) return new QueryLog(undefined);
    const stream = createWriteStream(path, { flags: 'a' });
    await once(stream, 'open');
    return new QueryLog(stream);
  }

  write(entry: QueryLogEntry): void {
    this.#stream?.write(`${JSON.stringify({ ...entry, query: entry.query.slice(0, LONGEST_TEXT) })}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stream === undefined) return;
    this.#stream.end();
    await once(this.#stream, 'close');
  }
}
