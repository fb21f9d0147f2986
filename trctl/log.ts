/**
 * Progress lines for people and programs: console (stdout), minimal (stdout, message only), json (stderr).
 * Secrets never reach it: passwords are of type Secret, which prints as ***.
 */
import { inspect } from 'node:util';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['console', 'json', 'minimal'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Facts that go with a line, printed as `name=value`. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

export interface Logger {
  debug(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
}

/** A logger that writes lines of at least `level` to the process's own streams. */
export function createLogger(format: LogFormat, level: LogLevel): Logger {
  const floor = LOG_LEVELS.indexOf(level);
  const write = (at: LogLevel, message: string, facts: Facts = {}): void => {
    if (LOG_LEVELS.indexOf(at) < floor) return;
    if (format === 'json') {
      process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level: at, message, ...facts })}\n`);
      return;
    }
    const tail = Object.entries(facts).map(([name, value]) => ` ${name}=${String(value)}`);
    const head = format === 'minimal' ? '' : `${new Date().toISOString()} ${at.toUpperCase().padEnd(5)} `;
    process.stdout.write(`${head}${message}${tail.join('')}\n`);
  };
  return {
    debug: (message, facts) => write('debug', message, facts),
    info: (message, facts) => write('info', message, facts),
    warn: (message, facts) => write('warn', message, facts),
  };
}

/** A value that must not be printed; `reveal()` is for the one call that needs it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

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
