/** coverage.html: one self-contained page of the 100 squares; opened from a file, it needs no network and no script. Pure. */
import { DATABASES, SHORT_NAMES } from '../core/words.ts';
import { STATUSES, countStatuses, metRealServers, printServer } from './coverage.ts';
import type { Coverage, CoverageSquare } from './coverage.ts';
import { STATUS_MARKS, STATUS_MEANINGS, coverageSentence } from './coverage-markdown.ts';
import { html } from './printable.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; }
.matrix td { padding: .3rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .25rem; min-width: 11rem; }
.square { border-radius: .3rem; color: #fff; display: block; font-size: .78rem; line-height: 1.25; padding: .25rem .4rem; text-decoration: none; }
.square b { display: block; font-weight: 600; }
.equal { background: #1a7f37; } .refused { background: #57606a; } .xfail { background: #8a6100; }
.different { background: #c11f2d; } .unknown { background: #8250df; }
.missing { background: none; border: 1px dashed var(--line); color: inherit; opacity: .65; }
.emulated { outline: 2px dotted #d29922; outline-offset: 1px; }
.legend .square { display: inline-block; min-width: 5rem; }
code { font-size: .9em; }
`;

export function coverageHtml(coverage: Coverage): string {
  const counts = countStatuses(coverage);
  const shorts = DATABASES.map((kind) => SHORT_NAMES[kind]);
  const rows = shorts.map(
    (from) =>
      `<tr><th scope="row">${from}</th>${shorts
        .map((to) => `<td>${pairCell(coverage.squares.filter(({ pair }) => pair === `${from}-${to}`))}</td>`)
        .join('')}</tr>`,
  );
  const legend = STATUSES.map(
    (status) =>
      `<tr><td><span class="square ${status}">${STATUS_MARKS[status].letter} ${status}</span></td>` +
      `<td>${counts[status]}</td><td>${html(STATUS_MEANINGS[status])}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Coverage: ${counts.equal + counts.refused + counts.xfail} of ${coverage.squares.length} squares</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Coverage</h1>
<p>${html(coverageSentence(coverage))}. Sources down, destinations across.</p>
<table class="matrix">
<tr><th></th>${shorts.map((to) => `<th scope="col">${to}</th>`).join('')}</tr>
${rows.join('\n')}
</table>
<h2>Meaning</h2>
<table class="legend">
${legend.join('\n')}
<tr><td><span class="square equal emulated">dotted</span></td><td></td><td>an emulated server took part</td></tr>
</table>
<h2>Squares with scenarios</h2>
<table>
<tr><th>pair</th><th>mode</th><th>status</th><th>servers</th><th>scenarios</th></tr>
${coverage.squares
  .filter(({ scenarios }) => scenarios.length > 0)
  .map(detailRow)
  .join('\n')}
</table>
</body>
</html>
`;
}

function pairCell(squares: readonly CoverageSquare[]): string {
  const cells = squares.map((square) => {
    const emulated = metRealServers(square) === false ? ' emulated' : '';
    const inside = `<b>${square.mode}</b>${STATUS_MARKS[square.status].letter} ${square.status}`;
    const title = html(`${square.pair} ${square.mode}: ${STATUS_MEANINGS[square.status]}`);
    const shape = `class="square ${square.status}${emulated}" title="${title}"`;
    return square.scenarios.length === 0
      ? `<span ${shape}>${inside}</span>`
      : `<a ${shape} href="#${anchor(square)}">${inside}</a>`;
  });
  return `<div class="pair">${cells.join('')}</div>`;
}

function detailRow(square: CoverageSquare): string {
  const servers = square.servers.map((server) => html(printServer(server))).join('<br>');
  const scenarios = square.scenarios.map((file) => `<code>${html(file)}</code>`).join('<br>');
  return (
    `<tr id="${anchor(square)}"><td>${square.pair}</td><td>${square.mode}</td>` +
    `<td><span class="square ${square.status}">${square.status}</span></td><td>${servers}</td><td>${scenarios}</td></tr>`
  );
}

function anchor(square: CoverageSquare): string {
  return `${square.pair}-${square.mode}`;
}
