/**
 * Any program with the engine's own command line: `trctl activate|replication --file F`, as the chart calls it.
 * `E2E_TRCTL` is its path; `E2E_TRCTL_ARGS` are further arguments, split at blanks, put before the verb's own.
 */
import { argumentsIn, programFrom } from '../program.ts';
import type { Ledger } from '../../core/ledger.ts';
import { type CommandLine, CommandLineEngine } from '../command-line.ts';
import type { Engine } from '../engine.ts';

export function trctlEngine(ledger: Ledger, env: NodeJS.ProcessEnv): Engine {
  return new CommandLineEngine(
    { name: 'trctl', program: programFrom(env, 'E2E_TRCTL'), ...trctlVerbs(argumentsIn(env.E2E_TRCTL_ARGS)) },
    ledger,
  );
}

/** @param further put after each verb's own arguments. */
export function trctlVerbs(further: readonly string[]): Pick<CommandLine, 'activate' | 'replicate'> {
  return {
    activate: (file) => ['activate', '--file', file, ...further],
    replicate: (file) => ['replication', '--file', file, ...further],
  };
}
