/**
 * One scenario for Allure: called once from inside its running test, with allure-vitest's set-up loaded.
 * Steps are the stages with the time they took, so they are recorded after the fact, by the messages that allure's own
 * `step` sends; attachments are the evidence files.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import * as allure from 'allure-js-commons';
import { Status } from 'allure-js-commons';
import { BaseMessageTestRuntime, getGlobalTestRuntime } from 'allure-js-commons/sdk/runtime';
import { STAGES } from '../core/result.ts';
import type { Evidence, ScenarioResult } from '../core/result.ts';
import type { Secret } from '../core/secret.ts';
import { printServer } from './coverage.ts';
import { grouped } from './figures.ts';
import { masked, visible } from './printable.ts';
import { repeatCommand, rowsCompared, shortName, verdictWords } from './terminal.ts';

/** Text up to this many bytes is masked once more on its way in; larger files are attached as they are. */
const MASKED_BYTES = 4 << 20;
const TEXT = /^(text\/|application\/(json|x-ndjson|yaml|xml))/;

export interface AllureOptions {
  /** The reports folder, to which evidence paths are relative. */
  readonly directory: string;
  readonly secrets: readonly Secret[];
}

/** Stable over runs, machines and titles: the history of a scenario follows its file, engine and stack. */
export function historyIdOf(result: Pick<ScenarioResult, 'file' | 'engine' | 'stack'>): string {
  return createHash('sha256').update(`${result.file}\n${result.engine}\n${result.stack}`).digest('hex').slice(0, 32);
}

/** The same test case whatever engine and stack it ran on. */
export function testCaseIdOf(result: Pick<ScenarioResult, 'file'>): string {
  return createHash('sha256').update(result.file).digest('hex').slice(0, 32);
}

/** Records the result in the test that is running now. Evidence files must be there until the run ends. */
export async function recordInAllure(result: ScenarioResult, options: AllureOptions): Promise<void> {
  const clean = (text: string): string => visible(masked(text, options.secrets));
  await allure.displayName(`${shortName(result.file)}: ${clean(result.title)}`);
  await allure.historyId(historyIdOf(result));
  await allure.testCaseId(testCaseIdOf(result));
  await allure.labels(
    { name: 'epic', value: result.pair },
    { name: 'feature', value: result.mode },
    { name: 'parentSuite', value: result.pair },
    { name: 'suite', value: result.mode },
    { name: 'tag', value: result.engine },
    { name: 'tag', value: result.stack },
    { name: 'tag', value: result.verdict },
    ...(result.servers.some(({ emulated }) => emulated) ? [{ name: 'tag', value: 'emulated' }] : []),
  );
  for (const [name, value] of Object.entries(parametersOf(result))) {
    // A seed that differs from run to run must not make another test of it.
    await allure.parameter(name, clean(value), { excluded: true });
  }
  if (result.xfail !== undefined) await allure.issue(result.xfail.issue, clean(result.xfail.because));
  await allure.description(clean(descriptionOf(result)));
  await recordSteps(result, clean);
  for (const evidence of result.evidence) await attach(evidence, options);
}

function parametersOf(result: ScenarioResult): Record<string, string> {
  return {
    pair: result.pair,
    mode: result.mode,
    engine: result.engine,
    stack: result.stack,
    servers: result.servers.map(printServer).join(', '),
    seed: result.seed,
    expected: result.expected,
    verdict: verdictWords(result),
    'rows compared': grouped(rowsCompared(result)),
  };
}

function descriptionOf(result: ScenarioResult): string {
  const lines = [`Verdict: ${verdictWords(result)}.`];
  if (result.error !== null) lines.push(result.error);
  lines.push(...result.notes.map((note) => `Note: ${note}`), repeatCommand(result));
  return lines.join('\n\n');
}

/** The last stage with a time is the one that failed, when the result is not as expected. */
async function recordSteps(result: ScenarioResult, clean: (text: string) => string): Promise<void> {
  const runtime = getGlobalTestRuntime();
  if (!(runtime instanceof BaseMessageTestRuntime)) return;
  const stages = STAGES.flatMap((name) => {
    const ms = result.stages[name];
    return ms === undefined ? [] : [{ name, ms }];
  });
  let start = Date.now() - stages.reduce((sum, { ms }) => sum + ms, 0);
  for (const { name, ms } of stages) {
    await runtime.sendMessage({ type: 'step_start', data: { name, start: Math.round(start) } });
    if (name === 'compare') {
      for (const table of result.tables) {
        const at = Math.round(start);
        const title = `${table.name}: ${table.verdict}, ${grouped(table.compared)} rows compared`;
        await runtime.sendMessage({ type: 'step_start', data: { name: clean(title), start: at } });
        const status = table.verdict === 'equal' ? Status.PASSED : Status.FAILED;
        await runtime.sendMessage({ type: 'step_stop', data: { stop: at + Math.round(table.durationMs), status } });
      }
    }
    start += ms;
    await runtime.sendMessage({
      type: 'step_stop',
      data: { stop: Math.round(start), ...stepStatus(result, name, stages.at(-1)?.name, clean) },
    });
  }
}

function stepStatus(
  result: ScenarioResult,
  stage: string,
  last: string | undefined,
  clean: (text: string) => string,
): { status: Status; statusDetails?: { message: string } } {
  const failed = result.tables.some(({ verdict }) => verdict === 'different') ? stage === 'compare' : stage === last;
  if (result.ok || !failed) return { status: Status.PASSED };
  const status = result.verdict === 'unknown' ? Status.BROKEN : Status.FAILED;
  return result.error === null ? { status } : { status, statusDetails: { message: clean(result.error) } };
}

async function attach(evidence: Evidence, options: AllureOptions): Promise<void> {
  const file = join(options.directory, evidence.path);
  const { size } = await stat(file);
  if (!TEXT.test(evidence.type) || size > MASKED_BYTES) {
    await allure.attachmentPath(evidence.name, file, {
      contentType: evidence.type,
      fileExtension: extname(evidence.path),
    });
    return;
  }
  const text = masked(await readFile(file, 'utf8'), options.secrets);
  await allure.attachment(evidence.name, text, { contentType: evidence.type, fileExtension: extname(evidence.path) });
}
