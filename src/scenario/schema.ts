/**
 * The format of a scenario file as a zod schema. The JSON schema that editors use and docs/scenario-reference.md are
 * generated from it, so every key says here what it means. What a key means beyond its shape is checked in check.ts.
 */
import { z } from 'zod';
import { FAULT_TARGETS } from '../core/step.ts';
import { DATABASES, ENGINES, MODES } from '../core/words.ts';

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m)$/;
const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

const duration = z
  .string()
  .regex(DURATION, 'expected a number and a unit, such as 500ms, 2s or 1m')
  .transform((text) => {
    const [, amount, unit = ''] = DURATION.exec(text) ?? [];
    return Number(amount) * (MS[unit] ?? 1);
  })
  .meta({ id: 'duration', description: 'A time: `500ms`, `2s`, `1m`.', examples: ['500ms', '2s', '1m'] });

const count = z.int().min(0).meta({ id: 'count', description: 'A whole number; `5_000` may be written.' });
const positive = z.int().min(1).meta({ id: 'positive', description: 'A whole number of at least 1.' });

const whole = z.int().meta({ id: 'whole', description: 'A whole number, also below zero; `5_000` may be written.' });

const REGEX = /^\/(.*)\/([imsu]*)$/s;
const pattern = z
  .string()
  .regex(REGEX, 'expected a regular expression between slashes, such as /no primary key/i')
  .transform((text, context) => {
    const [, source = '', flags = ''] = REGEX.exec(text) ?? [];
    try {
      return new RegExp(source, flags);
    } catch (thrown) {
      context.addIssue({ code: 'custom', message: thrown instanceof Error ? thrown.message : String(thrown) });
      return z.NEVER;
    }
  })
  .meta({ id: 'pattern', description: 'A regular expression between slashes.', examples: ['/no primary key/i'] });

const table = z.string().min(1).describe('A table of the fixture.');
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const literal = z.union([scalar, z.array(scalar)]).meta({
  id: 'value',
  description:
    'A value as YAML writes it. By the column’s type: true, 42, "12.50" for decimals, text, hexadecimal text for bytes, ' +
    '2024-02-29, "23:59:59", "2024-02-29 23:59:59.999999", the same with Z for instants, JSON as text, null.',
});

const chosen = {
  every: positive
    .optional()
    .describe('Of the rows alive, in the order of their first insertion: every n-th, the first included.'),
  all: z.literal(true).optional().describe('All rows.'),
  keys: z
    .array(literal)
    .min(1)
    .optional()
    .describe('Rows named by their key; for a composite key a list of its values in key order.'),
};

const CHOICE_KEYS = ['every', 'all', 'keys'] as const;

function exactlyOne(keys: readonly string[], what: string) {
  return ({ value, issues }: z.core.ParsePayload<Record<string, unknown>>): void => {
    const given = keys.filter((key) => value[key] !== undefined);
    if (given.length === 1) return;
    const message = `expected exactly one of ${keys.join(', ')} ${what}; found ${given.join(' and ') || 'none'}`;
    issues.push({ code: 'custom', message, input: value });
  };
}

const oneChoice = exactlyOne(CHOICE_KEYS, 'to say which rows');

const mix = z
  .strictObject({
    insert: count.optional(),
    update: count.optional(),
    delete: count.optional(),
    rekey: count.optional().describe('Primary key changes.'),
    reinsert: count.optional().describe('Rows deleted earlier come back under their old keys.'),
  })
  .meta({
    id: 'mix',
    description: 'How often each operation is drawn, as weights. Default: insert 5, update 3, delete 1.',
  });

const writeSteps = {
  insert: z.strictObject({ table, rows: positive }).optional().describe('New rows, with keys never used before.'),
  reinsert: z
    .strictObject({ table, rows: positive.optional() })
    .optional()
    .describe('Rows deleted before come back under the same keys with new values; all of them without `rows`.'),
  update: z
    .strictObject({
      table,
      ...chosen,
      set: z
        .record(z.string(), literal)
        .describe('Column → value, or `random` for values drawn from the column’s own generator.'),
    })
    .check(oneChoice)
    .optional()
    .describe('Columns of rows that are there get other values. Columns that grow do so by themselves.'),
  rekey: z
    .strictObject({
      table,
      ...chosen,
      by: whole.optional().describe('Added to the last integer column of the key; absent: keys never used before.'),
    })
    .check(oneChoice)
    .optional()
    .describe('Primary keys change.'),
  delete: z
    .strictObject({ table, ...chosen })
    .check(oneChoice)
    .optional()
    .describe('Rows go.'),
  truncate: z.strictObject({ table }).optional().describe('All rows go at once.'),
  sql: z
    .strictObject({
      on: z.literal('source').default('source').describe('Where it runs.'),
      run: z.string().min(1).describe('Statements in the database’s own language.'),
    })
    .optional()
    .describe(
      'The source’s own language. Rows that it writes are not known to later steps, which go by what steps before wrote.',
    ),
  workload: z
    .strictObject({
      table,
      operations: positive.optional().describe('How many operations; this or `for`.'),
      for: duration.optional().describe('For how long; this or `operations`.'),
      perSecond: positive.optional().describe('At most this many operations a second; absent: as fast as it goes.'),
      mix: mix.optional(),
    })
    .check(exactlyOne(['operations', 'for'], 'to say how long'))
    .optional()
    .describe('A random mix of small writes, by the seed.'),
};

