/** coverage.md, and the matrix as it stands in the job summary and in the terminal. Pure. */
import { MODES, SHORT_NAMES, DATABASES } from '../core/words.ts';
import { STATUSES, countStatuses, metRealServers, printServer } from './coverage.ts';
import type { Coverage, CoverageSquare, SquareStatus } from './coverage.ts';
import { markdown } from './printable.ts';

/** A mark and a letter beside the word, so that nobody depends on colour. */
export const STATUS_MARKS: Readonly<Record<SquareStatus, { readonly mark: string; readonly letter: string }>> = {
  equal: { mark: '✅', letter: '=' },
  refused: { mark: '🚫', letter: 'r' },
  xfail: { mark: '🟡', letter: 'x' },
  different: { mark: '❌', letter: '≠' },
  unknown: { mark: '❔', letter: '?' },
  missing: { mark: '⬜', letter: '·' },
};

export const STATUS_MEANINGS: Readonly<Record<SquareStatus, string>> = {
  equal: 'every row arrived intact',
  refused: 'the engine refuses clearly, as declared',
  xfail: 'fails as expected; the scenario links why',
  different: 'some scenario did not end as it declares',
  unknown: 'there is a scenario, but no verdict in this run',
  missing: 'no scenario covers it',
};

/** `100 squares: 8 equal, 0 refused, …`. */
export function coverageSentence(coverage: Coverage): string {
  const counts = countStatuses(coverage);
  return `${coverage.squares.length} squares: ${STATUSES.map((status) => `${counts[status]} ${status}`).join(', ')}`;
}

export function coverageMarkdown(coverage: Coverage): string {
  return [
    '# Coverage',
    '',
    `${coverageSentence(coverage)}.`,
    '',
    matrixMarkdown(coverage),
    '',
    ...STATUSES.map((status) => `- ${STATUS_MARKS[status].mark} ${status}: ${STATUS_MEANINGS[status]}`),
    '- `*`: an emulated server took part',
    '',
    '## Squares with scenarios',
    '',
    '| pair | mode | status | servers | scenarios |',
    '|---|---|---|---|---|',
    ...coverage.squares.filter(({ scenarios }) => scenarios.length > 0).map(squareRow),
    '',
  ].join('\n');
}

function squareRow(square: CoverageSquare): string {
  const servers = square.servers.map((server) => markdown(printServer(server))).join('<br>');
  const scenarios = square.scenarios.map(markdown).join('<br>');
  return `| ${square.pair} | ${square.mode} | ${badge(square)} | ${servers} | ${scenarios} |`;
}

/** One line a pair, one column a mode. */
export function matrixMarkdown(coverage: Coverage): string {
  const lines = [`| pair | ${MODES.join(' | ')} |`, `|---|${MODES.map(() => '---|').join('')}`];
  for (const pair of new Set(coverage.squares.map((square) => square.pair))) {
    const row = coverage.squares.filter((square) => square.pair === pair);
    lines.push(`| ${pair} | ${row.map(badge).join(' | ')} |`);
  }
  return lines.join('\n');
}

function badge(square: CoverageSquare): string {
  return `${STATUS_MARKS[square.status].mark} ${square.status}${metRealServers(square) === false ? ' \\*' : ''}`;
}

/** Sources down, destinations across, four letters a pair in the order of the modes. For a terminal. */
export function matrixText(coverage: Coverage): string {
  const shorts = DATABASES.map((kind) => SHORT_NAMES[kind]);
  const header = `${'from \\ to'.padEnd(10)}${shorts.map((to) => to.padEnd(8)).join('')}`;
  const rows = shorts.map((from) => {
    const cells = shorts.map((to) => {
      const squares = coverage.squares.filter(({ pair }) => pair === `${from}-${to}`);
      return squares
        .map(({ status }) => STATUS_MARKS[status].letter)
        .join('')
        .padEnd(8);
    });
    return `${from.padEnd(10)}${cells.join('')}`.trimEnd();
  });
  const legend = STATUSES.map((status) => `${STATUS_MARKS[status].letter} ${status}`).join('  ');
  return [
    header.trimEnd(),
    ...rows,
    '',
    `each pair: ${MODES.join(', ')}`,
    legend,
    '',
    `${coverageSentence(coverage)}.`,
  ].join('\n');
}
