// Runs queries on the embedded ClickHouse engine, for any protocol in front of it: HTTP, and the native one.
// Life of a query:
//  1. a connection is taken: a fresh one, or the one of a named session (which is then locked)
//  2. database, settings and parameters are set on it
//  3. the statement runs: streamed block by block, or into a spool file, or whole
//  4. the answer is read to its end, or given up: then the query is killed
//  5. the connection is closed, or put back as it was
// Must not know either.
import { Cleanup } from './cleanup.ts';
import { Connection, engineIsIdle } from './connection.ts';
import { ClickHouseException, fromEngine } from './exception.ts';
import type { Facts } from './facts.ts';
import { makeDefaultDatabasePlain, readFacts } from './facts.ts';
import { Lanes, poolSize } from './lanes.ts';
import type { QueryContext } from './preparation.ts';
import { prepare, restoreLater } from './preparation.ts';
import { assertReads, refusal } from './refusals.ts';
import type { Progress, Result, Work } from './results.ts';
import { produce } from './results.ts';
import type { RunningQuery } from './running.ts';
import { RunningQueries, TAG_SETTING } from './running.ts';
import type { Connect, Lease, SessionRequest } from './sessions.ts';
import { Sessions } from './sessions.ts';
import { Spool } from './spool.ts';
import { literal } from './tokens.ts';

/** One query, as a protocol front hands it over. */
export interface Query extends Work, QueryContext {
  /** Chosen by the client or its protocol front; unique among running queries. */
  readonly id: string;
  readonly user: string;
  readonly session: SessionRequest | undefined;
  /** Refuse to change anything. */
  readonly readonly: boolean;
}

/** The answer to a query. Must be disposed, once or more; disposing it before its body has ended kills the query. */
export interface Answer extends AsyncDisposable {
  /** The format of the body; undefined if the statement has no result. */
  readonly format: string | undefined;
  readonly contentType: string | undefined;
  readonly timezone: string;
  /** @throws ClickHouseException while it is read, if the query fails half-way. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Counted so far. */
  readonly progress: Readonly<Progress>;
}

/** Threads of the pool that the engine leaves to files and compression. */
const THREADS_KEPT = 4;

export class Engine implements AsyncDisposable {
  readonly facts: Facts;
  readonly spool: Spool;
  /** Runs no client's query: it keeps the engine loaded, and kills. */
  readonly #keeper: Connection;
  readonly #sessions: Sessions;
  readonly #running: RunningQueries;

  private constructor(facts: Facts, spool: Spool, keeper: Connection, connect: Connect) {
    this.facts = facts;
    this.spool = spool;
    this.#keeper = keeper;
    this.#sessions = new Sessions(connect);
    this.#running = new RunningQueries(keeper);
  }

  /** Loads the engine on `data`, a directory made if need be. One per process. @throws ClickHouseException */
  static async open(data: string): Promise<Engine> {
    const spool = await Spool.open(data);
    const lanes = new Lanes(poolSize() - THREADS_KEPT);
    const connect = (tag: string, readonly: boolean): Connection =>
      new Connection(data, lanes, { [TAG_SETTING]: tag, ...(readonly ? { readonly: '2' } : {}) });
    // Kills must not queue behind what they are to kill.
    const keeper = new Connection(data, new Lanes(1));
    await makeDefaultDatabasePlain(keeper, data);
    return new Engine(await readFacts(keeper), spool, keeper, connect);
  }

