/**
 * The engine's public command line: `trcli activate|replicate --transfer F`. `E2E_TRCLI` is its path.
 *
 * Its quirks: with the coordinator in memory (the default) `replicate` activates again by itself, so no activation of
 * ours precedes it; the health port must be free, so each start gets one of its own; metrics always go to one fixed
 * port and a clash is only logged.
 */
import type { Ledger } from '../../core/ledger.ts';
import type { Square } from '../../core/words.ts';
import { type CommandLine, CommandLineEngine } from '../command-line.ts';
import type { Engine } from '../engine.ts';
import { argumentsIn, programFrom } from '../program.ts';

/** Ports handed out one after the other, from a start that differs by process, so that parallel workers do not clash. */
let nextPort = 20_000 + (process.pid % 2_000) * 10;

class TrcliEngine extends CommandLineEngine {
  override activates(square: Square): boolean {
    return trcliActivates(square);
  }
}

export function trcliActivates({ mode }: Square): boolean {
  return mode === 'snapshot' || mode === 'incremental';
}

export function trcliEngine(ledger: Ledger, env: NodeJS.ProcessEnv): Engine {
  return new TrcliEngine(
    { name: 'trcli', program: programFrom(env, 'E2E_TRCLI'), ...trcliVerbs(argumentsIn(env.E2E_TRCLI_ARGS)) },
    ledger,
  );
}

/** @param further put after each verb's own arguments. */
export function trcliVerbs(further: readonly string[]): Pick<CommandLine, 'activate' | 'replicate'> {
  const flags = (file: string): string[] => [
    ...['--transfer', file, '--log-level', 'info', '--log-config', 'console'],
    ...['--run-profiler=false', '--health-check-port', String(nextPort++)],
    ...further,
  ];
  return {
    activate: (file) => ['activate', ...flags(file)],
    replicate: (file) => ['replicate', ...flags(file)],
  };
}
