// Writes what is generated from the schemas in the code: schemas/*.json and docs/scenario-reference.md;
// and docs/type-tables.md, from the type tables of the reference engine. `npm run schemas`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixtureJsonSchema } from '../dist/src/fixtures/fixture-file.js';
import { generatedFiles } from '../dist/src/scenario/generated.js';
import { typeTablesPage } from '../dist/trctl/pairs/type-tables.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const files = { ...generatedFiles(fixtureJsonSchema()), 'docs/type-tables.md': typeTablesPage() };
for (const [file, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  console.log(`wrote ${file}`);
}
