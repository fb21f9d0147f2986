// The HTTP interface, and the native one, in front of the embedded ClickHouse engine. `startServer` is the door; main.ts is it as a program.
// Must not know what a request asks for, nor how queries run.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Account } from './authentication.ts';
import { Cleanup } from './cleanup.ts';
import { Engine } from './engine.ts';
import { Exchange } from './exchange.ts';
import type { Patience } from './native/conversation.ts';
import { startNative } from './native/front.ts';
import { QueryLog } from './query-log.ts';

export interface ServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Of the native protocol; 0 takes a free one, undefined goes without. */
  readonly nativePort: number | undefined;
  readonly host: string;
  /** The engine's data directory; made if need be, never removed. One server per process and directory. */
  readonly data: string;
  readonly account: Account;
  /** Where each query is recorded as a line of JSON (query-log.ts says which fields). */
  readonly queryLog: string | undefined;
  /** With clients of the native protocol. */
  readonly patience: Patience;
}

/** A running server. Disposing it cuts its connections, kills their queries and unloads the engine. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  readonly nativePort: number | undefined;
  readonly version: string;
}

/** @throws ClickHouseException if the data directory cannot be opened; a system error if the port cannot be had. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const engine = await Engine.open(options.data);
  const clean = new Cleanup();
  clean.use(engine);
  try {
    const log = new QueryLog(options.queryLog);
    clean.defer(() => log[Symbol.dispose]());
    const server = createServer({ keepAliveTimeout: 30_000, requestTimeout: 0, maxHeaderSize: 1 << 20 });
    const exchanges = new Set<Promise<void>>();
    server.on('request', (message, response) => {
      // Errors of the socket itself end the exchange through 'close'.
      response.on('error', () => undefined);
      const exchange = new Exchange(engine, log, options.account, message, response).handle();
      exchanges.add(exchange);
      void exchange.finally(() => exchanges.delete(exchange));
    });
    server.listen(options.port, options.host);
    await once(server, 'listening');
    clean.defer(async () => {
      await closed(server);
      await Promise.all(exchanges);
    });
    const { nativePort } = options;
    const native =
      nativePort === undefined
        ? undefined
        : clean.use(await startNative(engine, log, { ...options, port: nativePort }));
    return {
      nativePort: native?.port,
      port: (server.address() as AddressInfo).port,
      version: engine.facts.version,
      [Symbol.asyncDispose]: () => clean[Symbol.asyncDispose](),
    };
  } catch (error) {
    await clean[Symbol.asyncDispose]();
    throw error;
  }
}

async function closed(server: Server): Promise<void> {
  const over = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await over;
}
