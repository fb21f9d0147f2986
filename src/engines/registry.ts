/** The engines that there are, by name. The chart and the operator join here. */
import { UsageError } from '../core/errors.ts';
import type { Ledger } from '../core/ledger.ts';
import { ENGINES, type EngineName } from '../core/words.ts';
import type { Engine } from './engine.ts';
import { imageEngine } from './image/index.ts';
import { referenceEngine } from './reference/index.ts';
import { trcliEngine } from './trcli/index.ts';
import { trctlEngine } from './trctl/index.ts';

const MAKERS: Readonly<Partial<Record<EngineName, (ledger: Ledger, env: NodeJS.ProcessEnv) => Engine>>> = {
  reference: referenceEngine,
  trctl: trctlEngine,
  trcli: trcliEngine,
  image: imageEngine,
};

/** Names that can be asked for today. */
export const AVAILABLE_ENGINES: readonly EngineName[] = ENGINES.filter((name) => MAKERS[name] !== undefined);

/** @throws UsageError for a name that is none, or whose program is not there. */
export function engineNamed(name: string, ledger: Ledger, env: NodeJS.ProcessEnv = process.env): Engine {
  const make = MAKERS[name as EngineName];
  if (make === undefined) {
    throw new UsageError(
      'ENGINE_NAME',
      `E2E_ENGINE=${name}: there is no such engine; it is one of ${AVAILABLE_ENGINES.join(', ')}`,
    );
  }
  return make(ledger, env);
}
