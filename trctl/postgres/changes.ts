/**
 * The change log of a source: pgoutput messages in, complete changes out, in the order of commits.
 * Confirms to the slot only what it was told is at the destination.
 */
import { LogicalReplicationService } from 'pg-logical-replication';
import type { Pgoutput } from 'pg-logical-replication';
import { ConnectionLost } from '../errors.ts';
import { parsePosition, printPosition } from '../model/change.ts';
import type { ChangeBatch, Position } from '../model/change.ts';
import { tableLabel } from '../model/table.ts';
import type { ChangeLog, Floors } from '../provider.ts';
import type { PostgresTable } from './catalog.ts';
import type { Session } from './connection.ts';
import { clientConfig, explain, whereIs } from './connection.ts';
import type { SourceParams } from './params.ts';
import type { Received } from './pgoutput.ts';
import { RawPgoutput } from './pgoutput.ts';
import { Relations } from './relations.ts';
import { changesOf } from './tuples.ts';
import type { PartialChange } from './tuples.ts';
import { completeRows } from './unchanged.ts';

/** The socket is left unread while this much waits to be handed out. */
const QUEUE_BYTES = 8 * 1024 * 1024;
const QUEUE_MESSAGES = 20_000;
/** Well below the shortest sensible wal_sender_timeout. */
const FEEDBACK_MS = 5_000;

export interface LogOptions {
  readonly params: SourceParams;
  readonly slot: string;
  readonly tables: readonly PostgresTable[];
  readonly after: Position;
  readonly floors: Floors;
  /** For looking things up at the source; closed by the log. */
  readonly session: Session;
}

