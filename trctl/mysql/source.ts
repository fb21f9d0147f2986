/** MySQL as a source: one snapshot shared by sessions, and the change log of the binary log. */
import { randomInt } from 'node:crypto';
import { DataError, EnvironmentError } from '../errors.ts';
import { printPosition } from '../model/change.ts';
import type { Position } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { ChangeLog, Floors, Snapshot, SnapshotKind, Source } from '../provider.ts';
import type { MySqlTable } from './catalog.ts';
import { describeTables } from './catalog.ts';
import { isKnown } from './charset.ts';
import { Session } from './connection.ts';
import { endOfLog, keptFiles, placeOf, positionOf } from './log-place.ts';
import type { SourceParams } from './params.ts';
import { MySqlSnapshot } from './snapshot.ts';

/** What changes can be followed with, by setting: what it must be, and what it is for. */
const NEEDED: Readonly<Record<string, readonly [value: string, why: string]>> = {
  log_bin: ['ON', 'there is no change log without it'],
  binlog_format: ['ROW', 'only rows say what has changed'],
  binlog_row_image: ['FULL', 'rows must come whole'],
  binlog_row_value_options: ['', 'JSON values must come whole'],
  binlog_transaction_compression: ['OFF', 'compressed transactions are not read'],
  log_bin_compress: ['OFF', 'compressed events are not read'],
};

export class MySqlSource implements Source {
  readonly parallelism: number;
  readonly #params: SourceParams;
  #control: Session | undefined;
  /** Where the log goes on. */
  #from: Position = 0n;

  constructor(params: SourceParams) {
    this.#params = params;
    this.parallelism = params.SnapshotDegreeOfParallelism;
  }

  async tables(): Promise<MySqlTable[]> {
    const { Database, IncludeTableRegex, ExcludeTableRegex } = this.#params;
    return describeTables(await this.#session(), Database, IncludeTableRegex, ExcludeTableRegex);
  }

  async checkLog(tables: readonly MySqlTable[]): Promise<void> {
    const session = await this.#session();
    const names = Object.keys(NEEDED).map((name) => `'${name}'`);
    for (const [name, value] of await session.query(
      `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.join(', ')})`,
    )) {
      const [wanted, why] = NEEDED[name ?? ''] ?? ['', ''];
      if ((value ?? '').toUpperCase() === wanted) continue;
      throw new EnvironmentError(
        `the server's ${name ?? ''} is '${value ?? ''}' and must be '${wanted}' (${why}); set it, and start its sessions anew`,
      );
    }
    for (const table of tables) {
      for (const [at, { charset, base }] of table.attributes.entries()) {
        if ((charset === undefined || isKnown(charset)) && !UNREAD.test(base)) continue;
        throw new DataError(
          `table ${tableLabel(table.id)}, column ${table.columns[at]?.name ?? ''} (${table.columns[at]?.type.declared ?? ''}): ` +
            'its values cannot be read from the change log; leave the table out (ExcludeTableRegex), or use type SNAPSHOT_ONLY',
        );
      }
    }
  }

  async snapshot(kind: SnapshotKind, tables: readonly MySqlTable[]): Promise<Snapshot> {
    return MySqlSnapshot.take(this.#params, tables, async (session) =>
      kind === 'plain' ? 0n : positionOf(await endOfLog(session)),
    );
  }

  /** The server keeps no readers: where the log goes on is what the state says, if the server still has it. */
  async logPosition(known: Position | null): Promise<Position | null> {
    if (known === null) return null;
    const session = await this.#session();
    const { file } = placeOf(known, (await endOfLog(session)).file);
    if (!(await keptFiles(session)).includes(file)) {
      throw new EnvironmentError(
        `the server no longer keeps its binary log ${file}, from where the transfer would go on (${printPosition(known)}); ` +
          'run activate again, and let the server keep its log for longer (binlog_expire_logs_seconds)',
      );
    }
    this.#from = known;
    return known;
  }

  async openLog(): Promise<Position> {
    this.#from = positionOf(await endOfLog(await this.#session()));
    return this.#from;
  }

  dropLog(): Promise<void> {
    return Promise.resolve();
  }

  async changes(tables: readonly MySqlTable[], after: Position, floors: Floors): Promise<ChangeLog> {
    const from = after > this.#from ? after : this.#from;
    const place = placeOf(from, (await endOfLog(await this.#session())).file);
    const { MySqlChangeLog } = await import('./changes.ts');
    return MySqlChangeLog.start({
      params: this.#params,
      database: this.#params.Database,
      // The server cuts off a reader when another comes with its number.
      serverId: this.#params.ServerID ?? randomInt(2 ** 31, 2 ** 32 - 1),
      tables,
      from: place,
      floors,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control?.[Symbol.asyncDispose]();
  }

  async #session(): Promise<Session> {
    this.#control ??= await Session.open(this.#params);
    return this.#control;
  }
}

/** Types of MariaDB whose bytes in the log are not those of their text. */
const UNREAD = /^(uuid|inet4|inet6)$/;
