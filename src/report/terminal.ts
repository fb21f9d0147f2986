/**
 * What a run prints: one line a scenario, a block for each that is not as expected, and a closing line. Returns text;
 * whoever runs decides where it goes. The row diff's own text is handed in, since diff/ makes it.
 */
import pc from 'picocolors';
import { STAGES } from '../core/result.ts';
import type { ScenarioResult, TableResult } from '../core/result.ts';
import { counted, duration } from './figures.ts';
import { masked, oneLine, visible } from './printable.ts';

/** Colours for a stream: only on a terminal, and neither with NO_COLOR nor in CI. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY === true && !isSet(env.NO_COLOR) && !isSet(env.CI);
}

/** Live progress only where somebody watches. */
export function wantsProgress(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  return stream.isTTY === true && !isSet(env.CI);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false';
}

export interface TerminalStyle {
  readonly colour: boolean;
}

/** Stages shorter than this are left out of the line: they would hide the ones that matter. */
const WORTH_SHOWING_MS = 50;

/** `scenarios/pg-ch/toast.yaml` → `pg-ch/toast`: also what selects it in `npm test -- pg-ch/toast`. */
export function shortName(file: string): string {
  return file.replace(/^scenarios\//, '').replace(/\.ya?ml$/, '');
}

/** `✓ pg-ch/toast  equal  5,000 rows  1.9 s  (seed 0.3 s, activate 0.8 s, compare 0.2 s)` */
export function scenarioLine(result: ScenarioResult, style: TerminalStyle): string {
  const colours = pc.createColors(style.colour);
  const mark = result.ok ? colours.green('✓') : result.verdict === 'unknown' ? colours.yellow('?') : colours.red('✗');
  const stages = STAGES.flatMap((stage) => {
    const ms = result.stages[stage];
    return ms === undefined || ms < WORTH_SHOWING_MS ? [] : [`${stage} ${duration(ms)}`];
  });
  const parts = [
    `${mark} ${shortName(result.file)}`,
    verdictWords(result),
    counted(rowsCompared(result), 'row'),
    duration(result.durationMs),
  ];
  if (result.servers.some(({ emulated }) => emulated)) parts.push(colours.yellow('emulated'));
  const line = parts.join('  ');
  return stages.length === 0 ? line : `${line}  ${colours.dim(`(${stages.join(', ')})`)}`;
}

/** Rows of the sources that were compared, all tables together. */
export function rowsCompared(result: ScenarioResult): number {
  return result.tables.reduce((sum, table) => sum + table.compared, 0);
}

/** The verdict, and what it means where the scenario declares something else than equal. */
export function verdictWords(result: ScenarioResult): string {
  const { expected, ok, verdict } = result;
  if (expected === 'xfail') return ok ? `xfail (${verdict})` : `xfail passes (${verdict})`;
  if (expected === 'refused' && ok) return 'refused as declared';
  return ok || verdict !== expected ? verdict : `${verdict}, but not as declared`;
}

/**
 * Everything that somebody needs who sees red: what was expected, what was seen, where the evidence lies, and how to
 * repeat it.
 *
 * @param printTable the row diff of one table as text, in the same style.
 */
export function failureBlock(
  result: ScenarioResult,
  style: TerminalStyle,
  printTable: (table: TableResult) => string,
): string {
  const colours = pc.createColors(style.colour);
  const lines = [
    colours.bold(`${shortName(result.file)}: ${oneLine(result.title)}`),
    `expected ${result.expected}, got ${colours.bold(result.verdict)}` +
      ` (engine ${result.engine}, ${result.stack} ${result.servers.map(serverWords).join(' → ')})`,
  ];
  if (result.error !== null) lines.push(colours.red(visible(masked(result.error))));
  for (const table of result.tables) {
    if (table.verdict === 'different') lines.push('', printTable(table));
  }
  for (const note of result.notes) lines.push(`note: ${visible(masked(note))}`);
  if (result.evidence.length > 0) {
    lines.push('', 'evidence:');
    lines.push(...result.evidence.map(({ name, path }) => `  ${name}: reports/${path}`));
  }
  lines.push('', repeatCommand(result));
  return indented(lines.join('\n'));
}

function serverWords(server: ScenarioResult['servers'][number]): string {
  return `${server.kind} ${server.version}${server.emulated ? ' (emulated)' : ''}`;
}

/** The command that does the same again. */
export function repeatCommand(result: ScenarioResult): string {
  const env = [`E2E_SEED=${result.seed}`];
  if (result.engine !== 'reference') env.push(`E2E_ENGINE=${result.engine}`);
  if (result.stack !== 'embedded') env.push(`E2E_STACK=${result.stack}`);
  return `again: ${env.join(' ')} npm test -- ${shortName(result.file)}`;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}

/** `12 scenarios: 10 equal, 1 refused as declared, 1 different; 61,204 rows compared; seed 7f3a`. */
export function closingLine(results: readonly ScenarioResult[], style: TerminalStyle): string {
  const colours = pc.createColors(style.colour);
  const counts = new Map<string, number>();
  for (const result of results) {
    const words = verdictWords(result);
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  const verdicts = [...counts].map(([words, count]) => `${count} ${words}`).join(', ');
  const rows = results.reduce((sum, result) => sum + rowsCompared(result), 0);
  const seeds = [...new Set(results.map(({ seed }) => seed))];
  const bad = results.some(({ ok }) => !ok);
  const text =
    `${counted(results.length, 'scenario')}: ${verdicts === '' ? 'none ran' : verdicts}; ` +
    `${counted(rows, 'row')} compared${seeds.length === 1 ? `; seed ${seeds.join('')}` : ''}`;
  return bad ? colours.red(text) : colours.green(text);
}
