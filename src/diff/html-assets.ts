/** Style and behaviour of the HTML page, as they stand in it. No network, no framework. */

export const STYLE = `
:root{color-scheme:light dark;--line:#8884;--red:#c33;--green:#2a7;--soft:#8881}
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem}
summary{cursor:pointer;padding:.4rem 0;font-size:1.05rem}h2{font-size:1rem;margin:1rem 0 .3rem}
details{border-bottom:1px solid var(--line);padding-bottom:.6rem}
table{border-collapse:collapse;width:100%}th,td{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}
th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid}
th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
.value,td small{font-family:ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}td small{display:block;opacity:.65}
.number{text-align:right}.different,.missing,.extra{color:var(--red)}.equal{color:var(--green)}
.note{opacity:.75}input{margin:.2rem 0 .4rem;padding:.3rem .5rem;width:20rem;max-width:100%}
`.trim();

export const BEHAVIOUR = `
for (const table of document.querySelectorAll('table')) {
  const bodies = () => [...table.tBodies];
  const filter = table.previousElementSibling;
  if (filter instanceof HTMLInputElement) filter.addEventListener('input', () => {
    const wanted = filter.value.toLowerCase();
    for (const body of bodies()) body.hidden = !body.textContent.toLowerCase().includes(wanted);
  });
  [...table.tHead.rows[0].cells].forEach((head, column) => head.addEventListener('click', () => {
    const down = head.getAttribute('aria-sort') === 'ascending';
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const value = (body) => { const cell = body.rows[0].cells[column]; return cell.dataset.sort ?? cell.textContent; };
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = x !== '' && y !== '' && !isNaN(x) && !isNaN(y) ? x - y : x < y ? -1 : x > y ? 1 : 0;
      return down ? -order : order;
    };
    table.append(...bodies().sort(compare));
  }));
}
`.trim();
