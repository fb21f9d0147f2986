/** Which rows of a table are alive, dead or never were, by ordinal. Knows no values. */

const NEVER = 0;
const ALIVE = 1;
const DEAD = 2;

export class Living {
  #states = new Uint8Array(1024);
  #next = 0;
  #alive = 0;
  #dead = 0;

  /** Ordinals given out so far. */
  get next(): number {
    return this.#next;
  }

  get alive(): number {
    return this.#alive;
  }

  get dead(): number {
    return this.#dead;
  }

  isAlive(ordinal: number): boolean {
    return this.#states[ordinal] === ALIVE;
  }

  /** An ordinal never given out before; it is not alive yet. */
  take(): number {
    if (this.#next === this.#states.length) {
      const wider = new Uint8Array(this.#states.length * 2);
      wider.set(this.#states);
      this.#states = wider;
    }
    return this.#next++;
  }

  live(ordinal: number): void {
    if (this.#states[ordinal] === ALIVE) return;
    if (this.#states[ordinal] === DEAD) this.#dead -= 1;
    this.#states[ordinal] = ALIVE;
    this.#alive += 1;
  }

  die(ordinal: number): void {
    if (this.#states[ordinal] !== ALIVE) return;
    this.#states[ordinal] = DEAD;
    this.#alive -= 1;
    this.#dead += 1;
  }

  /** Alive ordinals, ascending. */
  *aliveOnes(): Generator<number> {
    for (let ordinal = 0; ordinal < this.#next; ordinal += 1) if (this.#states[ordinal] === ALIVE) yield ordinal;
  }

  /** Dead ordinals, ascending. */
  *deadOnes(): Generator<number> {
    for (let ordinal = 0; ordinal < this.#next; ordinal += 1) if (this.#states[ordinal] === DEAD) yield ordinal;
  }

  /** The first ordinal in a state from `start` on, then from 0 on. */
  near(start: number, wanted: 'alive' | 'dead'): number | undefined {
    const state = wanted === 'alive' ? ALIVE : DEAD;
    if ((wanted === 'alive' ? this.#alive : this.#dead) === 0) return undefined;
    for (let offset = 0; offset < this.#next; offset += 1) {
      const ordinal = (start + offset) % this.#next;
      if (this.#states[ordinal] === state) return ordinal;
    }
    return undefined;
  }

  /**
   * Remembers all states. Ordinals taken later stay taken when it comes back to them, so that no key is used by a row
   * that a rolled-back transaction wrote and by another one too.
   */
  checkpoint(): () => void {
    const states = this.#states.slice(0, this.#next);
    const [alive, dead] = [this.#alive, this.#dead];
    return () => {
      this.#states.fill(NEVER);
      this.#states.set(states);
      this.#alive = alive;
      this.#dead = dead;
    };
  }
}
