/**
 * Where a MySQL server comes from: a table of the three stacks. Each stack has a file; whatever it starts, the result is
 * the same plain `ServerInfo`.
 */
import { byStack } from '../stacks.ts';
import { probeContainer, provisionContainer } from './provision-container.ts';
import { probeEmbedded, provisionEmbedded } from './provision-embedded.ts';
import { probeExternal, provisionExternal } from './provision-external.ts';

export const { probe, provision } = byStack({
  embedded: { probe: probeEmbedded, provision: provisionEmbedded },
  container: { probe: probeContainer, provision: provisionContainer },
  external: { probe: probeExternal, provision: provisionExternal },
});
