/** For tests only: databases of one test at both ends, configs for it, and waiting until replication has caught up. */
import { until } from '../wait.ts';
import type { TestClickHouse } from './clickhouse.ts';
import type { TestPostgres } from './postgres.ts';
import { Workplace } from './program.ts';

let serial = 0;

export class Pair implements AsyncDisposable {
  /** Also the name of the slot and of the databases. */
  readonly id: string;
  readonly work: Workplace;
  readonly #postgres: TestPostgres;
  readonly #clickhouse: TestClickHouse | null;

  private constructor(id: string, work: Workplace, postgres: TestPostgres, clickhouse: TestClickHouse | null) {
    this.id = id;
    this.work = work;
    this.#postgres = postgres;
    this.#clickhouse = clickhouse;
  }

  /** @param clickhouse null: the destination is Postgres. @param setup statements at the source. */
  static async create(postgres: TestPostgres, clickhouse: TestClickHouse | null, ...setup: string[]): Promise<Pair> {
    serial += 1;
    const id = `pair${serial}`;
    await postgres.query('postgres', `CREATE DATABASE ${id}_src`, `CREATE DATABASE ${id}_dst`);
    await clickhouse?.query(`CREATE DATABASE ${id}`);
    const pair = new Pair(id, await Workplace.create(), postgres, clickhouse);
    await pair.source(...setup);
    return pair;
  }

  async source(...sql: string[]): Promise<Record<string, string | null>[]> {
    return this.#postgres.query(`${this.id}_src`, ...sql);
  }

  /** Rows of a query at the destination, as text: columns joined by |, NULL as ∅. */
  async destination(sql: string): Promise<string[]> {
    if (this.#clickhouse !== null) {
      const text = await this.#clickhouse.query(sql.replaceAll('{db}', this.id));
      return text === '' ? [] : text.split('\n').map((line) => line.replaceAll('\\N', '∅').replaceAll('\t', '|'));
    }
    return this.#postgres.lines(`${this.id}_dst`, sql);
  }

  /** The same rows at the source. */
  async original(sql: string): Promise<string[]> {
    return this.#postgres.lines(`${this.id}_src`, sql);
  }

  async config(type: string, src: object = {}, dst: object = {}, top: object = {}): Promise<string> {
    const login = { Hosts: ['127.0.0.1'], Port: this.#postgres.port, User: 'postgres', Password: 'any' };
    const target =
      this.#clickhouse === null
        ? { type: 'pg', params: { ...login, Name: `${this.id}_dst`, ...dst } }
        : {
            type: 'ch',
            params: {
              ShardsList: [{ Name: 's1', Hosts: ['127.0.0.1'] }],
              HTTPPort: this.#clickhouse.port,
              User: 'default',
              Password: '',
              Database: this.id,
              ...dst,
            },
          };
    return this.work.config('transfer', {
      id: this.id,
      type,
      src: { type: 'pg', params: { ...login, Database: `${this.id}_src`, ...src } },
      dst: target,
      ...top,
    });
  }

  /** Resolves when all that is committed now at the source has been confirmed to its slot. */
  async caughtUp(limit = 40_000): Promise<void> {
    const [now] = await this.source('SELECT pg_current_wal_insert_lsn() AS lsn');
    const target = now?.lsn ?? '';
    await until(`slot ${this.id} to confirm ${target}`, limit, async () => {
      const [row] = await this.source(
        `SELECT confirmed_flush_lsn >= '${target}' AS done FROM pg_replication_slots WHERE slot_name = '${this.id}'`,
      );
      return row?.done === 't' ? true : null;
    });
  }

  /** Resolves when a query at the source has a row. */
  async until(sql: string): Promise<void> {
    await until(sql, 40_000, async () => ((await this.source(sql)).length > 0 ? true : null));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#postgres.query(
      'postgres',
      `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active AND slot_name = '${this.id}'`,
    );
    await this.work[Symbol.asyncDispose]();
  }
}
