/** Says whether a transfer could run, without changing anything at either end. */
import { tableLabel } from '../model/table.ts';
import { Ends } from './transfer.ts';
import type { TransferContext } from './transfer.ts';

/** Connects to both ends, looks for the tables and maps their types. @throws TransferError with what would stop it. */
export async function check(context: TransferContext): Promise<void> {
  await using ends = await Ends.open(context.config);
  const tables = await ends.source.tables();
  await ends.destination.check(tables);
  if (context.config.type !== 'SNAPSHOT_ONLY') await ends.source.checkLog(tables);
  for (const table of tables) {
    const key = table.key.length === 0 ? 'none' : table.key.join(', ');
    context.log.info(`table ${tableLabel(table.id)}`, { columns: table.columns.length, key });
  }
  context.log.info('the transfer can run');
}

/** Reads the config only; nothing is connected to. */
export async function validate(context: TransferContext): Promise<void> {
  await using ends = await Ends.open(context.config);
  context.log.info('the config is valid', { cleanup: ends.cleanup });
}
