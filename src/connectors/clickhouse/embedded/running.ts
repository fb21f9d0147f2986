// The queries that run now, by the ids their clients know, and how to kill them. Must not know how they run.
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { ClickHouseException } from './exception.ts';
import { literal } from './tokens.ts';

/**
 * The engine gives queries ids of its own, so each connection is marked by this setting, which system.processes shows.
 * It exists in chdb only and matters for remote() alone: no client of a ClickHouse server sets it.
 */
export const TAG_SETTING = 'chdb_client_name';

/** Pause before a kill is repeated, ms: a query that has not quite begun cannot be killed yet. */
const KILL_AGAIN_AFTER = 50;

export interface RunningQuery {
  readonly id: string;
  readonly user: string;
  readonly text: string;
  /** The mark of the connection that runs it. */
  readonly tag: string;
}

export class RunningQueries {
  readonly #queries = new Map<string, RunningQuery>();
  readonly #killer: Connection;

  /** @param killer a connection that runs no client's query. Owned by the caller. */
  constructor(killer: Connection) {
    this.#killer = killer;
  }

  /** @throws ClickHouseException if a query with this id runs. */
  add(query: Pick<RunningQuery, 'id' | 'user' | 'text'>, tag: string): RunningQuery {
    if (this.#queries.has(query.id)) {
      const message = `Query with id = ${query.id} is already running`;
      throw new ClickHouseException(216, 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING', message);
    }
    const running = { id: query.id, user: query.user, text: query.text, tag };
    this.#queries.set(query.id, running);
    return running;
  }

  remove(query: RunningQuery): void {
    this.#queries.delete(query.id);
  }

  get(id: string): RunningQuery | undefined {
    return this.#queries.get(id);
  }

  /** Asks the engine to cancel `query`, until it is not running any more. @throws ClickHouseException */
  async kill(query: RunningQuery): Promise<void> {
    while (this.#queries.get(query.id) === query) {
      await this.#killer.run(`KILL QUERY WHERE Settings[${literal(TAG_SETTING)}] = ${literal(query.tag)} ASYNC`);
      await delay(KILL_AGAIN_AFTER, undefined, { ref: false });
    }
  }
}