  /** Runs a query; `signal` kills it. @throws ClickHouseException if it fails before its first block. */
  async execute(query: Query, signal: AbortSignal): Promise<Answer> {
    const refused = refusal(query.statement);
    if (refused !== undefined) throw refused;
    if (query.statement.kind === 'kill') {
      if (query.readonly) assertReads(query.statement);
      return this.#killAnswer(query, query.statement.ids ?? [], signal);
    }
    const clean = new Cleanup();
    try {
      const lease = clean.use(this.#sessions.take(query.session, query.readonly));
      const outcome = { complete: false };
      if (lease.named) clean.defer(() => (outcome.complete ? undefined : letGo(lease.connection)));
      const running = this.#running.add(query, lease.tag);
      const finished = new AbortController();
      clean.defer(() => {
        this.#running.remove(running);
        finished.abort();
      });
      if (lease.named) {
        if (query.readonly) assertReads(query.statement);
        await restoreLater(lease.connection, withoutOwnEffect(query), clean);
      }
      await prepare(lease.connection, query);
      const timezone = await this.#timezone(lease, query);
      signal.throwIfAborted();
      signal.addEventListener('abort', () => void this.#kill(running), { signal: finished.signal });
      const progress = { resultRows: 0, readRows: 0, readBytes: 0, writtenRows: 0, writtenBytes: 0 };
      const result = await produce(lease.connection, query, this.spool, clean, progress);
      return this.#answer(result, running, timezone, progress, clean, outcome);
    } catch (error) {
      await clean[Symbol.asyncDispose]();
      throw fromEngine(error);
    }
  }

  #answer(
    result: Result,
    running: RunningQuery,
    timezone: string,
    progress: Progress,
    clean: Cleanup,
    outcome: { complete: boolean },
  ): Answer {
    let over = false;
    const body = (async function* () {
      try {
        yield* result.body;
        outcome.complete = true;
      } finally {
        over = true;
      }
    })();
    const { format } = result;
    return {
      format,
      contentType: format === undefined ? undefined : this.facts.contentTypes.get(format.toLowerCase()),
      timezone,
      body,
      progress,
      [Symbol.asyncDispose]: async () => {
        if (!over) void this.#kill(running);
        // Waits for the block that is being computed: nothing may be closed under it.
        await result.body.return().catch(() => undefined);
        await clean[Symbol.asyncDispose]();
      },
    };
  }

  /** Best effort: a query that cannot be killed runs to its end. */
  async #kill(running: RunningQuery): Promise<void> {
    try {
      await this.#running.kill(running);
    } catch (error) {
      process.emitWarning(`query ${running.id} could not be killed: ${String(error)}`);
    }
  }

  /** KILL QUERY by the ids that clients know, with the columns of the server's own answer. */
  async #killAnswer(query: Query, ids: readonly string[], signal: AbortSignal): Promise<Answer> {
    const found = ids.map((id) => this.#running.get(id)).filter((running) => running !== undefined);
    for (const running of found) void this.#kill(running);
    const rows = found.map((one) => `('waiting', ${literal(one.id)}, ${literal(one.user)}, ${literal(one.text)})`);
    const structure = literal('kill_status String, query_id String, user String, query String');
    const text = `SELECT * FROM values(${[structure, ...rows].join(', ')})`;
    const end = Buffer.byteLength(text);
    const words = new Set<string>();
    const { format } = query.statement;
    const statement = { kind: 'select', format: undefined, clausesAt: end, end, words, scalarSubquery: false } as const;
    const none = rows.length === 0 ? ' LIMIT 0' : '';
    return this.execute(
      { ...query, text: text + none, statement, defaultFormat: format ?? query.defaultFormat, data: undefined },
      signal,
    );
  }

  /** The time zone that the query's DateTime texts are in. */
  async #timezone(lease: Lease, query: Query): Promise<string> {
    if (lease.named) return lease.connection.text('SELECT timezone()');
    const chosen = query.settings.get('session_timezone') ?? '';
    return chosen === '' ? this.facts.timezone : chosen;
  }

  /** Ends a named session that no query uses. */
  endSession(id: string): void {
    this.#sessions.end(id);
  }

  /** Waits for what the engine is doing, then unloads it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#sessions.close();
    await engineIsIdle();
    this.#keeper.close();
    await engineIsIdle();
  }
}

/**
 * A stream that failed is not over for its connection: the query stays in system.processes and keeps its tables locked
 * until the connection runs another one.
 */
async function letGo(connection: Connection): Promise<void> {
  try {
    await connection.run('SELECT 1');
  } catch (error) {
    // A kill that came too late hits this query instead, which is as good as done.
    if (!(error instanceof ClickHouseException)) throw error;
  }
}

/** USE changes the session's database: it must not be put back afterwards. */
function withoutOwnEffect(query: Query): QueryContext {
  const uses = query.statement.kind === 'other' && query.statement.verbs[0] === 'USE';
  return uses ? { ...query, database: undefined } : query;
}
