/**
 * From a file to a checked transfer: YAML → known keys → environment → types → combination.
 * Every error is a ConfigError with the place in the file. Nothing is connected to.
 */
import { z } from 'zod';
import { oneLine } from '../errors.ts';
import type { ConfigError } from '../errors.ts';
import type { KeyTable } from './keys.ts';
import { canonicalKeys, didYouMean } from './keys.ts';
import { expandStrings } from './expand.ts';
import { ConfigFile } from './yaml.ts';
import type { Path } from './yaml.ts';

export const TRANSFER_TYPES = ['SNAPSHOT_ONLY', 'INCREMENT_ONLY', 'SNAPSHOT_AND_INCREMENT'] as const;
export type TransferType = (typeof TRANSFER_TYPES)[number];

/** One entry of regular_snapshot.incremental. */
export interface IncrementalTable {
  readonly namespace: string;
  readonly name: string;
  readonly cursorField: string;
  readonly initialState: string;
}

/** `src` or `dst`: its type, and params that the provider's own schema still has to check. */
export interface EndpointConfig {
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Checks the params. @throws ConfigError at the place of the first wrong one. */
  parse<Shape extends z.ZodType>(table: KeyTable, shape: Shape): z.output<Shape>;
  /** An error at one of its params, or at the endpoint. */
  error(key: string | null, message: string): ConfigError;
}

export interface TransferConfig {
  readonly id: string;
  readonly type: TransferType;
  readonly src: EndpointConfig;
  readonly dst: EndpointConfig;
  /** Tables to take, besides what the source's own params say; empty: no restriction. */
  readonly includeObjects: readonly string[];
  readonly incremental: readonly IncrementalTable[];
  /** Keys that were accepted without effect, for a line in the log. */
  readonly ignored: readonly string[];
}

const TOP: KeyTable = {
  keys: ['id', 'type', 'src', 'dst', 'regular_snapshot', 'data_objects'],
  withoutEffect: [
    'transfer_name', 'name', 'description', 'labels', 'status', 'type_system_version', 'transformation', 'runtime',
    'tmp_policy', 'folder_id', 'cloud_id', 'author', 'async_operations',
  ],
}; // prettier-ignore
const ENDPOINT: KeyTable = { keys: ['type', 'params'], withoutEffect: ['id', 'name'] };
const REGULAR: KeyTable = {
  keys: ['enabled', 'incremental'],
  withoutEffect: ['cron_expression', 'increment_delay_seconds', 'interval', 'settings'],
};
const INCREMENTAL: KeyTable = { keys: ['namespace', 'name', 'cursor_field', 'initial_state'] };
const OBJECTS: KeyTable = { keys: ['include_objects'] };

const text = z.union([z.string(), z.number().transform(String)]);
const incrementalShape = z.object({
  namespace: text,
  name: text,
  cursor_field: z.string().min(1),
  initial_state: text.default(''),
});

