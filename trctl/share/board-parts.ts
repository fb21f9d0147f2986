/** The parts of a run as the board has them: who has which, and who is alive. Shared by the main worker and the others. */
import { randomUUID } from 'node:crypto';
import type { Board, Tag } from '../coordinator/coordinator.ts';
import { Watch, parseNote } from './heart.ts';
import { partIndex, partName, partNote, partsPrefix, workerNote, workersPrefix } from './notes.ts';
import type { PartNote, Plan, PlanPart } from './notes.ts';

export interface Claim {
  readonly at: number;
  /** Somebody had it before and may have written some of it. */
  readonly takenOver: boolean;
  tag: Tag;
}

export class BoardParts {
  readonly run: string;
  readonly plan: Plan;
  readonly #board: Board;
  readonly #watch: Watch;
  readonly #notes = new Map<number, { readonly tag: Tag; readonly note: PartNote }>();
  readonly #workers = new Map<string, { readonly tag: Tag; readonly left: boolean }>();
  #alive: string[] = [];

  constructor(board: Board, run: string, plan: Plan, leaseMs: number) {
    this.#board = board;
    this.run = run;
    this.plan = plan;
    this.#watch = new Watch(leaseMs);
  }

  /** Looks at all notes of the run; reads only those that changed. */
  async look(): Promise<void> {
    for (const { name, tag } of await this.#board.list(partsPrefix(this.run))) {
      const at = partIndex(name);
      if (this.#notes.get(at)?.tag === tag) continue;
      const found = await this.#board.read(name);
      if (found !== null) this.#notes.set(at, { tag: found.tag, note: parseNote(name, found.text, partNote) });
    }
    const alive: string[] = [];
    for (const { name, tag } of await this.#board.list(workersPrefix(this.run))) {
      if (this.#workers.get(name)?.tag !== tag) {
        const found = await this.#board.read(name);
        if (found !== null) this.#workers.set(name, { tag, left: parseNote(name, found.text, workerNote).left });
      }
      if (this.#workers.get(name)?.left === false && !this.#watch.silent(name, tag)) alive.push(name);
    }
    this.#alive = alive;
  }

  /** Notes of workers that have not left and are not silent. */
  get alive(): readonly string[] {
    return this.#alive;
  }

  note(at: number): PartNote | undefined {
    return this.#notes.get(at)?.note;
  }

  get done(): number {
    return this.plan.parts.filter((_, at) => this.note(at)?.state === 'done').length;
  }

  /** Claims a part that nobody has, or whose owner is gone. Null: there is none now. @param from where to begin looking. */
  async claim(owner: string, from: number, wanted: (part: PlanPart) => boolean): Promise<Claim | null> {
    const count = this.plan.parts.length;
    for (let step = 0; step < count; step += 1) {
      const at = (from + step) % count;
      const part = this.plan.parts[at];
      if (part === undefined || !wanted(part)) continue;
      const known = this.#notes.get(at);
      const note: PartNote = { owner, claim: randomUUID(), state: 'claimed', rows: 0 };
      const text = JSON.stringify(note);
      let tag: Tag | null;
      if (known === undefined) tag = await this.#board.create(partName(this.run, at), text);
      else if (this.#free(known.note, owner)) tag = await this.#board.replace(partName(this.run, at), text, known.tag);
      else continue;
      tag ??= await this.#mine(at, text);
      if (tag === null) continue;
      this.#notes.set(at, { tag, note });
      return { at, takenOver: known !== undefined, tag };
    }
    return null;
  }

  /** Writes down how a claimed part ended. False: it is somebody else's by now. */
  async settle(claim: Claim, note: PartNote): Promise<boolean> {
    const text = JSON.stringify(note);
    const tag =
      (await this.#board.replace(partName(this.run, claim.at), text, claim.tag)) ?? (await this.#mine(claim.at, text));
    if (tag === null) return false;
    this.#notes.set(claim.at, { tag, note });
    return true;
  }

  /** Reads a part's note after a refusal: by now it is somebody else's, or it is ours after all. */
  async #mine(at: number, text: string): Promise<Tag | null> {
    const name = partName(this.run, at);
    const found = await this.#board.read(name);
    if (found === null) return null;
    this.#notes.set(at, { tag: found.tag, note: parseNote(name, found.text, partNote) });
    return found.text === text ? found.tag : null;
  }

  /** An owner that is not among the living has left, is silent, or came back under another name. */
  #free(note: PartNote, self: string): boolean {
    if (note.state !== 'claimed' || note.owner === self) return false;
    const owner = this.#workers.get(note.owner);
    return owner === undefined ? false : owner.left || !this.#alive.includes(note.owner);
  }
}
