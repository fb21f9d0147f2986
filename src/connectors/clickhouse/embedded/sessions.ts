// Where a query's connection comes from: a fresh one, closed after it, or a named session's, kept between queries until
// nobody has used it for its timeout. So nothing leaks from one client to another unless they share a session id.
// Must not know what runs on a connection.
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
  /** The connection lives on after this query: settings must be put back. */
  readonly named: boolean;
}

interface Named {
  readonly connection: Connection;
  busy: boolean;
  expiry: NodeJS.Timeout | undefined;
}

export class Sessions {
  readonly #connect: () => Connection;
  readonly #named = new Map<string, Named>();

  constructor(connect: () => Connection) {
    this.#connect = connect;
  }

  /** @throws ClickHouseException SESSION_IS_LOCKED, SESSION_NOT_FOUND. */
  take(request: SessionRequest | undefined): Lease {
    if (request === undefined) {
      const connection = this.#connect();
      return {
        connection,
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
    const session = known ?? { connection: this.#connect(), busy: true, expiry: undefined };
    this.#named.set(request.id, session);
    session.busy = true;
    clearTimeout(session.expiry);
    return {
      connection: session.connection,
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
