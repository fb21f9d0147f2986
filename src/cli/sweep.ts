/** `transfer-e2e sweep`: ends servers, engines and folders whose run is gone, the kept ones included. */
import { Deadline } from '../core/deadline.ts';
import { EXIT } from '../core/errors.ts';
import { sweep } from '../core/ledger.ts';
import type { Terminal } from './terminal.ts';

const SWEEP_MS = 30_000;

export async function sweepAll(terminal: Terminal): Promise<number> {
  const ended = await sweep(Deadline.after(SWEEP_MS, terminal.signal), true);
  terminal.out(ended.length === 0 ? 'nothing was left\n' : ended.map((what) => `ended ${what}\n`).join(''));
  return EXIT.asExpected;
}
