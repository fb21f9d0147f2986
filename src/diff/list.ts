/** The complete list of differing rows as NDJSON, written as they are found; the file appears with the first one. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { E2eError, messageOf } from '../core/errors.ts';

/** One line of the list. Values in canonical form, wide ones cut in the middle. */
export interface ListedRow {
  readonly kind: 'missing' | 'extra' | 'different';
  /** Key column → value; every column where the table has no key. */
  readonly key: Readonly<Record<string, string>>;
  readonly copies?: number;
  /** Column → both values, of the columns that differ. */
  readonly cells?: Readonly<Record<string, readonly [left: string, right: string]>>;
}

export class DifferenceList implements AsyncDisposable {
  readonly #file: string | undefined;
  #stream: WriteStream | undefined;
  #failure: unknown;

  constructor(file: string | undefined) {
    this.#file = file;
  }

  /** The file, once it has a line. */
  get file(): string | undefined {
    return this.#stream === undefined ? undefined : this.#file;
  }

  get wanted(): boolean {
    return this.#file !== undefined;
  }

  add(row: ListedRow): void {
    if (this.#file === undefined) return;
    if (this.#stream === undefined) {
      this.#stream = createWriteStream(this.#file);
      this.#stream.on('error', (error) => (this.#failure = error));
    }
    this.#stream.write(`${JSON.stringify(row)}\n`);
  }

  /** Waits until what was added is on its way to the disk. @throws E2eError when the file cannot be written. */
  async settled(): Promise<void> {
    if (this.#stream?.writableNeedDrain === true && this.#failure === undefined) {
      // A stream that breaks emits `error`, which rejects this wait; `#check` then tells why.
      await once(this.#stream, 'drain').catch(() => undefined);
    }
    this.#check();
  }

  /** Writes out what is left and closes the file. @throws E2eError when it cannot be written. */
  async close(): Promise<void> {
    if (this.#stream !== undefined) {
      this.#stream.end();
      await finished(this.#stream).catch((error: unknown) => (this.#failure ??= error));
    }
    this.#check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stream === undefined || this.#stream.closed) return;
    this.#stream.destroy();
    await finished(this.#stream).catch(() => undefined);
  }

  #check(): void {
    if (this.#failure === undefined) return;
    throw new E2eError(
      'DIFF_LIST',
      `the list of differences ${this.#file ?? ''} cannot be written: ${messageOf(this.#failure)}; ` +
        'make room there or name another file',
      { cause: this.#failure },
    );
  }
}
