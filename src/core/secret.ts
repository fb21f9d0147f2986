/** A string that must not be printed: it shows as `***` in templates, JSON and inspection. */
import { inspect } from 'node:util';

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The only way to the value; call it where the value is handed to a driver or a child process, nowhere else. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

/** Replaces every occurrence of the secrets in a text that leaves the process (logs, reports). */
export function mask(text: string, secrets: Iterable<Secret>): string {
  let masked = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value !== '') masked = masked.replaceAll(value, '***');
  }
  return masked;
}
