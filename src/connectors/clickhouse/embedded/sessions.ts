// Where a query's connection comes from: a fresh one, closed after it, or a named session's, kept between queries until
// nobody has used it for its timeout. So nothing leaks from one client to another unless they share a session id.
// Must not know what runs on a connection.
import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.ts';
import { ClickHouseException } from './exception.ts';

export interface SessionRequest {
  readonly id: string;
  /** Seconds without a query until the session is forgotten. */
  readonly timeout: number;
  /** Fail if the session does not exist yet. */
  readonly mustExist: boolean;
}

/** A connection for the time of one query. Disposing gives it back. */
export interface Lease extends AsyncDisposable {
  readonly connection: Connection;
  /** By which the engine shows what runs on the connection. */
  readonly tag: string;
  /** The connection lives on after this query: settings must be put back. */
  readonly named: boolean;
}

/** Opens a connection marked by `tag`, on which nothing can be changed if it is `readonly`. */
export type Connect = (tag: string, readonly: boolean) => Connection;

interface Named {
  readonly connection: Connection;
  readonly tag: string;
  busy: boolean;
  expiry: NodeJS.Timeout | undefined;
}

export class Sessions {
  readonly #connect: Connect;
  readonly #named = new Map<string, Named>();

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /**
   * @param readonly of a fresh connection; a named one may serve a query that changes something next.
   * @throws ClickHouseException SESSION_IS_LOCKED, SESSION_NOT_FOUND.
   */
  take(request: SessionRequest | undefined, readonly: boolean): Lease {
    const tag = `embedded:${randomUUID()}`;
    if (request === undefined) {
      const connection = this.#connect(tag, readonly);
      return {
        connection,
        tag,
        named: false,
        [Symbol.asyncDispose]: () => {
          connection.close();
          return Promise.resolve();
        },
      };
    }
    const known = this.#named.get(request.id);
    if (known === undefined && request.mustExist) {
      throw new ClickHouseException(372, 'SESSION_NOT_FOUND', `Session ${request.id} not found`);
    }
    if (known?.busy === true) {
      throw new ClickHouseException(373, 'SESSION_IS_LOCKED', `Session ${request.id} is locked by a concurrent client`);
    }
    const session = known ?? { connection: this.#connect(tag, false), tag, busy: true, expiry: undefined };
    this.#named.set(request.id, session);
    session.busy = true;
    clearTimeout(session.expiry);
    return {
      connection: session.connection,
      tag: session.tag,
      named: true,
      [Symbol.asyncDispose]: () => {
        session.busy = false;
        session.expiry = setTimeout(() => this.end(request.id), request.timeout * 1000).unref();
        return Promise.resolve();
      },
    };
  }

  /** Forgets a session that is not in use, with its settings and temporary tables. */
  end(id: string): void {
    const session = this.#named.get(id);
    if (session === undefined || session.busy) return;
    clearTimeout(session.expiry);
    this.#named.delete(id);
    session.connection.close();
  }

  close(): void {
    for (const id of [...this.#named.keys()]) this.end(id);
  }
}
