// One connection to the engine: its own current database, settings, parameters and temporary tables, and one query at a
// time. Connections on one data directory run in parallel in this process. The only file that calls `chdb`.
// Must not know HTTP, nor what the statements mean.
import { Session, drainPending } from 'chdb';
import type { Lanes } from './lanes.ts';
import { fromEngine } from './exception.ts';

/**
 * What chdb sets unlike a server: `1 + 1` without SELECT is accepted, introspection is on, files are mapped into memory.
 * (Its Arrow writer differs as well, and is left: the server's own one is not complete in this build.)
 */
const LIKE_A_SERVER = ['--implicit_select=0', '--allow_introspection_functions=0', '--storage_file_read_method=pread'];

/** The result of a statement that was run whole. */
export interface WholeResult {
  readonly bytes: Uint8Array;
  /** Rows read or, for INSERT, written. */
  readonly rows: number;
  readonly readBytes: number;
}

export class Connection {
  readonly #session: Session;
  readonly #lanes: Lanes;

  /**
   * @param settings in force from the start; SET may change them, unless `readonly` is among them.
   * @throws ClickHouseException if the data directory cannot be opened.
   */
  constructor(data: string, lanes: Lanes, settings: Readonly<Record<string, string>> = {}) {
    const given = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    try {
      this.#session = new Session(data, { connectionArgs: [...LIKE_A_SERVER, ...given] });
    } catch (error) {
      throw fromEngine(error);
    }
    this.#lanes = lanes;
  }

  /** Runs `sql` (one statement or several) and returns the last result, whole. @throws ClickHouseException */
  async run(sql: string, format = 'TabSeparated'): Promise<WholeResult> {
    try {
      const result = await this.#lanes.run(() => this.#session.queryAsync(sql, { format }));
      return { bytes: result.bytes(), rows: result.rowsRead, readBytes: result.bytesRead };
    } catch (error) {
      throw fromEngine(error);
    }
  }

  /** The result of `sql` as trimmed text. @throws ClickHouseException */
  async text(sql: string): Promise<string> {
    const { bytes } = await this.run(sql, 'TabSeparatedRaw');
    return Buffer.from(bytes).toString('utf8').trimEnd();
  }

  /**
   * Streams a SELECT block by block, each formatted on its own; the next block is computed when it is asked for.
   * The query's analysis runs on the calling thread: do not call this for scalar subqueries. @throws ClickHouseException
   */
  async *stream(sql: string, format: string): AsyncGenerator<Block, void, undefined> {
    try {
      const blocks = this.#session.queryStream(sql, { format })[Symbol.asyncIterator]();
      try {
        for (;;) {
          const step = await this.#lanes.run(() => blocks.next());
          if (step.done === true) return;
          yield { bytes: step.value.raw(), rows: step.value.numRows };
        }
      } finally {
        await blocks.return?.();
      }
    } catch (error) {
      throw fromEngine(error);
    }
  }

  close(): void {
    this.#session.close();
  }
}

export interface Block {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** Resolves when no call into the engine is under way any more. */
export async function engineIsIdle(): Promise<void> {
  await drainPending();
}
