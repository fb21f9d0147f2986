/**
 * Where a ClickHouse server comes from: a table of the three stacks. Each stack has a file; whatever it starts, the
 * result is the same plain `ServerInfo`.
 */
import type { Stack } from '../../core/words.ts';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { probeContainer, provisionContainer } from './provision-container.ts';
import { probeEmbedded, provisionEmbedded } from './provision-embedded.ts';
import { probeExternal, provisionExternal } from './provision-external.ts';

interface Source {
  readonly probe: () => Promise<Probe>;
  readonly provision: (options: ProvisionOptions) => Promise<Server>;
}

const SOURCES: Readonly<Record<Stack, Source>> = {
  embedded: { probe: probeEmbedded, provision: provisionEmbedded },
  container: { probe: probeContainer, provision: provisionContainer },
  external: { probe: probeExternal, provision: provisionExternal },
};

export function probe(stack: Stack): Promise<Probe> {
  return SOURCES[stack].probe();
}

export function provision(stack: Stack, options: ProvisionOptions): Promise<Server> {
  return SOURCES[stack].provision(options);
}
