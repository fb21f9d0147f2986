/** Where a server comes from, as a table of the three stacks: what every connector's provision.ts is made of. */
import type { Stack } from '../core/words.ts';
import type { Connector, Probe, ProvisionOptions, Server } from './connector.ts';

export interface StackSource {
  readonly probe: () => Promise<Probe>;
  readonly provision: (options: ProvisionOptions) => Promise<Server>;
}

export function byStack(sources: Readonly<Record<Stack, StackSource>>): Pick<Connector, 'probe' | 'provision'> {
  return {
    probe: (stack) => sources[stack].probe(),
    provision: (stack, options) => sources[stack].provision(options),
  };
}
