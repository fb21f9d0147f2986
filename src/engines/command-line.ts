/**
 * An engine that is a program on this machine with the engine's command line. How the words of the two dialects differ
 * is data; the three engines of this kind are this class with different words.
 */
import type { Ledger } from '../core/ledger.ts';
import type { Transfer } from '../core/transfer.ts';
import type { EngineName, Square, TableName } from '../core/words.ts';
import { writeConfig } from './dialect/config.ts';
import { type NamedEnds, tableAtDestination } from './dialect/names.ts';
import { supportOf } from './dialect/support.ts';
import type { Engine, EngineProcess, Share, Sharing, Support } from './engine.ts';
import { startEngine } from './process.ts';

export interface CommandLine {
  readonly name: EngineName;
  /** The program and the arguments that always come first. */
  readonly program: readonly [string, ...string[]];
  /** Arguments for a verb, given the configuration file. */
  readonly activate: (file: string, transfer: Transfer) => readonly string[];
  readonly replicate: (file: string, transfer: Transfer) => readonly string[];
  /** Arguments for one of several processes that share an activation; absent where the engine cannot. */
  readonly share?: (file: string, transfer: Transfer, share: Share) => readonly string[];
  readonly env?: (transfer: Transfer) => Readonly<Record<string, string>>;
}

export class CommandLineEngine implements Engine {
  readonly name: EngineName;
  readonly runsIn: Engine['runsIn'] = 'process';
  readonly #words: CommandLine;
  protected readonly ledger: Ledger;
  readonly activateShare?: Sharing['activateShare'];
  #starts = 0;

  constructor(words: CommandLine, ledger: Ledger) {
    this.name = words.name;
    this.#words = words;
    this.ledger = ledger;
    const { share: argumentsOf } = words;
    if (argumentsOf !== undefined) {
      this.activateShare = (transfer, share, signal) =>
        this.start(transfer, argumentsOf(writeConfig(transfer), transfer, share), signal);
    }
  }

  support(square: Square): Support {
    return supportOf(square);
  }

  tableAt(square: Square, table: TableName, ends: NamedEnds): TableName {
    return tableAtDestination(square, table, ends);
  }

  /** INCREMENT_ONLY starts with the replication itself: there is nothing to activate. */
  activates(square: Square): boolean {
    return square.mode !== 'replication';
  }

  activate(transfer: Transfer, signal: AbortSignal): Promise<EngineProcess> {
    return this.start(transfer, this.#words.activate(writeConfig(transfer), transfer), signal);
  }

  replicate(transfer: Transfer, signal: AbortSignal): Promise<EngineProcess> {
    return this.start(transfer, this.#words.replicate(writeConfig(transfer), transfer), signal);
  }

  /** Starts the program with these arguments. */
  protected async start(transfer: Transfer, args: readonly string[], signal: AbortSignal): Promise<EngineProcess> {
    signal.throwIfAborted();
    const [file, ...first] = this.#words.program;
    return startEngine({
      file,
      args: [...first, ...args],
      directory: transfer.directory,
      env: { TZ: transfer.timeZone, ...this.#words.env?.(transfer) },
      owner: this.ownerOf(transfer),
      ledger: this.ledger,
    });
  }

  /** A name that no other start of any engine has. */
  protected ownerOf(transfer: Transfer): string {
    this.#starts += 1;
    return `${transfer.id}-${this.#starts}`;
  }
}
