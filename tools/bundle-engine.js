// Makes one folder of the reference engine that runs without node_modules, for images.
//   node tools/bundle-engine.js FOLDER
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node tools/bundle-engine.js FOLDER\n');
  process.exit(2);
}
const out = resolve(folder);
const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(join(out, 'main.js'), { force: true });
await build({
  absWorkingDir: root,
  entryPoints: [join(root, 'dist/trctl/main.js')],
  outdir: out,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  chunkNames: 'chunks/[name]-[hash]',
  // Optional accelerators that are native code: without them the JavaScript of the same libraries runs.
  external: ['pg-native', 'cpu-features'],
  // Packages in CommonJS ask for Node's own modules by require.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
writeFileSync(join(out, 'package.json'), '{ "type": "module" }\n');
