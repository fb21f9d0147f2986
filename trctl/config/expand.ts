/**
 * `${NAME}` in string values becomes the environment's NAME. A `$` that is not followed by `{` is kept,
 * so that a password may hold one.
 */
import type { Path } from './yaml.ts';

/** @param missing is called with a name that the environment does not have; it should throw. */
export function expandStrings(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  missing: (name: string, path: Path) => never,
  path: Path = [],
): unknown {
  if (typeof value === 'string') {
    return value.replace(
      /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
      (_, name: string) => environment[name] ?? missing(name, path),
    );
  }
  if (Array.isArray(value)) return value.map((item, at) => expandStrings(item, environment, missing, [...path, at]));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, expandStrings(item, environment, missing, [...path, key])]),
    );
  }
  return value;
}
