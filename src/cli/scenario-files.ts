/** Finds scenario files by what a person types: parts of their paths, as `npm test -- pg-ch/toast` takes them. */
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { meant } from '../core/problems.ts';
import { shortName } from '../report/terminal.ts';

/** All scenario files, relative to the root with `/`, in name order. */
export async function scenarioFiles(root: string): Promise<readonly string[]> {
  const names = await readdir(join(root, 'scenarios'), { recursive: true });
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => ['scenarios', ...name.split(sep)].join('/'))
    .sort();
}

/**
 * Files whose path contains one of the filters; all without filters.
 *
 * @throws UsageError for a filter that selects nothing, with the nearest name.
 */
export function matching(files: readonly string[], filters: readonly string[]): readonly string[] {
  if (filters.length === 0) return files;
  const selects = (file: string, filter: string): boolean => file.toLowerCase().includes(filter.toLowerCase());
  for (const filter of filters) {
    if (!files.some((file) => selects(file, filter))) {
      const names = files.map(shortName);
      const parts = [...new Set(names.flatMap((name) => [name, ...name.split('/')]))];
      throw new UsageError(
        'NO_SCENARIO',
        `no scenario file has ${JSON.stringify(filter)} in its path${meant(filter, parts)} (\`transfer-e2e list\` shows all)`,
      );
    }
  }
  return files.filter((file) => filters.some((filter) => selects(file, filter)));
}
