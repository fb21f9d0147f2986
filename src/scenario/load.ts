/** From a scenario file to a Scenario, or to every problem it has. */
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { FileProblems, PositionedDocument } from '../core/document.ts';
import type { Policy } from '../core/policy.ts';
import { jsonSchemaOf } from '../core/json-schema.ts';
import { problemsOf, type JsonSchema } from '../core/problems.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { pairOf } from '../core/words.ts';
import { Checks, missingFixtures } from './check.ts';
import { scenarioSchema, type ScenarioFile } from './schema.ts';
import type { Expect, PlainExpect, Scenario, Surroundings } from './scenario.ts';
import { StepReader } from './steps.ts';

let jsonSchema: JsonSchema | undefined;

/** The committed schema of scenario files. */
export function scenarioJsonSchema(): JsonSchema {
  jsonSchema ??= jsonSchemaOf(scenarioSchema);
  return jsonSchema;
}

/**
 * @param file absolute, or relative to the working folder.
 * @param root what the file's name is told relative to.
 * @throws FileProblems with everything that is wrong, each with file, line, column, what was found and what is allowed.
 */
export function loadScenario(file: string, surroundings: Surroundings, root: string = PROJECT_ROOT): Scenario {
  return parseScenario(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8'), surroundings);
}

/** @param name the file's name as results.json has it. @throws as loadScenario. */
export function parseScenario(name: string, text: string, surroundings: Surroundings): Scenario {
  const document = new PositionedDocument(name, text);
  if (document.value === undefined) throw new FileProblems(document.problems);
  const parsed = scenarioSchema.safeParse(document.value);
  if (!parsed.success) {
    throw new FileProblems([
      ...document.problems,
      ...problemsOf(document, parsed.error, scenarioJsonSchema()),
      ...missingFixtures(document, surroundings),
    ]);
  }
  const file = parsed.data;
  const checks = new Checks(document, file, surroundings);
  checks.problems.push(...document.problems);
  checks.folder(name);
  checks.square();
  const fixtures = checks.fixtures();
  checks.rows(fixtures);
  checks.cursors(fixtures);
  checks.expectations(fixtures);
  const lists = { steps: file.steps ?? [], duringActivation: file.duringActivation ?? [] };
  const portable = fixtures.flatMap((fixture) => fixture.tables.map(({ table }) => table));
  const reader = new StepReader(
    (wanted) => portable.find((table) => table.name === wanted),
    (path, message) => checks.tell(path, message),
  );
  checks.names(lists.steps, fixtures, ['steps']);
  checks.names(lists.duringActivation, fixtures, ['duringActivation']);
  const steps = reader.steps(lists.steps, ['steps']);
  const duringActivation = reader.steps(lists.duringActivation, ['duringActivation']);
  checks.flow(steps, duringActivation);
  checks.powers(steps, ['steps']);
  checks.powers(duringActivation, ['duringActivation']);
  if (checks.problems.length > 0) throw new FileProblems(checks.problems);
  return {
    file: name,
    title: file.title,
    source: file.source,
    destination: file.destination,
    pair: pairOf(file),
    mode: file.mode,
    fixtures,
    ...(file.rows === undefined ? {} : { rows: file.rows }),
    ...(file.seed === undefined ? {} : { seed: file.seed }),
    ...(file.workers === undefined ? {} : { workers: file.workers }),
    ...(file.engines === undefined ? {} : { engines: file.engines }),
    deadlines: withoutUndefined(file.deadlines ?? {}),
    ...(file.cleanup === undefined ? {} : { cleanup: file.cleanup }),
    params: { source: file.params?.source ?? {}, destination: file.params?.destination ?? {} },
    cursors: file.cursor === undefined ? [] : Array.isArray(file.cursor) ? file.cursor : [file.cursor],
    duringActivation,
    steps,
    expect: expectOf(file.expect ?? {}),
    tags: file.tags ?? [],
  };
}

function expectOf(file: NonNullable<ScenarioFile['expect']>): Expect {
  const plain: PlainExpect =
    file.refused === undefined
      ? { kind: 'equal', tables: (file.equal ?? []).map(tableExpectOf) }
      : { kind: 'refused', ...(file.refused.message === undefined ? {} : { message: file.refused.message }) };
  return file.xfail === undefined ? plain : { kind: 'xfail', ...file.xfail, of: plain };
}

type EqualFile = NonNullable<NonNullable<ScenarioFile['expect']>['equal']>[number];

function tableExpectOf({ table, tolerate, key }: EqualFile): Extract<PlainExpect, { kind: 'equal' }>['tables'][number] {
  return {
    table,
    tolerate: (tolerate ?? []).map(({ column, policy, because }) => ({ column, policy: policyOf(policy), because })),
    ...(key === undefined ? {} : { key }),
  };
}

/** The schema has seen to it that exactly one key is there. */
function policyOf(file: EqualTolerance['policy']): Policy {
  return withoutUndefined(file) as unknown as Policy;
}
type EqualTolerance = NonNullable<EqualFile['tolerate']>[number];

function withoutUndefined<T extends object>(file: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
