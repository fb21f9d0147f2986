/**
 * Where the workers of a run ask its main process for servers: HTTP on loopback with a token, since the workers are
 * processes of their own. One question, one answer; the answer may take as long as a server takes to start.
 */
import { randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { E2eError, ProvisionError, messageOf } from '../core/errors.ts';
import { fromWire, toWire, type ServerInfo } from '../core/server.ts';
import { storeFromWire, storeToWire, type StoreInfo } from '../core/store.ts';
import type { DatabaseKind, Stack } from '../core/words.ts';
import type { ServerPool } from './servers.ts';

/** What stands in a path in place of a kind of database. */
const STORE = 'store';

export interface DeskAddress {
  readonly port: number;
  readonly token: string;
}

/** Opens the desk. The caller disposes of it; the pool stays the caller's. */
export async function openDesk(pool: ServerPool): Promise<AsyncDisposable & { readonly address: DeskAddress }> {
  const token = randomBytes(16).toString('hex');
  const server = createServer((message, response) => {
    const url = new URL(message.url ?? '/', 'http://desk');
    if (message.headers['x-token'] !== token) {
      response.writeHead(403).end();
      return;
    }
    const [, kind, stack] = url.pathname.split('/');
    const asked =
      kind === STORE
        ? pool.store(stack as Stack).then(storeToWire)
        : pool.get(kind as DatabaseKind, stack as Stack).then(toWire);
    asked.then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(503).end(messageOf(error)),
    );
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: { port: (server.address() as AddressInfo).port, token },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Asks the desk for a server.
 *
 * @throws ProvisionError with the words of the process that tried to start it.
 */
export async function askDesk(
  desk: DeskAddress,
  kind: DatabaseKind,
  stack: Stack,
  signal: AbortSignal,
): Promise<ServerInfo> {
  return fromWire(await ask(desk, `/${kind}/${stack}`, signal));
}

/** Asks the desk for the object store. @throws ProvisionError likewise. */
export async function askForStore(desk: DeskAddress, stack: Stack, signal: AbortSignal): Promise<StoreInfo> {
  return storeFromWire(await ask(desk, `/${STORE}/${stack}`, signal));
}

async function ask(desk: DeskAddress, path: string, signal: AbortSignal): Promise<string> {
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: desk.port, path, headers: { 'x-token': desk.token }, signal },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
        answer.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  }).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw new E2eError('DESK', `the run's main process does not answer`, { cause });
  });
  if (status !== 200) throw new ProvisionError(body);
  return body;
}
