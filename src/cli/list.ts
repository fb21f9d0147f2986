/** `transfer-e2e list`: scenarios with what each covers and expects; files that cannot be read are listed with why. */
import { join } from 'node:path';
import pc from 'picocolors';
import { EXIT, messageOf } from '../core/errors.ts';
import type { Expectation } from '../core/result.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { pairOf } from '../core/words.ts';
import { counted } from '../report/figures.ts';
import { oneLine } from '../report/printable.ts';
import { shortName } from '../report/terminal.ts';
import { loadScenario } from '../scenario/load.ts';
import { surroundings } from './registry/surroundings.ts';
import { matching, scenarioFiles } from './scenario-files.ts';
import type { Terminal } from './terminal.ts';

interface Listed {
  readonly file: string;
  readonly title: string;
  readonly pair: string;
  readonly mode: string;
  readonly fixtures: readonly string[];
  readonly expected: Expectation;
  readonly tags: readonly string[];
}

/** Exit code 2 when a file cannot be read as a scenario; the others are listed all the same. */
export async function list(
  filters: readonly string[],
  flags: { readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const files = matching(await scenarioFiles(PROJECT_ROOT), filters);
  const listed: Listed[] = [];
  const broken: { file: string; error: string }[] = [];
  for (const file of files) {
    try {
      listed.push(describe(file));
    } catch (error) {
      broken.push({ file, error: messageOf(error) });
    }
  }
  if (flags.json) terminal.out(`${JSON.stringify({ scenarios: listed, broken }, null, 2)}\n`);
  else terminal.out(print(listed, terminal.colour));
  for (const { error } of broken) terminal.err(`${error}\n`);
  return broken.length === 0 ? EXIT.asExpected : EXIT.usage;
}

function describe(file: string): Listed {
  const scenario = loadScenario(join(PROJECT_ROOT, file), surroundings());
  return {
    file,
    title: scenario.title,
    pair: pairOf(scenario),
    mode: scenario.mode,
    fixtures: scenario.fixtures.map(({ name }) => name),
    expected: scenario.expect.kind,
    tags: scenario.tags,
  };
}

function print(listed: readonly Listed[], colour: boolean): string {
  const colours = pc.createColors(colour);
  const nameWidth = Math.max(0, ...listed.map(({ file }) => shortName(file).length));
  const modeWidth = Math.max(0, ...listed.map(({ mode }) => mode.length));
  const lines = listed.map(({ file, mode, expected, title }) =>
    [
      shortName(file).padEnd(nameWidth),
      mode.padEnd(modeWidth),
      expected.padEnd('refused'.length),
      colours.dim(oneLine(title)),
    ].join('  '),
  );
  return `${[...lines, '', counted(listed.length, 'scenario')].join('\n')}\n`;
}
