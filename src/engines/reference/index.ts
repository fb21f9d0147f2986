/** The reference engine of this repository, driven from outside like any other: its compiled program under node. */
import { existsSync } from 'node:fs';
import { E2eError } from '../../core/errors.ts';
import type { Ledger } from '../../core/ledger.ts';
import { compiled } from '../../core/root.ts';
import { CommandLineEngine } from '../command-line.ts';
import type { Engine } from '../engine.ts';

export function referenceEngine(ledger: Ledger): Engine {
  const program = compiled('trctl/main.js');
  if (!existsSync(program)) throw new E2eError('NOT_BUILT', `${program} is not there: run \`npm run build\` first`);
  const state = (file: string, directory: string): string[] => [
    ...['--file', file],
    ...['--coordinator', 'file', '--coordinator-dir', `${directory}/state`],
  ];
  return new CommandLineEngine(
    {
      name: 'reference',
      program: [process.execPath, program],
      activate: (file, transfer) => ['activate', ...state(file, transfer.directory)],
      replicate: (file, transfer) => ['replication', ...state(file, transfer.directory)],
    },
    ledger,
  );
}
