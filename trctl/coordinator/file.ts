/** Progress in one JSON file per transfer, replaced atomically: written aside, synced, renamed. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { EnvironmentError, codeOf, oneLine } from '../errors.ts';
import type { Board, Coordinator, TransferState } from './coordinator.ts';
import { transferState } from './coordinator.ts';
import { FileBoard } from './file-board.ts';

export class FileCoordinator implements Coordinator {
  readonly durable = true;
  readonly shared = true;
  readonly #directory: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The file of a transfer: its id where that is a plain name, and a hash of it that tells two ids apart. */
  fileOf(transferId: string): string {
    const plain = transferId.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 80);
    const hash = createHash('sha256').update(transferId).digest('hex').slice(0, 8);
    return path.join(this.#directory, `${plain === transferId ? plain : `${plain}-${hash}`}.json`);
  }

  async load(transferId: string): Promise<TransferState | null> {
    const file = this.fileOf(transferId);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return null;
      throw new EnvironmentError(`state file ${file} cannot be read: ${oneLine(cause)}`, { cause });
    }
    try {
      return transferState.parse(JSON.parse(text));
    } catch (cause) {
      throw new EnvironmentError(
        `state file ${file} is not a state of this version; remove it to start the transfer anew`,
        { cause },
      );
    }
  }

  save(transferId: string, state: TransferState): Promise<void> {
    const text = JSON.stringify(state, null, 1);
    const next = this.#writing.then(() => this.#replace(this.fileOf(transferId), text));
    this.#writing = next.catch(() => undefined); // the caller of this save sees the failure, later saves must still run
    return next;
  }

  board(transferId: string): Board {
    return new FileBoard(this.fileOf(transferId).replace(/\.json$/, '.notes'));
  }

  async #replace(file: string, text: string): Promise<void> {
    const aside = `${file}.${process.pid}.tmp`;
    try {
      await mkdir(this.#directory, { recursive: true });
      const handle = await open(aside, 'w');
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(aside, file);
    } catch (cause) {
      throw new EnvironmentError(
        `state cannot be written to ${file}: ${oneLine(cause)}; give a writable --coordinator-dir`,
        { cause },
      );
    }
  }
}
