// Writes what is generated from the schemas in the code: schemas/*.json and docs/scenario-reference.md. `npm run schemas`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixtureJsonSchema } from '../dist/src/fixtures/fixture-file.js';
import { generatedFiles } from '../dist/src/scenario/generated.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
for (const [file, text] of Object.entries(generatedFiles(fixtureJsonSchema()))) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  console.log(`wrote ${file}`);
}
