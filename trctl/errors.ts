/**
 * The errors that a person who runs trctl may see: each has an exit code, says which thing is wrong and what to do.
 * Anything else that is thrown is a bug of this program (exit 1). Knows nothing of databases.
 */

/** Base of all expected failures; `code` is stable, `exitCode` is what the process ends with. */
export abstract class TransferError extends Error {
  abstract readonly code: string;
  abstract readonly exitCode: number;
}

/** The YAML, the command line or a combination in them is wrong: nothing was touched. */
export class ConfigError extends TransferError {
  readonly code = 'CONFIG';
  readonly exitCode = 2;
  override readonly name = 'ConfigError';
}

/** The world is not as the config says: host, password, table, database, port, slot. */
export class EnvironmentError extends TransferError {
  readonly code = 'ENVIRONMENT';
  readonly exitCode = 3;
  override readonly name: string = 'EnvironmentError';
}

/** The connection broke or was refused under way; the same thing may work when it is tried again. */
export class ConnectionLost extends TransferError {
  readonly code = 'CONNECTION_LOST';
  readonly exitCode = 3;
  override readonly name = 'ConnectionLost';
}

/** A type or a value that the destination cannot hold without loss: refused, never narrowed. */
export class DataError extends TransferError {
  readonly code = 'DATA';
  readonly exitCode = 4;
  override readonly name = 'DataError';
}

/** A snapshot that another process had open is not open any more: that process has ended, or is about to find out. */
export class SnapshotGone extends EnvironmentError {
  override readonly name = 'SnapshotGone';
}

/** A worker of a shared activation failed, and with it the activation. Ends as the worker itself does. */
export class WorkerFailed extends TransferError {
  readonly code = 'WORKER_FAILED';
  readonly exitCode: number;
  override readonly name = 'WorkerFailed';

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A signal asked the program to end. */
export class Interrupted extends TransferError {
  readonly code = 'INTERRUPTED';
  readonly exitCode: number;
  override readonly name = 'Interrupted';

  constructor(signal: 'SIGTERM' | 'SIGINT') {
    super(`ended by ${signal}`);
    this.exitCode = signal === 'SIGTERM' ? 143 : 130;
  }
}

/** The text of anything thrown, on one line. */
export function oneLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** The `code` that Node, Postgres and ClickHouse put on their errors, or undefined. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
