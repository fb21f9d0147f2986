// The embedded ClickHouse server as a program of its own:
//   node main.js --port 0 --data DIR [--native-port 0] [--host 127.0.0.1] [--user default] [--password X]
//        [--query-log FILE] [--receive-timeout SECONDS] [--exit-with-parent]
// Prints {"port":…,"nativePort":…,"version":…,"pid":…} on stdout when it is ready; logs to stderr. Ends on SIGTERM and SIGINT, and with
// --exit-with-parent when its stdin closes.
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { poolSize } from './lanes.ts';
import type { ServerOptions } from './server.ts';

/** Threads of Node's pool: each query that is being computed occupies one. */
const THREADS = 64;
const FEWEST_THREADS = 16;

/** ms from the wish to end until the end by force. */
const GRACE = 5000;

/** ms that a client of the native protocol has to say who it is, and may be silent between queries. */
const HELLO_WITHIN = 10_000;
const IDLE = 3_600_000;

/** Names the descriptor that closes when the launcher ends. */
const LIFELINE = 'EMBEDDED_CLICKHOUSE_LIFELINE';

interface Flags extends ServerOptions {
  readonly exitWithParent: boolean;
}

/** A command line that cannot be obeyed. */
class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

function flagValues() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string' },
        'native-port': { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        data: { type: 'string' },
        user: { type: 'string', default: 'default' },
        password: { type: 'string', default: '' },
        'query-log': { type: 'string' },
        'receive-timeout': { type: 'string', default: '300' },
        'exit-with-parent': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function portOf(flag: string, text: string | undefined): number {
  const port = Number(text ?? Number.NaN);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`${flag} takes a number from 0 to 65535`);
  return port;
}

function readFlags(): Flags {
  const values = flagValues();
  const port = portOf('--port', values.port);
  const native = values['native-port'];
  const seconds = Number(values['receive-timeout']);
  if (!(seconds > 0 && seconds <= 86_400)) throw new UsageError('--receive-timeout takes seconds, up to a day');
  if (values.data === undefined || values.data === '') throw new UsageError('--data takes the data directory');
  return {
    port,
    nativePort: native === undefined ? undefined : portOf('--native-port', native),
    host: values.host,
    data: values.data,
    account: { user: values.user, password: values.password },
    queryLog: values['query-log'],
    patience: { hello: Math.min(seconds * 1000, HELLO_WITHIN), packet: seconds * 1000, idle: IDLE },
    exitWithParent: values['exit-with-parent'],
  };
}

/**
 * libuv reads UV_THREADPOOL_SIZE before a line of this file runs, so the server runs in a child that has it.
 * The child holds the other end of a pipe and ends when this process does, however it does.
 */
function relaunch(): void {
  const child = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env: { ...process.env, UV_THREADPOOL_SIZE: String(THREADS), [LIFELINE]: '3' },
    },
  );
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

async function serve(flags: Flags): Promise<void> {
  const { startServer } = await import('./server.ts');
  const server = await startServer(flags);
  let ending = false;
  const end = (because: string): void => {
    if (ending) return;
    ending = true;
    process.stderr.write(`embedded clickhouse: ends: ${because}\n`);
    // A call into the engine cannot be interrupted; nobody is to wait for one that does not heed being killed.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE).unref();
    server[Symbol.asyncDispose]().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`embedded clickhouse: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  if (process.env[LIFELINE] !== undefined) {
    const lifeline = new Socket({ fd: Number(process.env[LIFELINE]), readable: true, writable: false });
    lifeline.on('close', () => end('its launcher has gone')).resume();
  }
  if (flags.exitWithParent) process.stdin.on('close', () => end('its parent has gone')).resume();
  const { port, nativePort, version } = server;
  process.stdout.write(`${JSON.stringify({ port, nativePort, version, pid: process.pid })}\n`);
  return new Promise(() => undefined);
}

try {
  const flags = readFlags();
  if (poolSize() < FEWEST_THREADS && process.env[LIFELINE] === undefined) relaunch();
  else await serve(flags);
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`embedded clickhouse: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(usage ? 2 : 1);
}
