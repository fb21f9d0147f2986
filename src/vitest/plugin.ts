/**
 * Makes every scenario file a vitest test file, so that filters, `-t`, `--shard`, watch mode and editors work on them as
 * on any other. The file becomes a module of two lines; all that happens is in scenario-test.ts.
 */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const RUNNER = fileURLToPath(new URL('scenario-test.ts', import.meta.url));

export function scenarioFiles(): Plugin {
  return {
    name: 'transfer-e2e:scenario-files',
    enforce: 'pre',
    transform(_source, id) {
      const [file = id] = id.split('?');
      if (!/[\\/]scenarios[\\/].*\.ya?ml$/.test(file)) return undefined;
      const code = [
        `import { defineScenario } from ${JSON.stringify(RUNNER)};`,
        `await defineScenario(${JSON.stringify(file)});`,
      ].join('\n');
      return { code, map: { mappings: '' } };
    },
  };
}
