// Rows that a client sends, in a file for the engine to read in the format Native. Must not know packets.
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { Spool, SpoolFile } from '../spool.ts';
import type { Column, ReceivedBlock } from './blocks.ts';

/** Bytes held until they are written. */
const HELD = 1 << 20;

/** A file only once there is something to write. */
export class ReceivedRows implements AsyncDisposable {
  readonly file: SpoolFile;
  #handle: FileHandle | undefined;
  #held: Uint8Array[] = [];
  #holding = 0;
  /** Of the first block that had any. */
  columns: readonly Column[] = [];
  rows = 0;
  bytes = 0;

  constructor(spool: Spool) {
    this.file = spool.file();
  }

  /** Takes bytes of blocks, in order. */
  readonly write = (bytes: Uint8Array): Promise<void> | void => {
    this.#held.push(bytes);
    this.#holding += bytes.length;
    this.bytes += bytes.length;
    if (this.#holding >= HELD) return this.#flush();
  };

  count(block: ReceivedBlock): void {
    if (this.columns.length === 0) this.columns = block.columns;
    this.rows += block.rows;
  }

  async #flush(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    this.#holding = 0;
    if (held.length === 0) return;
    this.#handle ??= await open(this.file.path, 'wx', 0o600);
    await this.#handle.writeFile(Buffer.concat(held));
  }

  /** All rows have come: the file can be read. */
  async complete(): Promise<void> {
    await this.#flush();
    await this.#close();
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.file[Symbol.asyncDispose]();
  }
}
