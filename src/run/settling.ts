/** Stage 7: everything written has left the source and arrived, and the destination has come to rest. */
import { done, notYet, until, type Deadline } from '../core/deadline.ts';
import { printName } from '../core/words.ts';
import type { Table } from '../core/table.ts';
import { agree } from '../diff/agree.ts';
import { fingerprint } from '../diff/fingerprint.ts';
import type { Scene } from './acting.ts';
import { consumed } from './barriers.ts';

/**
 * Waits for the fence, for the source's position to be confirmed, and until two readings in a row of every table at the
 * destination agree.
 *
 * @throws BarrierTimeout naming what was still moving.
 */
export async function settle(scene: Scene, deadline: Deadline): Promise<void> {
  await consumed(scene, deadline);
  let before = await reading(scene);
  await until('two readings of the destination in a row to agree', deadline, async () => {
    scene.supervision.check();
    const now = await reading(scene);
    const moving = [...now].filter(([table, print]) => before.get(table) !== print).map(([table]) => table);
    before = now;
    return moving.length === 0 ? done() : notYet(`${moving.join(', ')} still changing`);
  });
}

/** Table → fingerprint of its rows at the destination; `absent` where it is not there. */
async function reading(scene: Scene): Promise<Map<string, string>> {
  const prints = new Map<string, string>();
  for (const { right } of await scene.tablesToCompare()) {
    const table = await scene.destination.describe(right);
    prints.set(printName(right), table === undefined ? 'absent' : await printOf(scene, table));
  }
  return prints;
}

function printOf(scene: Scene, table: Table): Promise<string> {
  const columns = agree(table, table, {}).columns.map(({ right, as }) => ({ column: right, as }));
  return fingerprint(scene.destination.read({ table, columns, signal: scene.signal }));
}
