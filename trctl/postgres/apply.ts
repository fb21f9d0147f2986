/** Writes the outcome of a stretch of changes of one table, inside the caller's transaction, by COPY into a temporary table. */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { from as copyFrom } from 'pg-copy-streams';
import { DataError } from '../errors.ts';
import type { Row } from '../model/change.ts';
import { balanceByRow, lastByKey } from '../model/compact.ts';
import type { TableChanges } from '../model/compact.ts';
import { keyPositions, tableLabel } from '../model/table.ts';
import type { Table } from '../model/table.ts';
import { lineOf } from '../pairs/rows.ts';
import type { Session } from './connection.ts';
import { columnList, quote, quoteTable } from './sql.ts';

/** Characters gathered before they go to the socket. */
const PIECE = 256 * 1024;

export async function applyTable(session: Session, group: TableChanges): Promise<void> {
  try {
    await (group.table.key.length > 0 ? applyKeyed(session, group) : applyKeyless(session, group));
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw new DataError(`table ${tableLabel(group.table.id)}: ${cause.message}`, { cause });
  }
}

async function applyKeyed(session: Session, group: TableChanges): Promise<void> {
  const { table } = group;
  const outcome = lastByKey(group);
  const target = quoteTable(table.id);
  const gone = outcome.filter((change) => change.kind === 'remove');
  if (gone.length > 0) {
    const positions = keyPositions(table);
    await fill(
      session,
      'gone',
      table,
      table.key,
      gone.map((change) => positions.map((at) => change.row[at] ?? null)),
    );
    const match = table.key.map((name) => `t.${quote(name)} = g.${quote(name)}`).join(' AND ');
    await session.query(`DELETE FROM ${target} t USING pg_temp.gone g WHERE ${match}`);
  }
  const kept = outcome.filter((change) => change.kind === 'put');
  if (kept.length > 0) {
    const names = table.columns.map((column) => column.name);
    await fill(
      session,
      'kept',
      table,
      names,
      kept.map((change) => change.row),
    );
    const others = names.filter((name) => !table.key.includes(name));
    const sets = others.map((name) => `${quote(name)} = EXCLUDED.${quote(name)}`);
    await session.query(
      `INSERT INTO ${target} (${columnList(names)}) SELECT ${columnList(names)} FROM pg_temp.kept
         ON CONFLICT (${columnList(table.key)}) DO ${sets.length === 0 ? 'NOTHING' : `UPDATE SET ${sets.join(', ')}`}`,
    );
  }
}

/** Without a key, equal rows cannot be told apart: as many of them go, or come, as the changes say on balance. */
async function applyKeyless(session: Session, group: TableChanges): Promise<void> {
  const { table } = group;
  const names = table.columns.map((column) => column.name);
  const target = quoteTable(table.id);
  const balance = balanceByRow(group);
  const less = balance.filter(({ count }) => count < 0);
  if (less.length > 0) {
    await fill(
      session,
      'gone',
      table,
      names,
      less.flatMap(({ row, count }) => Array<Row>(-count).fill(row)),
    );
    // As text, because not every type has an equality (json, xml, point), and NULLs are equal here.
    const text = (alias: string): string => `ROW(${columnList(names, `${alias}.`)})::text`;
    await session.query(
      `WITH wanted AS (SELECT ${text('g')} AS row, count(*) AS copies FROM pg_temp.gone g GROUP BY 1),
            found AS (SELECT t.ctid AS place, w.copies, row_number() OVER (PARTITION BY w.row) AS copy
                        FROM ${target} t JOIN wanted w ON ${text('t')} = w.row)
       DELETE FROM ${target} WHERE ctid IN (SELECT place FROM found WHERE copy <= copies)`,
    );
  }
  const more = balance.filter(({ count }) => count > 0);
  if (more.length > 0) {
    await copyRows(
      session,
      target,
      names,
      more.flatMap(({ row, count }) => Array<Row>(count).fill(row)),
    );
  }
}

/** A temporary table of the target's types, without its constraints, gone when the transaction ends. */
async function fill(
  session: Session,
  name: string,
  table: Table,
  columns: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  await session.query(
    `DROP TABLE IF EXISTS pg_temp.${name};
     CREATE TEMP TABLE ${name} ON COMMIT DROP AS SELECT ${columnList(columns)} FROM ${quoteTable(table.id)} WITH NO DATA`,
  );
  await copyRows(session, `pg_temp.${name}`, columns, rows);
}

async function copyRows(
  session: Session,
  target: string,
  columns: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  function* pieces(): Generator<Buffer> {
    let piece = '';
    for (const row of rows) {
      piece += lineOf(row);
      if (piece.length >= PIECE) {
        yield Buffer.from(piece);
        piece = '';
      }
    }
    if (piece !== '') yield Buffer.from(piece);
  }
  try {
    await pipeline(
      Readable.from(pieces(), { objectMode: true }),
      session.client.query(copyFrom(`COPY ${target} (${columnList(columns)}) FROM STDIN`)),
    );
  } catch (cause) {
    throw session.explain(cause);
  }
}
