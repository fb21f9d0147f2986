import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TYPE_TABLES, typeTablesPage } from './type-tables.ts';

const here = new URL('.', import.meta.url);

describe('docs/type-tables.md', () => {
  test('is current; `npm run schemas` writes it', () => {
    expect(readFileSync(new URL('../../docs/type-tables.md', here), 'utf8')).toBe(typeTablesPage());
  });

  test('has every pair that there is a file for', () => {
    const files = readdirSync(here)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .filter((name) => readFileSync(new URL(name, here), 'utf8').includes('export const TYPE_LINES'));
    expect(files.map((name) => name.replace(/\.ts$/, '')).sort()).toEqual(Object.keys(TYPE_TABLES).sort());
  });

  test.each(Object.entries(TYPE_TABLES))('says each type of %s once', (_, lines) => {
    expect(lines.length).toBeGreaterThan(0);
    const types = lines.map(({ from }) => from);
    expect(types.filter((type, at) => types.indexOf(type) !== at)).toEqual([]);
  });
});
