/** Tables at a MySQL destination: made where missing, followed where they change. Knows no rows. */
import { DataError } from '../errors.ts';
import { tableLabel } from '../model/table.ts';
import type { Session } from './connection.ts';
import { literal } from './sql.ts';
import type { Target } from './target.ts';

/** Creates the table, or brings the one that is there to the columns it must have. @throws DataError */
export async function ensureTable(session: Session, target: Target): Promise<void> {
  await session.query(await forServer(session, target.create()));
  const present = await columnsOf(session, target);
  const { columns, table } = target;
  const missing = columns.filter(({ name }) => !present.has(name));
  const foreign = [...present.keys()].filter((name) => !columns.some((column) => column.name === name));
  if (missing.length > 0 && foreign.length > 0) {
    throw new DataError(
      `table ${tableLabel(table.id)}: the destination has column '${foreign[0] ?? ''}' and not '${missing[0]?.name ?? ''}'; ` +
        'if it was renamed, rename it there too, or run activate with Cleanup: Drop',
    );
  }
  await follow(session, target, present);
}

/** Follows a changed table in the middle of the log: adds columns, lets dropped ones be NULL. @throws DataError */
export async function reshapeTable(session: Session, target: Target): Promise<void> {
  const present = await columnsOf(session, target);
  for (const [name, { type, nullable, inKey }] of present) {
    if (nullable || inKey || target.columns.some((column) => column.name === name)) continue;
    await session.query(`ALTER TABLE ${target.name} MODIFY COLUMN \`${name.replaceAll('`', '``')}\` ${type} NULL`);
  }
  await follow(session, target, present);
}

interface Present {
  readonly type: string;
  readonly nullable: boolean;
  readonly inKey: boolean;
}

async function follow(session: Session, target: Target, present: ReadonlyMap<string, Present>): Promise<void> {
  for (const [at, column] of target.columns.entries()) {
    const found = present.get(column.name);
    const described = target.table.columns[at];
    if (found === undefined) {
      const old = described?.valueOfOldRows;
      const value = old === undefined ? '' : ` DEFAULT ${column.literal(old)}`;
      await session.query(await forServer(session, target.alter('ADD', at, value)));
      continue;
    }
    if (found.type !== withoutWidth(column.type)) {
      throw new DataError(
        `table ${tableLabel(target.table.id)}, column ${column.name}: needs type ${column.type} at the destination, which has ` +
          `${found.type}; change it there, or run activate with Cleanup: Drop`,
      );
    }
    if (!found.nullable && !found.inKey && described?.nullable === true) {
      await session.query(await forServer(session, target.alter('MODIFY', at)));
    }
  }
}

async function columnsOf(session: Session, target: Target): Promise<Map<string, Present>> {
  const rows = await session.query(
    `SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_KEY FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ${literal(target.table.id.name)} ORDER BY ORDINAL_POSITION`,
  );
  return new Map(
    rows.map(([name, type, nullable, key]) => [
      name ?? '',
      { type: withoutWidth(type ?? ''), nullable: nullable === 'YES', inKey: key === 'PRI' },
    ]),
  );
}

/** `bigint(20)` of MariaDB and of MySQL before 8.0.19 is `bigint`; the width of `tinyint(1)` stays. */
export function withoutWidth(type: string): string {
  return type
    .toLowerCase()
    .replace(/^(smallint|mediumint|int|bigint|tinyint)\((?!1\))\d+\)/i, '$1')
    .replace(/^year\(4\)/i, 'year');
}

/** The collation by code points in which blanks at the end count has another name at MariaDB. */
async function forServer(session: Session, statement: string): Promise<string> {
  if (!statement.includes(EXACT)) return statement;
  const [row] = await session.query('SELECT VERSION()');
  return /mariadb/i.test(row?.[0] ?? '') ? statement.replaceAll(EXACT, 'utf8mb4_nopad_bin') : statement;
}

const EXACT = 'utf8mb4_0900_bin';
