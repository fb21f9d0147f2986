/**
 * What a run leaves behind, as zod: mirrors of core's results and the report's coverage, from which the committed schemas
 * of results.json and coverage.json are generated. A type-level test keeps them equal to the TypeScript types.
 */
import { z } from 'zod';
import { STAGES } from '../core/result.ts';
import { ENGINES, MODES, STACKS } from '../core/words.ts';

const count = z.int().min(0);
const pair = z
  .templateLiteral([z.string(), '-', z.string()])
  .meta({ description: 'Source and destination by their short names.' });

const server = z
  .strictObject({ kind: z.string(), version: z.string(), emulated: z.boolean() })
  .readonly()
  .meta({ id: 'server', description: 'A server that took part; emulated where a stand-in answered.' });

const shown = z
  .strictObject({ shown: z.string(), canonical: z.string() })
  .readonly()
  .meta({ id: 'cell', description: 'A cell as its database shows it, and in canonical form.' });

const columnDifference = z
  .strictObject({
    name: z.string(),
    different: count.describe('Rows in which this column differs.'),
    pattern: z.string().exactOptional().describe('What the differences share, with its evidence.'),
  })
  .readonly()
  .meta({ id: 'columnDifference' });

const rowDifference = z
  .strictObject({
    kind: z.enum(['missing', 'extra', 'different']),
    key: z.record(z.string(), z.string()).readonly().describe('Column → value as shown.'),
    copies: count.exactOptional().describe('How many copies, for tables without a key.'),
    cells: z
      .array(z.strictObject({ column: z.string(), left: shown, right: shown }).readonly())
      .readonly()
      .exactOptional(),
  })
  .readonly()
  .meta({ id: 'rowDifference' });

const policyUse = z
  .strictObject({ column: z.string(), policy: z.string(), because: z.string(), used: count })
  .readonly()
  .meta({ id: 'policyUse', description: 'A declared tolerance and how often it made a difference.' });

export const tableResultSchema = z
  .strictObject({
    name: z.string(),
    verdict: z.enum(['equal', 'different']),
    compared: count.describe('Rows of the left side that were compared.'),
    leftRows: count,
    rightRows: count,
    missing: count.describe('Rows that the right side lacks.'),
    extra: count.describe('Rows that only the right side has.'),
    different: count.describe('Rows whose key both sides have and whose cells differ.'),
    columns: z.array(columnDifference).readonly(),
    patterns: z.array(z.string()).readonly().describe('What the missing or extra rows share.'),
    examples: z.array(rowDifference).readonly(),
    policies: z.array(policyUse).readonly(),
    schema: z.array(z.string()).readonly().describe('Columns that only one side has, or that cannot be compared.'),
    list: z.string().exactOptional().describe('Complete list of differing rows, one JSON object a line.'),
    durationMs: z.number(),
  })
  .readonly()
  .meta({ id: 'tableResult', description: 'The verdict on one table. Left is the source, right the destination.' });

const stages = z
  .strictObject(
    Object.fromEntries(STAGES.map((stage) => [stage, z.number().exactOptional()])) as Record<
      (typeof STAGES)[number],
      z.ZodExactOptional<z.ZodNumber>
    >,
  )
  .readonly()
  .describe('Stage → milliseconds; a stage that was not reached is absent.');

export const scenarioResultSchema = z
  .strictObject({
    file: z.string().describe('Relative to the project’s root.'),
    title: z.string(),
    pair,
    mode: z.enum(MODES),
    engine: z.enum(ENGINES),
    stack: z.enum(STACKS),
    servers: z.array(server).readonly(),
    seed: z.string(),
    expected: z.enum(['equal', 'refused', 'xfail']),
    verdict: z.enum(['equal', 'different', 'refused', 'unknown']),
    ok: z.boolean().describe('The verdict is the expected one.'),
    durationMs: z.number(),
    stages,
    tables: z.array(tableResultSchema).readonly(),
    error: z.string().nullable().describe('Why it is not as expected or unknown; for refusals the engine’s words.'),
    xfail: z.strictObject({ issue: z.string(), because: z.string() }).readonly().exactOptional(),
    notes: z.array(z.string()).readonly().describe('Things seen that do not change the verdict.'),
    evidence: z
      .array(z.strictObject({ name: z.string(), path: z.string(), type: z.string() }).readonly())
      .readonly()
      .describe('Files that belong to it, relative to the reports folder.'),
  })
  .readonly()
  .meta({ id: 'scenarioResult', description: 'What one scenario ended in.' });

export const resultsSchema = z
  .strictObject({ scenarios: z.array(scenarioResultSchema).readonly() })
  .readonly()
  .meta({ title: 'results.json', description: 'Every scenario of a run.' });

export const coverageSchema = z
  .strictObject({
    squares: z
      .array(
        z
          .strictObject({
            pair,
            mode: z.enum(MODES),
            status: z.enum(['equal', 'refused', 'xfail', 'different', 'unknown', 'missing']),
            servers: z.array(server).readonly(),
            scenarios: z.array(z.string()).readonly().describe('Files of its scenarios.'),
          })
          .readonly()
          .meta({ id: 'square', description: 'A pair in a mode.' }),
      )
      .readonly(),
  })
  .readonly()
  .meta({ title: 'coverage.json', description: 'The squares of the matrix and how each one stands.' });
