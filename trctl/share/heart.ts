/** A note that its writer keeps alive by writing it again and again; and how others see whether it does. */
import { EnvironmentError, oneLine } from '../errors.ts';
import type { Board, Tag } from '../coordinator/coordinator.ts';

/** Part of a lease between two beats, and after which a writer that cannot write gives up: before others take over. */
const BEAT = 0.2;
const GIVE_UP = 0.8;

/** The owner of a note found that it is somebody else's by now, or could not keep it alive. */
export class LeaseLost extends EnvironmentError {
  override readonly name = 'LeaseLost';
}

/** Keeps one note alive. All writes go through it, since each needs the tag of the one before. */
export class Heart<T extends { readonly beat: number }> {
  readonly name: string;
  /** Aborts with a LeaseLost. */
  readonly lost: AbortSignal;
  readonly #board: Board;
  readonly #leaseMs: number;
  readonly #loss = new AbortController();
  #value: T;
  #tag: Tag;
  #written: number;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /** @param begun performance.now() before the note was written with this tag. */
  constructor(board: Board, name: string, value: T, tag: Tag, begun: number, leaseMs: number) {
    this.name = name;
    this.lost = this.#loss.signal;
    this.#board = board;
    this.#leaseMs = leaseMs;
    this.#value = value;
    this.#tag = tag;
    this.#written = begun;
    this.#timer = setInterval(() => this.#beat(), leaseMs * BEAT);
    this.#timer.unref();
  }

  get value(): T {
    return this.#value;
  }

  /** Writes a change. @throws LeaseLost when the note is no longer this writer's. */
  change(fields: Partial<T>): Promise<void> {
    const next = this.#writing.then(async () => {
      this.lost.throwIfAborted();
      const value = { ...this.#value, ...fields, beat: this.#value.beat + 1 };
      const text = JSON.stringify(value);
      const begun = performance.now();
      const tag = (await this.#board.replace(this.name, text, this.#tag)) ?? (await this.#mine(text));
      if (tag === null) throw this.#lose(`note ${this.name} was written by another process`);
      this.#tag = tag;
      this.#value = value;
      this.#written = begun;
    });
    this.#writing = next.catch(() => undefined);
    return next;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** After a refusal: was it the answer that got lost, and not the write? */
  async #mine(text: string): Promise<Tag | null> {
    const note = await this.#board.read(this.name);
    return note?.text === text ? note.tag : null;
  }

  #beat(): void {
    const silent = performance.now() - this.#written;
    if (silent > this.#leaseMs * GIVE_UP) {
      this.#lose(`note ${this.name} could not be kept alive: ${Math.round(silent)} ms since it was last written`);
      return;
    }
    this.change({}).catch(() => undefined); // if it goes on failing, the silence that follows is told of above
  }

  #lose(why: string): LeaseLost {
    this.stop();
    const lost = new LeaseLost(`${why}; another process has the work by now, or will`);
    if (!this.lost.aborted) this.#loss.abort(lost);
    return lost;
  }
}

/** Sees by a clock of its own for how long notes have not changed. */
export class Watch {
  readonly #seen = new Map<string, { readonly tag: Tag; readonly since: number }>();
  readonly #leaseMs: number;

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** Takes a look. Gives the milliseconds since the tag was first seen. */
  look(name: string, tag: Tag): number {
    const before = this.#seen.get(name);
    const now = performance.now();
    if (before?.tag === tag) return now - before.since;
    this.#seen.set(name, { tag, since: now });
    return 0;
  }

  /** Whether it has been silent for a lease. */
  silent(name: string, tag: Tag): boolean {
    return this.look(name, tag) > this.#leaseMs;
  }
}

/** Reads a note's text as what it must be. @throws EnvironmentError. */
export function parseNote<T>(name: string, text: string, schema: { parse: (value: unknown) => T }): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new EnvironmentError(
      `note ${name} is not one of this version (${oneLine(cause)}); remove the notes of this transfer from the coordinator`,
      { cause },
    );
  }
}