/** @param environment what `${NAME}` is looked up in, usually process.env. */
export async function loadTransfer(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<TransferConfig> {
  return readTransfer(await ConfigFile.read(file), environment);
}

export function readTransfer(
  source: ConfigFile,
  environment: Readonly<Record<string, string | undefined>>,
): TransferConfig {
  const data = expandStrings(source.data, environment, (name, path) => {
    throw source.error(path, `the environment variable ${name} is not set; set it, or write the value itself`);
  });
  const ignored: string[] = [];
  const open = (path: Path, value: unknown, table: KeyTable): Opened => {
    if (!isRecord(value)) throw source.error(path, `${label(path)} must be a map, found ${kindOf(value)}`);
    const found = canonicalKeys(value, table, (key, problem) => {
      throw source.error([...path, key], path.length === 0 ? problem : `${problem} (in ${label(path)})`);
    });
    ignored.push(...found.ignored.map((key) => label([...path, key])));
    return { path, values: found.values, at: (key) => [...path, found.written.get(key) ?? key] };
  };

  const top = open([], data, TOP);
  const required = (map: Opened, key: string): unknown => {
    const value = map.values[key];
    if (value === undefined || value === null) {
      throw source.error(map.path, `missing key '${label([...map.path, key])}'${REQUIRED[key] ?? ''}`);
    }
    return value;
  };
  const id = parse(source, top.at('id'), text, required(top, 'id'));
  if (id === '') throw source.error(top.at('id'), "'id' is empty; give the transfer a name");
  const typeText = required(top, 'type');
  const type = TRANSFER_TYPES.find((known) => known === typeText);
  if (type === undefined) {
    throw source.error(top.at('type'), `unknown type '${show(typeText)}'${didYouMean(show(typeText), TRANSFER_TYPES)}`);
  }

  const endpoint = (key: 'src' | 'dst'): EndpointConfig => {
    const map = open(top.at(key), required(top, key), ENDPOINT);
    const kind = parse(source, map.at('type'), z.string(), required(map, 'type'));
    const path = map.at('params');
    const params = paramsOf(source, path, map.values.params ?? {});
    let places = (name: string): Path => [...path, name];
    return {
      type: kind,
      params,
      parse: (table, shape) => {
        const opened = open(path, params, table);
        places = opened.at;
        return parse(source, path, shape, opened.values, opened.at);
      },
      error: (name, message) => source.error(name === null ? map.at('type') : places(name), message),
    };
  };

  const incremental: IncrementalTable[] = [];
  if (isPresent(top.values.regular_snapshot)) {
    const regular = open(top.at('regular_snapshot'), top.values.regular_snapshot, REGULAR);
    const enabled = regular.values.enabled !== false;
    const list = parse(source, regular.at('incremental'), z.array(z.unknown()), regular.values.incremental ?? []);
    list.forEach((entry, at) => {
      const map = open([...regular.at('incremental'), at], entry, INCREMENTAL);
      const one = parse(source, map.path, incrementalShape, map.values, map.at);
      if (enabled) {
        incremental.push({
          namespace: one.namespace,
          name: one.name,
          cursorField: one.cursor_field,
          initialState: one.initial_state,
        });
      }
    });
    if (incremental.length > 0 && type !== 'SNAPSHOT_ONLY') {
      throw source.error(
        regular.at('incremental'),
        `regular_snapshot.incremental works with type SNAPSHOT_ONLY, this transfer is ${type}; change one of them`,
      );
    }
  }
  let includeObjects: string[] = [];
  if (isPresent(top.values.data_objects)) {
    const objects = open(top.at('data_objects'), top.values.data_objects, OBJECTS);
    includeObjects = parse(
      source,
      objects.at('include_objects'),
      z.array(z.string()),
      objects.values.include_objects ?? [],
    );
  }
  return { id, type, src: endpoint('src'), dst: endpoint('dst'), includeObjects, incremental, ignored };
}

const REQUIRED: Readonly<Record<string, string>> = {
  id: '; give the transfer a name',
  type: `; one of ${TRANSFER_TYPES.join(', ')}`,
  src: '; where the rows come from: {type, params}',
  dst: '; where the rows go: {type, params}',
};

interface Opened {
  readonly path: Path;
  readonly values: Readonly<Record<string, unknown>>;
  readonly at: (key: string) => Path;
}

/** `params` may be a map, or a string that holds JSON. */
function paramsOf(source: ConfigFile, path: Path, value: unknown): Readonly<Record<string, unknown>> {
  let params = value;
  if (typeof value === 'string') {
    try {
      params = JSON.parse(value);
    } catch (cause) {
      throw source.error(path, `${label(path)} is a string but not JSON: ${oneLine(cause)}`);
    }
  }
  if (!isRecord(params)) {
    throw source.error(path, `${label(path)} must be a map or a string of JSON, found ${kindOf(value)}`);
  }
  return params;
}

function parse<Shape extends z.ZodType>(
  source: ConfigFile,
  path: Path,
  shape: Shape,
  value: unknown,
  at?: (key: string) => Path,
): z.output<Shape> {
  const result = shape.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const steps = (issue?.path ?? []).filter((step) => typeof step !== 'symbol');
  const [first, ...rest] = steps;
  const place = typeof first === 'string' && at !== undefined ? [...at(first), ...rest] : [...path, ...steps];
  if (issue?.code === 'invalid_type' && issue.input === undefined) {
    throw source.error(place, `missing key '${label(place)}' (${issue.expected})`);
  }
  if (issue?.code === 'invalid_value' && typeof issue.input === 'string') {
    const allowed = issue.values.map(String);
    throw source.error(place, `${label(place)}: '${issue.input}' is not allowed${didYouMean(issue.input, allowed)}`);
  }
  throw source.error(place, `${label(place)}: ${oneLine(issue?.message ?? 'wrong value')}`);
}

function label(path: Path): string {
  return path.length === 0
    ? 'the file'
    : path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? 'nothing' : JSON.stringify(value);
}
