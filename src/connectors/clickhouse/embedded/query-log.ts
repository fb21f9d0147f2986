// The record of queries: one JSON object a line. Must not know what is done with it.
import { closeSync, openSync, writeSync } from 'node:fs';

/** One query, written when it is over. */
export interface QueryLogEntry {
  /** ISO 8601, when the query arrived. */
  readonly time: string;
  readonly query_id: string;
  /** Which protocol it came by. */
  readonly front: 'http' | 'native';
  /** Of HTTP. */
  readonly method: string | undefined;
  /** Address and port of the client. */
  readonly client: string;
  /** What the client calls itself: its user agent, or its name and version. */
  readonly client_name: string | undefined;
  readonly user: string;
  readonly database: string | undefined;
  /** The statement, cut at 2 kB, without the rows of an INSERT. */
  readonly query: string;
  readonly ms: number;
  /** Of a result; of an INSERT, rows written and bytes received. */
  readonly rows: number;
  readonly bytes: number;
  /** 0 if there was none. */
  readonly exception_code: number;
  readonly exception: string | undefined;
  /** The client left before the answer was sent. */
  readonly aborted: boolean;
}

const LONGEST_TEXT = 2048;

/** Writes at once, so that whoever has a query's response finds it in the log. */
export class QueryLog implements Disposable {
  readonly #file: number | undefined;

  /** Appends to `path`; keeps nothing without one. @throws if the file cannot be opened. */
  constructor(path: string | undefined) {
    this.#file = path === undefined ? undefined : openSync(path, 'a');
  }

  write(entry: QueryLogEntry): void {
    if (this.#file === undefined) return;
    writeSync(this.#file, `${JSON.stringify({ ...entry, query: entry.query.slice(0, LONGEST_TEXT) })}\n`);
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
