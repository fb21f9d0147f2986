/** `transfer-e2e diff`: any two tables that the connectors can reach, compared as a scenario compares its own. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Connector, Session } from '../connectors/connector.ts';
import { EXIT, UsageError } from '../core/errors.ts';
import { meant } from '../core/problems.ts';
import type { Table } from '../core/table.ts';
import { printName } from '../core/words.ts';
import type { TableName } from '../core/words.ts';
import { agree } from '../diff/agree.ts';
import { compare } from '../diff/compare.ts';
import { htmlReport } from '../diff/html.ts';
import { printTable } from '../diff/print.ts';
import type { DiffRequest } from '../diff/side.ts';
import { grouped } from '../report/figures.ts';
import { sideOf } from '../run/comparing.ts';
import type { DiffFlags } from './program.ts';
import { connectorForDsn } from './registry/connectors.ts';
import { parseTables } from './table-name.ts';
import type { Terminal } from './terminal.ts';

/** Progress shows after this long, and then four times a second. */
const QUIET_MS = 2000;
const REDRAW_MS = 250;

export async function diff(left: string, right: string, flags: DiffFlags, terminal: Terminal): Promise<number> {
  const names = parseTables(flags.table);
  const [leftDsn, rightDsn] = [parseDsn(left, 'LEFT'), parseDsn(right, 'RIGHT')];
  const [leftConnector, rightConnector] = [await connectorForDsn(leftDsn), await connectorForDsn(rightDsn)];
  await using leftSession = await leftConnector.connect(leftDsn);
  await using rightSession = await rightConnector.connect(rightDsn);
  const [leftTable, rightTable] = await Promise.all([
    describe(leftConnector, leftSession, names.left, 'left'),
    describe(rightConnector, rightSession, names.right, 'right'),
  ]);
  const agreement = agree(leftTable, rightTable, flags.key === undefined ? {} : { key: flags.key });
  const progress = new ProgressLine(terminal);
  try {
    const result = await compare({
      table: printName(names.left),
      columns: agreement.columns.map(({ name, as }) => ({ name, as })),
      keyColumns: agreement.keyColumns,
      schema: agreement.schema,
      left: sideOf(
        leftSession,
        'left',
        leftTable,
        agreement.columns.map(({ left: column, as }) => ({ column, as })),
      ),
      right: sideOf(
        rightSession,
        'right',
        rightTable,
        agreement.columns.map(({ right: column, as }) => ({ column, as })),
      ),
      tolerate: [],
      // A person reads a few rows; a program and a page that filters can take many.
      examples: flags.examples ?? (flags.json === true || flags.html !== undefined ? 1_000 : 10),
      ...(flags.list === undefined ? {} : { listFile: resolve(terminal.cwd, flags.list) }),
      onProgress: (seen) => progress.show(seen),
      signal: terminal.signal,
    });
    progress.clear();
    if (flags.html !== undefined) await writeFile(resolve(terminal.cwd, flags.html), htmlReport([result]));
    terminal.out(
      flags.json === true
        ? `${JSON.stringify(result, null, 2)}\n`
        : `${printTable(result, { colour: terminal.colour })}\n`,
    );
    return result.verdict === 'equal' ? EXIT.asExpected : EXIT.notAsExpected;
  } finally {
    progress.clear();
  }
}

function parseDsn(text: string, name: string): URL {
  if (URL.canParse(text)) return new URL(text);
  // The text itself stays unsaid: it may hold a password.
  throw new UsageError('DSN', `${name} is not a DSN; one looks like postgres://user:password@host:5432/database`);
}

/** @throws UsageError with the nearest name when there is no such table. */
async function describe(connector: Connector, session: Session, name: TableName, side: string): Promise<Table> {
  const schema = name.schema ?? connector.traits.defaultSchema;
  const table = await session.describe(schema === undefined ? name : { ...name, schema });
  if (table !== undefined) return table;
  const there = (await session.tables()).map(printName);
  throw new UsageError(
    'NO_TABLE',
    `the ${side} side (${session.kind}, ${session.namespace}) has no table ${printName(name)}` +
      `${meant(printName(name), there)} (it has ${there.length === 0 ? 'no tables' : shortList(there)})`,
  );
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}

/** One line on standard error that is written over, while somebody watches. */
class ProgressLine {
  readonly #terminal: Terminal;
  readonly #start = performance.now();
  #drawnAt = 0;
  #visible = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show({ leftRows, rightRows, reading }: Parameters<NonNullable<DiffRequest['onProgress']>>[0]): void {
    const now = performance.now();
    if (!this.#terminal.progress || now - this.#start < QUIET_MS || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#visible = true;
    const what = reading === 1 ? 'read' : 'looked at what differs:';
    this.#terminal.err(`\r\u001b[K${what} ${grouped(leftRows)} rows left, ${grouped(rightRows)} right`);
  }

  clear(): void {
    if (this.#visible) this.#terminal.err('\r\u001b[K');
    this.#visible = false;
  }
}
