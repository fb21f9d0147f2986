/**
 * Errors that people read. Each has a stable code for programs, a message that names the thing, the place and the
 * next step, and an exit code that tells a wrong call (2) from a machine that cannot (3).
 */

/** Exit codes of every command: as expected, not as expected, wrong usage, environment or unknown. */
export const EXIT = { asExpected: 0, notAsExpected: 1, usage: 2, environment: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export class E2eError extends Error {
  override readonly name: string = 'E2eError';
  /** Stable, upper snake case, for programs. */
  readonly code: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode ?? EXIT.environment;
  }
}

/** The caller asked for something that is not there or makes no sense. Exit code 2. */
export class UsageError extends E2eError {
  override readonly name = 'UsageError';
  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(code, message, { ...options, exitCode: EXIT.usage });
  }
}

/** A server could not be had here: says what was tried and what to install or set. Exit code 3. */
export class ProvisionError extends E2eError {
  override readonly name = 'ProvisionError';
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('PROVISION', message, { ...options, exitCode: EXIT.environment });
  }
}

/** Something awaited did not come in time: says what, for how long, and what was last seen. Verdict: unknown. */
export class BarrierTimeout extends E2eError {
  override readonly name = 'BarrierTimeout';
  readonly awaited: string;
  readonly lastSeen: string;
  constructor(awaited: string, waitedMs: number, lastSeen: string) {
    super('BARRIER_TIMEOUT', `waited ${(waitedMs / 1000).toFixed(1)} s for ${awaited}; last seen: ${lastSeen}`);
    this.awaited = awaited;
    this.lastSeen = lastSeen;
  }
}

/** What a thrown value says, whatever it is; causes appended, since a driver's reason often hides there. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.message === '' ? thrown.name : thrown.message;
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    return [...new Set(thrown.errors.map((inner) => messageOf(inner)))].join('; ');
  }
  if (thrown.cause === undefined || thrown.cause === null) return own;
  const cause = messageOf(thrown.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}
