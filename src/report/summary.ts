/** The job summary: what somebody reads on the page of a CI run before they open any file. Markdown, pure. */
import type { ScenarioResult, TableResult } from '../core/result.ts';
import type { Coverage } from './coverage.ts';
import { printServer } from './coverage.ts';
import { coverageSentence, matrixMarkdown } from './coverage-markdown.ts';
import { counted, duration, grouped } from './figures.ts';
import { fenced, markdown, masked, shortened } from './printable.ts';
import { closingLine, repeatCommand, rowsCompared, shortName, verdictWords } from './terminal.ts';

/** A file that gave no result at all: it could not be read, or its test broke down. */
export interface BrokenFile {
  readonly file: string;
  readonly error: string;
}

/** GitHub cuts a step's summary at 1 MiB; one scenario must not take it all. */
const LONGEST_ERROR = 4000;
const MOST_EXAMPLES = 5;

export function jobSummary(
  results: readonly ScenarioResult[],
  coverage: Coverage,
  broken: readonly BrokenFile[] = [],
): string {
  const bad = results.filter(({ ok }) => !ok);
  const verdict =
    bad.length + broken.length === 0 ? '✅ as expected' : `❌ ${bad.length + broken.length} not as expected`;
  const sections = [
    `## transfer-e2e: ${verdict}`,
    markdown(closingLine(results, { colour: false })),
    ...broken.map(({ file, error }) => `### ❌ ${markdown(file)}\n\n${fenced(clean(error))}`),
    ...bad.map(failure),
    scenarioTable(results),
    relaxations(results),
    notes(results),
    `<details><summary>${coverageSentence(coverage)}</summary>\n\n${matrixMarkdown(coverage)}\n\n</details>`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function failure(result: ScenarioResult): string {
  const parts = [
    `### ${result.verdict === 'unknown' ? '❔' : '❌'} ${markdown(shortName(result.file))}: ${markdown(result.title)}`,
    `Expected ${result.expected}, got **${markdown(verdictWords(result))}**; engine ${result.engine}, ` +
      `${result.servers.map((server) => markdown(printServer(server))).join(' → ')}.`,
  ];
  if (result.error !== null) parts.push(fenced(clean(result.error)));
  parts.push(...result.tables.filter(({ verdict }) => verdict === 'different').map(tableFailure));
  parts.push(fenced(repeatCommand(result)));
  return parts.join('\n\n');
}

function tableFailure(table: TableResult): string {
  const lines = [
    `**${markdown(table.name)}**: ${counted(table.compared, 'row')} compared, ${grouped(table.missing)} missing, ` +
      `${grouped(table.extra)} extra, ${grouped(table.different)} different.`,
    ...[...table.schema, ...table.patterns].map((line) => `- ${markdown(line)}`),
  ];
  if (table.columns.length > 0) {
    lines.push('', '| column | rows | pattern |', '|---|---:|---|');
    for (const column of table.columns) {
      lines.push(`| ${markdown(column.name)} | ${grouped(column.different)} | ${markdown(column.pattern ?? '')} |`);
    }
  }
  const cells = table.examples.slice(0, MOST_EXAMPLES).flatMap((row) => {
    const key = Object.entries(row.key).map(([column, value]) => `${column}=${shortened(value, 60)}`);
    if (row.cells === undefined || row.cells.length === 0) return [`| ${markdown(key.join(', '))} | ${row.kind} | | |`];
    return row.cells.map(
      (cell) =>
        `| ${markdown(key.join(', '))} | ${markdown(cell.column)} | ` +
        `${markdown(shortened(cell.left.shown, 120))} | ${markdown(shortened(cell.right.shown, 120))} |`,
    );
  });
  if (cells.length > 0) lines.push('', '| row | column | source | destination |', '|---|---|---|---|', ...cells);
  return lines.join('\n');
}

function scenarioTable(results: readonly ScenarioResult[]): string {
  if (results.length === 0) return '';
  const rows = results.map(
    (result) =>
      `| ${result.ok ? '✅' : result.verdict === 'unknown' ? '❔' : '❌'} | ${markdown(shortName(result.file))} | ` +
      `${markdown(verdictWords(result))}${xfailLink(result)} | ${grouped(rowsCompared(result))} | ${duration(result.durationMs)} |`,
  );
  return ['| | scenario | verdict | rows | time |', '|---|---|---|---:|---:|', ...rows].join('\n');
}

function xfailLink(result: ScenarioResult): string {
  if (result.xfail === undefined) return '';
  const { issue, because } = result.xfail;
  const reason = markdown(because);
  return /^https?:\/\/[^\s()<>]+$/.test(issue) ? ` ([${reason}](${issue}))` : ` (${reason}: ${markdown(issue)})`;
}

/** Every tolerance that made a difference, with its reason: a relaxation is never silent. */
function relaxations(results: readonly ScenarioResult[]): string {
  const rows = results.flatMap((result) =>
    result.tables.flatMap((table) =>
      table.policies.map(
        (use) =>
          `| ${markdown(shortName(result.file))} | ${markdown(`${table.name}.${use.column}`)} | ${markdown(use.policy)} | ` +
          `${grouped(use.used)} | ${markdown(use.because)} |`,
      ),
    ),
  );
  if (rows.length === 0) return '';
  return [
    '**Tolerances**',
    '',
    '| scenario | column | policy | used | because |',
    '|---|---|---|---:|---|',
    ...rows,
  ].join('\n');
}

function notes(results: readonly ScenarioResult[]): string {
  return results
    .flatMap((result) => result.notes.map((note) => `- ${markdown(shortName(result.file))}: ${markdown(masked(note))}`))
    .join('\n');
}

function clean(text: string): string {
  return shortened(masked(text), LONGEST_ERROR);
}
