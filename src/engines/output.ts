/**
 * What an engine printed, in bounded memory: an engine may flood its log with a gigabyte and the harness must neither
 * block it nor grow. Keeps the head (how it started) and the tail (how it ended) and counts what lies between.
 */
const HEAD_BYTES = 256 * 1024;
const TAIL_BYTES = 1024 * 1024;

/** Lines that say what went wrong, in the forms that programs of this kind print. */
const ERROR_LINE = /\b(error|fatal|panic|exception|failed|refused|denied)\b/i;

export class Output {
  #head = Buffer.alloc(0);
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #dropped = 0;

  add(chunk: Buffer): void {
    let rest = chunk;
    if (this.#head.length < HEAD_BYTES) {
      const taken = rest.subarray(0, HEAD_BYTES - this.#head.length);
      this.#head = Buffer.concat([this.#head, taken]);
      rest = rest.subarray(taken.length);
    }
    if (rest.length === 0) return;
    // Copied: a pipe's chunk is a slice of a pool that would otherwise be held whole.
    this.#tail.push(Buffer.from(rest));
    this.#tailBytes += rest.length;
    let first = this.#tail[0];
    while (first !== undefined && this.#tailBytes - first.length >= TAIL_BYTES) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
      this.#dropped += first.length;
      first = this.#tail[0];
    }
  }

  text(): string {
    const gap = this.#dropped === 0 ? '' : `\n… ${this.#dropped.toLocaleString('en-US')} bytes left out …\n`;
    return this.#head.toString('utf8') + gap + Buffer.concat(this.#tail).toString('utf8');
  }

  /** The last line that looks like an error, cut to what a message can bear. */
  lastError(): string | undefined {
    return cut(this.#lines().findLast((candidate) => ERROR_LINE.test(candidate)));
  }

  /** The last line that is not blank: what a program that failed said last, whatever its words. */
  lastLine(): string | undefined {
    return cut(this.#lines().findLast((candidate) => candidate.trim() !== ''));
  }

  #lines(): string[] {
    return this.text().split('\n');
  }
}

function cut(line: string | undefined): string | undefined {
  return line === undefined ? undefined : line.trim().slice(0, 1000);
}