const flatWriteStep = z.strictObject(writeSteps);
/** What a writing step looks like once parsed. */
export type WriteStepFile = z.infer<typeof flatWriteStep> & {
  readonly transaction?: { readonly rollback: boolean; readonly steps: readonly WriteStepFile[] } | undefined;
};

const nestedWriteStep: z.ZodType<WriteStepFile> = z.lazy(() => writeStepSchema);

const transaction = z
  .strictObject({
    rollback: z.boolean().default(false).describe('Roll back at the end instead of committing.'),
    steps: z.array(nestedWriteStep).min(1).describe('Steps that write; `sql`, `workload` with `operations`, too.'),
  })
  .meta({ id: 'transaction', description: 'Writing steps in one transaction.' });

const WRITE_KINDS = [...Object.keys(writeSteps), 'transaction'];

/** A step that writes to the source: a map with one key, the kind of the step. */
const writeStepSchema = flatWriteStep
  .extend({ transaction: transaction.optional() })
  .check(exactlyOne(WRITE_KINDS, 'as the kind of the step'))
  .meta({ id: 'writeStep', minProperties: 1, maxProperties: 1 });

const target = z.enum(FAULT_TARGETS).optional();

const otherSteps = {
  fault: z
    .strictObject({
      kill: target.describe(
        'SIGKILL, then the same command again. Of the workers of a shared snapshot only the main one is started again: ' +
          'what another had in hand must be taken over.',
      ),
      pause: z.enum(['engine']).optional().describe('SIGSTOP, then SIGCONT.'),
      index: count.optional().describe('With `kill: worker`: which one; 0 is the main one.'),
      times: positive.optional().describe('With `kill`: how often. Default 1.'),
      within: duration
        .optional()
        .describe('With `kill`: at random moments, by the seed, within this time. Default 1s.'),
      for: duration.optional().describe('With `pause`: for how long. Default 1s.'),
    })
    .check(exactlyOne(['kill', 'pause'], 'as the kind of the fault'))
    .optional()
    .describe('A disturbance.'),
  activate: z
    .strictObject({})
    .optional()
    .describe('Mode incremental: the next pass. Mode snapshot: the snapshot once more.'),
  settle: z.strictObject({}).optional().describe('Wait until everything written so far has arrived.'),
};

const flatStep = z.strictObject({ ...writeSteps, transaction: transaction.optional(), ...otherSteps });
/** What a step looks like once parsed. */
export type StepFile = z.infer<typeof flatStep> & { readonly concurrently?: readonly StepFile[] | undefined };

const nestedStep: z.ZodType<StepFile> = z.lazy(() => stepSchema);

export const STEP_KINDS: readonly string[] = [...WRITE_KINDS, ...Object.keys(otherSteps), 'concurrently'];

/** Any step: a map with one key, the kind of the step. */
const stepSchema = flatStep
  .extend({
    concurrently: z.array(nestedStep).min(2).optional().describe('Steps that all start together; done when all are.'),
  })
  .check(exactlyOne(STEP_KINDS, 'as the kind of the step'))
  .meta({ id: 'step', minProperties: 1, maxProperties: 1 });

const POLICY_KEYS = {
  ulp: z.int().min(1).optional().describe('Floats at most this many representable values apart.'),
  absolute: z.number().positive().optional().describe('Numbers at most this far apart.'),
  relative: z.number().positive().optional().describe('Numbers apart by at most this part of the larger one.'),
  precision: z
    .strictObject({ digits: z.int().min(0), how: z.enum(['truncate', 'round']) })
    .optional()
    .describe('Times and numbers to this many digits after the point.'),
  ignoreCase: z.literal(true).optional().describe('Upper and lower case are the same.'),
  trimEnd: z.literal(true).optional().describe('Trailing spaces do not count.'),
  emptyIsNull: z.literal(true).optional().describe('An empty text is NULL.'),
  zeroDateIsNull: z.literal(true).optional().describe('The date 0000-00-00 is NULL.'),
  jsonNullIsNull: z.literal(true).optional().describe('The JSON value null is NULL.'),
  lossy: z
    .literal(true)
    .optional()
    .describe('The engine’s type table loses here by design: any difference is allowed.'),
  ignore: z.literal(true).optional().describe('The column is not compared.'),
};

