/** Progress that lives as long as the process: every start of it knows nothing. */
import type { Board, Coordinator, Note, Tag, TransferState } from './coordinator.ts';

export class MemoryCoordinator implements Coordinator {
  readonly durable = false;
  readonly shared = false;
  readonly #states = new Map<string, TransferState>();
  readonly #boards = new Map<string, MemoryBoard>();

  load(transferId: string): Promise<TransferState | null> {
    return Promise.resolve(this.#states.get(transferId) ?? null);
  }

  save(transferId: string, state: TransferState): Promise<void> {
    this.#states.set(transferId, structuredClone(state));
    return Promise.resolve();
  }

  board(transferId: string): Board {
    const board = this.#boards.get(transferId) ?? new MemoryBoard();
    this.#boards.set(transferId, board);
    return board;
  }
}

class MemoryBoard implements Board {
  readonly #notes = new Map<string, Note>();
  #writes = 0;

  read(name: string): Promise<Note | null> {
    return Promise.resolve(this.#notes.get(name) ?? null);
  }

  create(name: string, text: string): Promise<Tag | null> {
    return Promise.resolve(this.#notes.has(name) ? null : this.#write(name, text));
  }

  replace(name: string, text: string, tag: Tag): Promise<Tag | null> {
    return Promise.resolve(this.#notes.get(name)?.tag === tag ? this.#write(name, text) : null);
  }

  list(prefix: string): Promise<{ name: string; tag: Tag }[]> {
    const names = [...this.#notes.keys()].filter((name) => name.startsWith(prefix)).sort();
    return Promise.resolve(names.map((name) => ({ name, tag: this.#notes.get(name)?.tag ?? '' })));
  }

  remove(prefix: string): Promise<void> {
    for (const name of this.#notes.keys()) if (name.startsWith(prefix)) this.#notes.delete(name);
    return Promise.resolve();
  }

  #write(name: string, text: string): Tag {
    this.#writes += 1;
    const tag = String(this.#writes);
    this.#notes.set(name, { text, tag });
    return tag;
  }
}
