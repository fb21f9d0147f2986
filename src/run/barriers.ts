/**
 * What must hold before the scenario goes on: the engine is attached; all that was written has left the source and has
 * arrived. Each barrier says on expiry what it waited for and what was last seen.
 */
import { hasChangeLog, type Consumer, type Session } from '../connectors/connector.ts';
import { done, notYet, until, type Deadline } from '../core/deadline.ts';
import type { Fence } from './fence.ts';
import type { Supervision } from './supervision.ts';

export interface Flow {
  readonly source: Session;
  readonly fence: Fence;
  readonly supervision: Supervision;
}

/** Pings with a further fence row every so many looks: an engine that polls may start from any moment. */
const LOOKS_PER_PING = 8;

/**
 * Waits until the engine follows the source's changes: a consumer of the change log is connected, or, for an engine that
 * needs none, a fence row written after its start has arrived.
 *
 * @throws BarrierTimeout; EngineEnded when the engine ends meanwhile.
 */
export async function attached({ source, fence, supervision }: Flow, deadline: Deadline): Promise<void> {
  const start = hasChangeLog(source) ? await source.position() : undefined;
  let looks = 0;
  await until('the engine to attach to the source', deadline, async () => {
    supervision.check();
    if (hasChangeLog(source) && start !== undefined) {
      const consumers = await source.consumers(start);
      if (consumers.some((consumer) => consumer.attached)) return done();
    }
    if (looks++ % LOOKS_PER_PING === LOOKS_PER_PING - 1) {
      if ((await fence.arrived()) > 0) return done();
      await fence.raise();
    }
    const said = supervision.lastError();
    return notYet(`no consumer of the change log is connected and no row has arrived${quote(said)}`);
  });
}

/**
 * Waits until everything written so far has arrived: a new fence row is there, and every consumer of the change log has
 * confirmed the position before it.
 *
 * @throws BarrierTimeout; EngineEnded when the engine ends meanwhile.
 */
export async function consumed({ source, fence, supervision }: Flow, deadline: Deadline): Promise<void> {
  // Taken before the fence is written: the fence's own commit lies behind it, whatever else moves the log.
  const written = hasChangeLog(source) ? await source.position() : undefined;
  const target = await fence.raise();
  await until(`fence row ${target} to arrive at the destination`, deadline, async () => {
    supervision.check();
    const arrived = await fence.arrived();
    if (arrived >= target) return done();
    return notYet(`${arrived} of ${target} fence rows${quote(supervision.lastError())}`);
  });
  if (!hasChangeLog(source) || written === undefined) return;
  await until(`the source's position ${written.text} to be confirmed`, deadline, async () => {
    supervision.check();
    const behind = (await source.consumers(written)).filter((consumer: Consumer) => !consumer.reached);
    if (behind.length === 0) return done();
    return notYet(behind.map((consumer) => `${consumer.name}: ${consumer.state}`).join('; '));
  });
}

function quote(said: string | undefined): string {
  return said === undefined ? '' : `; the engine's last error: ${said}`;
}