const policy = z
  .strictObject(POLICY_KEYS)
  .check(exactlyOne(Object.keys(POLICY_KEYS), 'as the policy'))
  .meta({ id: 'policy', description: 'One tolerance of the comparison.', minProperties: 1, maxProperties: 1 });

const equal = z
  .array(
    z.strictObject({
      table: z.string().min(1),
      tolerate: z
        .array(
          z.strictObject({
            column: z.string().min(1),
            policy,
            because: z.string().min(1).describe('Why this is right; printed with how often it was used.'),
          }),
        )
        .optional()
        .describe('Differences that are allowed here.'),
      key: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe('Columns that name a row, in place of the primary key.'),
    }),
  )
  .min(1);

const expect = z
  .strictObject({
    equal: equal.optional().describe('Only these tables are compared. Without `equal`: all, without tolerance.'),
    refused: z
      .strictObject({
        message: pattern.optional().describe('What the engine must say; absent: as it declares itself.'),
      })
      .optional()
      .describe('The engine must refuse by itself, with a message.'),
    xfail: z
      .strictObject({
        issue: z.url().describe('Link to the known bug.'),
        because: z.string().min(1).describe('What was seen.'),
      })
      .optional()
      .describe(
        'Known to fail: the expectation beside it (or equality) must not hold; when it does, the scenario fails.',
      ),
  })
  .check(({ value, issues }) => {
    if (value.equal === undefined || value.refused === undefined) return;
    issues.push({ code: 'custom', message: 'expected equal or refused, found both', input: value });
  })
  .meta({ id: 'expect' });

const params = z.record(z.string(), z.unknown());

const cursor = z
  .strictObject({
    table,
    column: z.string().min(1).describe('The column whose growth is followed.'),
    initial: z
      .union([z.string(), z.int()])
      .transform(String)
      .describe('Rows whose cursor is greater than this are copied at the first pass.'),
  })
  .meta({ id: 'cursor' });

export const scenarioSchema = z
  .strictObject({
    title: z.string().min(1).describe('What holds when the scenario is green, as a sentence.'),
    source: z.enum(DATABASES).describe('The database that is copied from.'),
    destination: z.enum(DATABASES).describe('The database that is copied to.'),
    mode: z
      .enum(MODES)
      .describe(
        '`snapshot`: a copy, once. `replication`: changes from now on; the fixture’s rows are written after the engine ' +
          'has attached. `snapshot-replication`: both. `incremental`: a copy of what a cursor column says is new, at every ' +
          'activation. In all modes but `replication` the fixture’s rows are written before the activation.',
      ),
    fixture: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .describe('A folder of fixtures/, or several.'),
    rows: z
      .union([count, z.record(z.string(), count)])
      .optional()
      .describe('Rows of every portable table, or a map from table to rows. Absent: the fixture’s own numbers.'),
    seed: z
      .union([z.string().min(1), z.int()])
      .transform(String)
      .optional()
      .describe('Fixes the seed of this scenario. Absent: the run’s, which E2E_SEED repeats.'),
    workers: z
      .int()
      .min(2)
      .max(16)
      .optional()
      .describe(
        'So many processes of the engine share the activation, beside the main one; they agree in an S3 bucket that is made for it.',
      ),
    engines: z.array(z.enum(ENGINES)).min(1).optional().describe('Only under these engines. Absent: all.'),
    deadlines: z
      .strictObject({
        provision: duration.optional(),
        activate: duration.optional(),
        replicate: duration.optional(),
        settle: duration.optional(),
        stop: duration.optional(),
        compare: duration.optional(),
      })
      .optional()
      .describe('Longest time that a stage may take, in place of the defaults.'),
    cleanup: z
      .enum(['Drop', 'Truncate', 'Disabled'])
      .optional()
      .describe('What the engine does with tables at the destination. Default: Drop, in mode incremental Disabled.'),
    params: z
      .strictObject({ source: params.optional(), destination: params.optional() })
      .optional()
      .describe('Laid over the engine’s parameters of either end, by the engine’s own keys.'),
    cursor: z
      .union([cursor, z.array(cursor).min(1)])
      .optional()
      .describe('Mode incremental: what is followed.'),
    duringActivation: z.array(stepSchema).optional().describe('Steps that run, in order, while the activation does.'),
    steps: z
      .array(stepSchema)
      .optional()
      .describe(
        'What happens after the activation, or once the replication is attached, in order. After the last step of mode ' +
          'incremental the engine is activated once more.',
      ),
    expect: expect.optional().describe('What must hold at the end. Absent: all tables are equal.'),
    tags: z.array(z.string().min(1)).optional().describe('Words to select scenarios by.'),
  })
  .meta({
    title: 'A scenario of transfer-e2e',
    description: 'One file under scenarios/<pair>/: what is set up, what is done, what must hold.',
  });

export type ScenarioFile = z.infer<typeof scenarioSchema>;
