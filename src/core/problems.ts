/**
 * From what zod finds wrong to what a person can act on: place, what was found, what is allowed, nearest spelling.
 * Knows no particular file format.
 */
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { Path, PositionedDocument, Problem } from './document.ts';

/** The parts of a JSON schema (draft 7) that answer "what is allowed here". */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** The nearest of the names to a misspelt one; undefined where nothing is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const folded = new Map(names.map((candidate) => [candidate.toLowerCase(), candidate]));
  const near = closest(name.toLowerCase(), [...folded.keys()]);
  return distance(name.toLowerCase(), near) <= Math.max(2, Math.ceil(name.length / 2.5)) ? folded.get(near) : undefined;
}

/** `; did you mean "source"?` or nothing. */
export function meant(name: string, names: readonly string[]): string {
  const near = name === '' ? undefined : nearest(name, names);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** `; did you mean "source"? Allowed: source, steps`: the end of a message about a name that is none of the allowed. */
export function choices(name: string, allowed: readonly string[], shown: readonly string[] = allowed): string {
  return `${meant(name, allowed) || '.'} Allowed: ${shown.join(', ')}`;
}

/** Every issue of a failed parse as a problem of the document. @param schema the same schema as JSON Schema. */
export function problemsOf(document: PositionedDocument, error: z.ZodError, schema: JsonSchema): Problem[] {
  // A key that is misspelt is also one that is missing: say it once.
  const explained = new Set(
    error.issues.flatMap((issue) => {
      if (issue.code !== 'unrecognized_keys') return [];
      const path = pathOf(issue);
      const meantKeys = issue.keys.flatMap((key) => nearest(key, keysAt(schema, path)) ?? []);
      return [printPath(path), ...meantKeys.map((key) => printPath([...path, key]))];
    }),
  );
  const told = error.issues.filter((issue) => {
    const path = pathOf(issue);
    const secondary = issue.code === 'custom' || (path.length > 0 && valueIn(document.value, path) === undefined);
    return !(secondary && explained.has(printPath(path)));
  });
  return told.flatMap((issue) => problemsOfIssue(document, issue, [], schema));
}

function pathOf(issue: { readonly path: readonly PropertyKey[] }): Path {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
}

function problemsOfIssue(
  document: PositionedDocument,
  issue: z.core.$ZodIssue,
  above: Path,
  schema: JsonSchema,
): Problem[] {
  const path: Path = [...above, ...pathOf(issue)];
  const here = path.length === 0 ? 'at the top of the file' : `in "${printPath(path)}"`;
  const found = print(valueIn(document.value, path));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const allowed = keysAt(schema, path);
        const message = `unknown key "${key}" ${here}${choices(key, allowed)}`;
        return document.problemAt([...path, key], message, 'key');
      });
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const value = valueIn(document.value, path);
      if (value === undefined) return [missing(document, path, `one of ${allowed.join(', ')}`)];
      return [
        document.problemAt(path, `found ${found} ${here}${choices(typeof value === 'string' ? value : '', allowed)}`),
      ];
    }
    case 'invalid_type':
      if (path.length === 0 && document.value === null)
        return [document.problemAt([], 'the file is empty; expected a map')];
      if (valueIn(document.value, path) === undefined) return [missing(document, path, issue.expected)];
      return [document.problemAt(path, `found ${found} ${here}; expected ${nameOf(issue.expected)}`)];
    case 'invalid_union':
      return unionProblems(document, issue, path, schema, found, here);
    case 'invalid_key':
      return [document.problemAt(path, `key ${here} is not allowed: ${issue.issues[0]?.message ?? ''}`, 'key')];
    default:
      return [document.problemAt(path, `found ${found} ${here}; ${issue.message}`)];
  }
}

/** Of a union's branches the one that the writer most likely meant: it fits the shape of what was found. */
function unionProblems(
  document: PositionedDocument,
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  schema: JsonSchema,
  found: string,
  here: string,
): Problem[] {
  const shaped = issue.errors.filter(
    (issues) => !issues.some((one) => one.code === 'invalid_type' && one.path.length === 0),
  );
  const [best] = [...shaped].sort((a, b) => a.length - b.length);
  if (best !== undefined) return best.flatMap((one) => problemsOfIssue(document, one, path, schema));
  const expected = issue.errors.flatMap((issues) =>
    issues.flatMap((one) => ('expected' in one ? [nameOf(one.expected)] : [])),
  );
  if (valueIn(document.value, path) === undefined) return [missing(document, path, expected.join(' or '))];
  return [document.problemAt(path, `found ${found} ${here}; expected ${[...new Set(expected)].join(' or ')}`)];
}

function missing(document: PositionedDocument, path: Path, expected: string): Problem {
  const key = String(path.at(-1) ?? '');
  const place = path.slice(0, -1);
  const where = place.length === 0 ? 'at the top of the file' : `in "${printPath(place)}"`;
  return document.problemAt(place, `missing key "${key}" ${where}; expected ${nameOf(expected)}`, 'key');
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function nameOf(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

/** `steps[2].insert.rows` */
export function printPath(path: Path): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

function print(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueIn(value: unknown, path: Path): unknown {
  let inside = value;
  for (const step of path) {
    if (typeof inside !== 'object' || inside === null) return undefined;
    inside = (inside as Readonly<Record<string | number, unknown>>)[step];
  }
  return inside;
}

/** Keys that the schema allows in the map at a path, over all branches of unions on the way. */
export function keysAt(root: JsonSchema, path: Path): readonly string[] {
  let level: readonly JsonSchema[] = branches(root, root);
  for (const step of path) {
    level = level.flatMap((schema) => {
      const next =
        typeof step === 'number'
          ? schema.items
          : (schema.properties?.[step] ??
            (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined));
      return next === undefined
        ? []
        : (Array.isArray(next) ? next : [next as JsonSchema]).flatMap((one) => branches(root, one as JsonSchema));
    });
  }
  return [...new Set(level.flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function branches(root: JsonSchema, schema: JsonSchema): readonly JsonSchema[] {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference !== undefined) {
    const target = root.definitions?.[reference.replace('#/definitions/', '')];
    return target === undefined ? [] : branches(root, target);
  }
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap((one) => branches(root, one));
}
