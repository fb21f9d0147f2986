/** Stand-ins for the doors, for tests of the run room alone: a destination in memory, a change log by hand, an engine. */
import type { ChangeLog, Consumer, Session } from '../connectors/connector.ts';
import { CanonicalWriter } from '../core/canonical.ts';
import { Secret } from '../core/secret.ts';
import type { HostView, ServerInfo } from '../core/server.ts';
import type { Change, Table } from '../core/table.ts';
import type { Engine, EngineProcess, Exit } from '../engines/engine.ts';

const HOST: HostView = {
  view: 'host',
  host: '127.0.0.1',
  port: 1,
  ports: {},
  user: 'u',
  password: new Secret('p'),
  tls: false,
  root: 'r',
};

const SERVER: ServerInfo = {
  kind: 'postgres',
  stack: 'embedded',
  version: '0',
  product: 'stand-in',
  emulated: true,
  hostView: HOST,
  engineView: { ...HOST, view: 'engine' },
};

/** Rows of a table of integers, by its name. A write reaches `linked`, as a right engine would bring it there. */
export class MemorySession implements Session, ChangeLog {
  readonly kind = 'postgres';
  readonly server = SERVER;
  readonly namespace = 'memory';
  readonly rows = new Map<string, bigint[]>();
  consumersNow: Consumer[] = [];
  /** Called after each write. */
  onWrite: (change: Change) => void = () => undefined;

  create(table: Table): Promise<void> {
    this.rows.set(table.name, []);
    return Promise.resolve();
  }

  write(change: Change): Promise<void> {
    if (change.kind === 'insert') {
      this.rows.get(change.table.name)?.push(...change.rows.map(([id]) => (typeof id === 'bigint' ? id : 0n)));
    }
    this.onWrite(change);
    return Promise.resolve();
  }

  tables(): Promise<{ name: string }[]> {
    return Promise.resolve([...this.rows.keys()].map((name) => ({ name })));
  }

  describe({ name }: { readonly name: string }): Promise<Table | undefined> {
    if (!this.rows.has(name)) return Promise.resolve(undefined);
    const id = { name: 'id', type: { kind: 'integer', bits: 64, signed: true }, nullable: false } as const;
    return Promise.resolve({ name, columns: [id], key: ['id'] });
  }

  async *read({ table }: { readonly table: Table }): ReturnType<Session['read']> {
    const writer = new CanonicalWriter();
    for (const id of this.rows.get(table.name) ?? []) {
      writer.bigint(id);
      writer.endCell();
    }
    const batch = writer.take(1);
    if (batch !== undefined) yield await Promise.resolve(batch);
  }

  show(): ReturnType<Session['show']> {
    return Promise.resolve([]);
  }

  statementFor(): string {
    return '';
  }

  position(): Promise<{ text: string }> {
    return Promise.resolve({ text: '0/1' });
  }

  consumers(): Promise<readonly Consumer[]> {
    return Promise.resolve(this.consumersNow);
  }

  dropConsumers(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A process that does what the test says: ends when told to, and is killed like any other. */
export class HandProcess implements EngineProcess {
  readonly pid: number;
  exit: Exit | undefined;
  readonly exited: Promise<Exit>;
  stops = 0;
  #end: (exit: Exit) => void = () => undefined;
  readonly #said: string;

  constructor(pid: number, said = '') {
    this.pid = pid;
    this.#said = said;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(code: number | null, signal: string | null = null): void {
    if (this.exit !== undefined) return;
    this.exit = { code, signal, durationMs: 1, forced: false };
    this.#end(this.exit);
  }

  kill(): Promise<void> {
    this.end(null, 'SIGKILL');
    return Promise.resolve();
  }

  stop(): Promise<Exit> {
    this.stops += 1;
    this.end(0);
    return this.exited;
  }

  pause(): void {
    this.stops += 0;
  }

  resume(): void {
    this.stops += 0;
  }

  log(): string {
    return this.#said;
  }

  lastError(): string | undefined {
    return this.#said === '' ? undefined : this.#said;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** An engine whose processes the test holds in its hands. */
export class HandEngine implements Engine {
  readonly name = 'reference';
  readonly runsIn = 'process';
  readonly started: HandProcess[] = [];
  #waiting: ((process: HandProcess) => void)[] = [];
  said = '';

  support(): { supported: true } {
    return { supported: true };
  }

  tableAt(_square: unknown, table: { readonly name: string }): { name: string } {
    return { name: table.name };
  }

  activates(): boolean {
    return true;
  }

  activate(): Promise<EngineProcess> {
    return this.#start();
  }

  replicate(): Promise<EngineProcess> {
    return this.#start();
  }

  /** The n-th process, as soon as it is started; from 0. */
  async process(index: number): Promise<HandProcess> {
    for (;;) {
      const found = this.started[index];
      if (found !== undefined) return found;
      await new Promise<HandProcess>((resolve) => this.#waiting.push(resolve));
    }
  }

  #start(): Promise<EngineProcess> {
    const process = new HandProcess(this.started.length + 1, this.said);
    this.started.push(process);
    for (const tell of this.#waiting.splice(0)) tell(process);
    return Promise.resolve(process);
  }
}