export class PostgresChangeLog implements ChangeLog {
  readonly #options: LogOptions;
  readonly #service: LogicalReplicationService;
  readonly #relations: Relations;
  readonly #where: string;
  #queue: { message: Pgoutput.Message; bytes: number }[] = [];
  #queued = 0;
  #failure: unknown;
  #wake: () => void = () => undefined;
  #drained: () => void = () => undefined;
  /** End of the last transaction that has come in; not more than `#confirmed` means nothing is under way. */
  #received: Position = 0n;
  #confirmed: Position = 0n;
  /** Between a begin and its commit. */
  #open = false;
  #commit: Position = 0n;
  #xid = 0;
  #number = 0;
  readonly #feedback: NodeJS.Timeout;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#where = whereIs(options.params);
    this.#relations = new Relations(options.session, options.tables);
    const host = options.params.Hosts[0] ?? '';
    this.#service = new LogicalReplicationService(clientConfig(options.params, host), {
      acknowledge: { auto: false, timeoutSeconds: 0 },
      flowControl: { enabled: true },
    });
    this.#service.on('error', (cause) => this.#fail(cause));
    this.#service.on('data', () => this.#room());
    this.#service.on('heartbeat', (lsn, _time, respond) => this.#heartbeat(parsePosition(lsn), respond));
    this.#feedback = setInterval(() => void this.#acknowledge(this.#confirmed), FEEDBACK_MS);
  }

  /** Starts streaming. @throws TransferError when the slot or the publication is not as it must be. */
  async start(): Promise<void> {
    const plugin = new RawPgoutput(this.#options.slot, (received) => this.#receive(received));
    await new Promise<void>((resolve, reject) => {
      this.#service.once('start', () => resolve());
      this.#service.subscribe(plugin, this.#options.slot).then(
        () => this.#fail(new ConnectionLost(`${this.#where} ended the replication stream`)),
        (cause: unknown) => {
          const reason = explain(cause, this.#where);
          this.#fail(reason);
          reject(reason instanceof Error ? reason : new ConnectionLost(String(reason)));
        },
      );
    });
  }

  async *batches(signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    const wake = (): void => this.#wake();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        if (this.#queue.length === 0) {
          if (this.#failure !== undefined) throw explain(this.#failure, this.#where);
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        const messages = this.#queue;
        this.#queue = [];
        this.#queued = 0;
        this.#drained();
        const { changes, upTo } = await this.#read(messages);
        const complete = await completeRows(this.#options.session, changes);
        if (complete.length > 0 || upTo !== undefined) {
          yield { changes: complete, ...(upTo === undefined ? {} : { upTo }) };
        }
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  async confirm(position: Position): Promise<void> {
    if (position > this.#confirmed) this.#confirmed = position;
    await this.#acknowledge(this.#confirmed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#feedback);
    this.#drained();
    this.#service.on('error', () => undefined);
    await this.#service.stop().catch(() => undefined); // the connection may be gone already
    await this.#options.session[Symbol.asyncDispose]();
  }

  async #read(
    messages: readonly { message: Pgoutput.Message }[],
  ): Promise<{ changes: PartialChange[]; upTo?: Position }> {
    const changes: PartialChange[] = [];
    let upTo: Position | undefined;
    for (const { message } of messages) {
      switch (message.tag) {
        case 'begin':
          this.#commit = parsePosition(message.commitLsn ?? '0/0');
          this.#xid = message.xid >>> 0;
          this.#number = 0;
          upTo = undefined;
          break;
        case 'commit':
          upTo = parsePosition(message.commitEndLsn ?? '0/0');
          break;
        case 'relation': {
          const reshaped = await this.#relations.learn(message);
          if (reshaped !== null) changes.push({ kind: 'reshape', table: reshaped, ...this.#id() });
          break;
        }
        case 'insert':
        case 'update':
        case 'delete': {
          const table = this.#relations.of(message.relation);
          if (table === undefined || this.#isOld(table)) break;
          changes.push(...changesOf(message, table, this.#xid, () => this.#id()));
          break;
        }
        case 'truncate': {
          const known = message.relations.map((relation) => this.#relations.of(relation));
          const tables = known.flatMap((table) => (table === undefined || this.#isOld(table) ? [] : [table.id]));
          if (tables.length > 0) changes.push({ kind: 'truncate', tables, ...this.#id() });
          break;
        }
        case 'message':
        case 'origin':
        case 'type':
          break;
      }
    }
    return upTo === undefined ? { changes } : { changes, upTo };
  }

  #id(): { commit: Position; number: number } {
    this.#number += 1;
    return { commit: this.#commit, number: this.#number };
  }

  /** Is the transaction in the destination's record, or in the table's snapshot, already? */
  #isOld(table: PostgresTable): boolean {
    const floor = this.#options.floors.get(tableLabel(table.id)) ?? 0n;
    return this.#commit < this.#options.after || this.#commit < floor;
  }

  #receive(received: Received): void {
    if ('failure' in received) {
      this.#fail(received.failure);
      return;
    }
    const { message } = received;
    if (message.tag === 'begin') this.#open = true;
    if (message.tag === 'commit') {
      this.#open = false;
      this.#received = parsePosition(message.commitEndLsn ?? '0/0');
    }
    this.#queue.push(received);
    this.#queued += received.bytes;
    this.#wake();
  }

  /** Resolves when there is room for more; the library leaves the socket unread meanwhile. */
  #room(): Promise<void> | undefined {
    if (this.#queued < QUEUE_BYTES && this.#queue.length < QUEUE_MESSAGES) return undefined;
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #fail(cause: unknown): void {
    this.#failure ??= cause;
    this.#wake();
  }

  /** With nothing under way, all up to where the server stands is confirmed, so that the slot keeps no log for other tables' sake. */
  #heartbeat(position: Position, respond: boolean): void {
    const idle = !this.#open && this.#received <= this.#confirmed;
    if (idle && position > this.#confirmed) {
      void this.confirm(position);
    } else if (respond) {
      void this.#acknowledge(this.#confirmed);
    }
  }

  async #acknowledge(position: Position): Promise<void> {
    if (position === 0n) return;
    // The library adds one, and a transaction that begins its commit record right there would be skipped for ever.
    await this.#service.acknowledge(printPosition(position - 1n));
  }
}
