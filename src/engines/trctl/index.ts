/**
 * Any program with the engine's own command line: `trctl activate|replication --file F`, as the chart calls it.
 * `E2E_TRCTL` is its path; `E2E_TRCTL_ARGS` are further arguments, split at blanks, put before the verb's own.
 */
import { programFrom } from '../program.ts';
import type { Ledger } from '../../core/ledger.ts';
import { CommandLineEngine } from '../command-line.ts';
import type { Engine } from '../engine.ts';

export function trctlEngine(ledger: Ledger, env: NodeJS.ProcessEnv): Engine {
  const further = (env.E2E_TRCTL_ARGS ?? '').split(/\s+/).filter((argument) => argument !== '');
  return new CommandLineEngine(
    {
      name: 'trctl',
      program: programFrom(env, 'E2E_TRCTL'),
      activate: (file) => ['activate', '--file', file, ...further],
      replicate: (file) => ['replication', '--file', file, ...further],
    },
    ledger,
  );
}
