import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeMessage } from 'allure-js-commons/sdk';
import { MessageHolderTestRuntime, getGlobalTestRuntime, setGlobalTestRuntime } from 'allure-js-commons/sdk/runtime';
import type { TestRuntime } from 'allure-js-commons/sdk/runtime';
import { describe, expect, it } from 'vitest';
import type { ScenarioResult } from '../core/result.ts';
import { Secret } from '../core/secret.ts';
import { historyIdOf, recordInAllure, testCaseIdOf } from './allure.ts';
import { DIFFERENT, EQUAL, UNKNOWN } from './example-results.ts';

/** What Allure would be told, taken from a runtime of our own, since the one of this very test is in use. */
async function recorded(result: ScenarioResult, directory = '.', secrets: Secret[] = []): Promise<RuntimeMessage[]> {
  const before = getGlobalTestRuntime();
  const runtime = new MessageHolderTestRuntime();
  // Its declared types and ours differ on an optional property alone.
  setGlobalTestRuntime(runtime as TestRuntime);
  try {
    await recordInAllure(result, { directory, secrets });
  } finally {
    setGlobalTestRuntime(before);
  }
  return runtime.messages();
}

function steps(messages: readonly RuntimeMessage[]): { name: string; ms: number; status: string }[] {
  const open: { name: string; start: number }[] = [];
  const ended: { name: string; ms: number; status: string }[] = [];
  for (const message of messages) {
    if (message.type === 'step_start') open.push(message.data);
    const started = message.type === 'step_stop' ? open.pop() : undefined;
    if (message.type === 'step_stop' && started !== undefined) {
      ended.push({ name: started.name, ms: message.data.stop - started.start, status: message.data.status });
    }
  }
  return ended;
}

describe('a scenario in Allure', () => {
  it('has the stages as steps, with the time each took', async () => {
    expect(steps(await recorded(EQUAL))).toEqual([
      { name: 'load', ms: 4, status: 'passed' },
      { name: 'seed', ms: 310, status: 'passed' },
      { name: 'activate', ms: 820, status: 'passed' },
      { name: 'orders: equal, 5,000 rows compared', ms: 210, status: 'passed' },
      { name: 'compare', ms: 210, status: 'passed' },
    ]);
  });

  it('blames the comparison when rows differ, and the last stage otherwise', async () => {
    const failed = (all: ReturnType<typeof steps>): string[] =>
      all.filter(({ status }) => status !== 'passed').map(({ name, status }) => `${name} ${status}`);
    expect(failed(steps(await recorded(DIFFERENT)))).toEqual([
      'orders: different, 5,000 rows compared failed',
      'compare failed',
    ]);
    expect(failed(steps(await recorded(UNKNOWN)))).toEqual(['activate broken']);
  });

  it('keeps its history over seeds and titles, and one history for each engine', () => {
    expect(historyIdOf({ ...EQUAL, ...{ seed: 'other', title: 'other' } })).toBe(historyIdOf(EQUAL));
    expect(historyIdOf({ ...EQUAL, engine: 'trcli' })).not.toBe(historyIdOf(EQUAL));
    expect(testCaseIdOf({ file: EQUAL.file })).toBe(testCaseIdOf(EQUAL));
  });

  it('tells the ids, the parameters and the link of an expected failure', async () => {
    const xfail = { issue: 'https://example.org/1', because: 'loses rows' };
    const metadata = (await recorded({ ...DIFFERENT, expected: 'xfail', ok: true, xfail })).flatMap((message) =>
      message.type === 'metadata' ? [message.data] : [],
    );
    expect(metadata).toContainEqual({ historyId: historyIdOf(EQUAL) });
    expect(metadata).toContainEqual({ parameters: [{ name: 'seed', value: 's1', excluded: true }] });
    expect(metadata.flatMap(({ links }) => links ?? [])).toContainEqual(
      expect.objectContaining({ url: 'https://example.org/1', type: 'issue' }),
    );
  });

  it('attaches the evidence, with secrets masked', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'allure-'));
    try {
      await writeFile(join(directory, 'engine.yaml'), 'Password: hunter2\nUser: hunter2');
      const evidence = [{ name: 'engine configuration', path: 'engine.yaml', type: 'application/yaml' }];
      const messages = await recorded({ ...EQUAL, evidence }, directory, [new Secret('hunter2')]);
      const content = messages.flatMap((message) => (message.type === 'attachment_content' ? [message.data] : []));
      expect(content.map(({ content: base64, encoding }) => Buffer.from(base64, encoding).toString())).toEqual([
        'Password: ***\nUser: ***',
      ]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
