/**
 * The servers of a run: one per kind and stack, started when first asked for, shared by all scenarios, stopped when the
 * run ends. Lives in the run's own process; the workers ask through server-desk.ts.
 */
import { basename } from 'node:path';
import type { Connector, ProvisionOptions, Server } from '../connectors/connector.ts';
import { messageOf } from '../core/errors.ts';
import type { Ledger } from '../core/ledger.ts';
import type { ServerInfo } from '../core/server.ts';
import type { StoreInfo } from '../core/store.ts';
import type { DatabaseKind, Stack } from '../core/words.ts';
import { openStore, type Store } from '../stores/store.ts';

export interface ServerPoolOptions {
  readonly ledger: Ledger;
  readonly seed: string;
  readonly connectorFor: (kind: DatabaseKind) => Promise<Connector>;
}

export class ServerPool implements AsyncDisposable {
  readonly #options: ServerPoolOptions;
  readonly #starting = new Map<string, Promise<Server>>();
  readonly #stores = new Map<Stack, Promise<Store>>();
  readonly #stop = new AbortController();

  constructor(options: ServerPoolOptions) {
    this.#options = options;
  }

  /**
   * Starts the server or joins the one that is there or on its way. A failed start is remembered: whoever asks next
   * gets the same error at once instead of waiting for a second failure.
   *
   * @throws ProvisionError
   */
  async get(kind: DatabaseKind, stack: Stack): Promise<ServerInfo> {
    const key = `${kind}/${stack}`;
    const starting = this.#starting.get(key) ?? this.#start(kind, stack);
    this.#starting.set(key, starting);
    return (await starting).info;
  }

  /** The object store of a stack, likewise. @throws ProvisionError */
  async store(stack: Stack): Promise<StoreInfo> {
    const starting = this.#stores.get(stack) ?? openStore(stack, this.#optionsFor(`store-${stack}`));
    this.#stores.set(stack, starting);
    return (await starting).info;
  }

  async #start(kind: DatabaseKind, stack: Stack): Promise<Server> {
    const connector = await this.#options.connectorFor(kind);
    return connector.provision(stack, this.#optionsFor(`server-${kind}-${stack}`));
  }

  #optionsFor(folder: string): ProvisionOptions {
    return {
      seed: this.#options.seed,
      directory: this.#options.ledger.directory(folder, 0o755),
      network: `transfer-e2e-${basename(this.#options.ledger.folder)}`,
      signal: this.#stop.signal,
      own: (owned) => this.#options.ledger.own(owned),
    };
  }

  /** Stops all servers, also those still starting. @throws AggregateError when one did not stop in order. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the run ends'));
    const started = await Promise.allSettled<AsyncDisposable>([...this.#starting.values(), ...this.#stores.values()]);
    const stopped = await Promise.allSettled(
      started.filter((result) => result.status === 'fulfilled').map(({ value }) => value[Symbol.asyncDispose]()),
    );
    const failures = stopped.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
    if (failures.length > 0) throw new AggregateError(failures, failures.map(messageOf).join('; '));
  }
}
