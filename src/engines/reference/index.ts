/** The reference engine of this repository, driven from outside like any other: its compiled program under node. */
import { existsSync } from 'node:fs';
import { E2eError } from '../../core/errors.ts';
import type { Ledger } from '../../core/ledger.ts';
import { compiled } from '../../core/root.ts';
import type { Transfer } from '../../core/transfer.ts';
import { CommandLineEngine } from '../command-line.ts';
import type { Engine } from '../engine.ts';

export function referenceEngine(ledger: Ledger): Engine {
  const program = compiled('trctl/main.js');
  if (!existsSync(program)) throw new E2eError('NOT_BUILT', `${program} is not there: run \`npm run build\` first`);
  return new CommandLineEngine(
    {
      name: 'reference',
      program: [process.execPath, program],
      activate: (file, transfer) => ['activate', '--file', file, ...coordinator(transfer)],
      replicate: (file, transfer) => ['replication', '--file', file, ...coordinator(transfer)],
      share: (file, transfer, { index, workers }) => [
        ...['activate', '--file', file, ...coordinator(transfer), '--coordinator-lease', String(LEASE_MS)],
        ...['--coordinator-job-count', String(workers), '--coordinator-job-index', String(index)],
      ],
      env: ({ store }) =>
        store === undefined
          ? {}
          : {
              AWS_REGION: store.region,
              AWS_ACCESS_KEY_ID: store.accessKey,
              AWS_SECRET_ACCESS_KEY: store.secretKey.reveal(),
            },
    },
    ledger,
  );
}

/** Milliseconds of silence after which a worker counts as dead: short, since scenarios kill them; long for a busy machine. */
const LEASE_MS = 3_000;

/** State in the transfer's bucket where it has one, else in its folder. */
function coordinator({ directory, store }: Transfer): string[] {
  return store === undefined
    ? ['--coordinator', 'file', '--coordinator-dir', `${directory}/state`]
    : ['--coordinator', 's3', '--coordinator-s3-bucket', store.bucket, '--coordinator-s3-endpoint', store.endpoint];
}
