// ClickHouse's native protocol in front of the embedded engine, on a port of its own. `startNative` is the door.
// Must not know what clients say.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Account } from '../authentication.ts';
import type { Engine } from '../engine.ts';
import type { QueryLog } from '../query-log.ts';
import type { Patience } from './conversation.ts';
import { Conversation } from './conversation.ts';

export interface NativeOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly account: Account;
  readonly patience: Patience;
}

/** The protocol's listener. Disposing it cuts its connections and kills their queries; the engine stays the caller's. */
export interface NativeFront extends AsyncDisposable {
  readonly port: number;
}

/** @throws a system error if the port cannot be had. */
export async function startNative(engine: Engine, log: QueryLog, options: NativeOptions): Promise<NativeFront> {
  const sockets = new Set<Socket>();
  const conversations = new Set<Promise<void>>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    // Errors of the socket end its conversation where it reads.
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    const conversation = new Conversation(engine, log, options.account, socket, options.patience).hold();
    conversations.add(conversation);
    void conversation.finally(() => conversations.delete(conversation));
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const over = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(conversations);
      await over;
    },
  };
}
