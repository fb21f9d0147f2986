/**
 * Fills in what pgoutput leaves out: a large value that an UPDATE did not touch (unchanged TOAST), where the table's
 * replica identity is not FULL (with FULL the old row brings it).
 *
 * The value is taken from an earlier change of the same row in the batch, else from the row as it is at the source now.
 * That may be newer than the change; then the change that made it so comes later in the log and puts it right again,
 * and the last change of a row always gets the row's last value. A row that is no longer there was deleted or got
 * another key later in the log: its put is left out. A transaction can be decoded a moment before others see it,
 * so a row is only taken for gone once its transaction holds no lock any more.
 */
import type { Change, Row } from '../model/change.ts';
import { keyPositions, tableLabel } from '../model/table.ts';
import { until } from '../wait.ts';
import type { PostgresTable } from './catalog.ts';
import type { Session } from './connection.ts';
import { quote, quoteTable } from './sql.ts';
import type { PartialChange, PartialPut, PartialRow } from './tuples.ts';

/** @returns the same changes, complete, less the puts of rows that are gone. */
export async function completeRows(session: Session, changes: readonly PartialChange[]): Promise<Change[]> {
  if (!changes.some(isPartial)) return changes as Change[];
  const filled = new Map<PartialPut, Row | null>();
  const missing = new Map<PostgresTable, Missing[]>();
  const latest = new Map<string, PartialRow>();
  // First what the batch itself knows …
  for (const change of changes) {
    if (change.kind === 'truncate' || change.kind === 'reshape') latest.clear();
    if (change.kind !== 'put') continue;
    const earlier = latest.get(keyOf(change.table, change.before ?? change.row));
    const row =
      earlier === undefined ? change.row : change.row.map((value, at) => (value === undefined ? earlier[at] : value));
    latest.set(keyOf(change.table, row), row);
    if (isComplete(row)) filled.set(change, row);
    else {
      const puts = missing.get(change.table) ?? [];
      puts.push({ put: change, row });
      missing.set(change.table, puts);
    }
  }
  // … then what the source has.
  for (const [table, puts] of missing) {
    const rows = await fetchRows(session, table, puts);
    const late = puts.filter((_, at) => rows[at] === undefined);
    if (late.length > 0) {
      await untilVisible(session, new Set(late.map(({ put }) => put.xid)));
      const again = await fetchRows(session, table, late);
      late.forEach((one, at) => (rows[puts.indexOf(one)] = again[at]));
    }
    puts.forEach(({ put, row }, at) => {
      const current = rows[at];
      filled.set(
        put,
        current === undefined ? null : row.map((value, i) => (value === undefined ? (current[i] ?? null) : value)),
      );
    });
  }
  return changes.flatMap((change): Change[] => {
    if (change.kind !== 'put') return [change];
    const row = filled.get(change) ?? null;
    return row === null
      ? []
      : [{ kind: 'put', table: change.table, row, commit: change.commit, number: change.number }];
  });
}

/** A put, and its row as far as the batch could fill it. */
interface Missing {
  readonly put: PartialPut;
  readonly row: PartialRow;
}

function isPartial(change: PartialChange): boolean {
  return change.kind === 'put' && !isComplete(change.row);
}

function isComplete(row: PartialRow): row is Row {
  return !row.includes(undefined);
}

function keyOf(table: PostgresTable, row: PartialRow): string {
  return [tableLabel(table.id), ...keyPositions(table).map((at) => row[at] ?? '')].join('\0');
}

/** Rows as they are now, by the puts' keys; undefined where there is none. */
async function fetchRows(
  session: Session,
  table: PostgresTable,
  puts: readonly Missing[],
): Promise<(Row | undefined)[]> {
  const wanted = table.columns.map((_, at) => at).filter((at) => puts.some((put) => put.row[at] === undefined));
  const keys = keyPositions(table);
  const conditions = keys.map((at, i) => {
    const column = table.columns[at];
    return column === undefined ? 'false' : `t.${quote(column.name)} = k.k${i}::${column.type.declared}`;
  });
  const columns = wanted.map((at, i) => `t.${quote(table.columns[at]?.name ?? '')} AS v${i}`);
  const arrays = keys.map((_, i) => `$${i + 1}::text[]`);
  const found = await session.query<Record<string, string | null>>(
    `SELECT k.at, ${columns.join(', ')}
       FROM pg_catalog.unnest(${[...arrays].join(', ')}) WITH ORDINALITY AS k(${[...keys.map((_, i) => `k${i}`), 'at'].join(', ')})
       JOIN ${quoteTable(table.id)} t ON ${conditions.join(' AND ')}`,
    keys.map((at) => puts.map((put) => put.row[at] ?? null)),
  );
  const rows = new Map(
    found.map((values) => {
      const row: (string | null)[] = table.columns.map(() => null);
      wanted.forEach((at, i) => (row[at] = values[`v${i}`] ?? null));
      return [Number(values.at) - 1, row] as const;
    }),
  );
  return puts.map((_, at) => rows.get(at));
}

async function untilVisible(session: Session, xids: ReadonlySet<number>): Promise<void> {
  await until('decoded transactions to become visible at the source', 30_000, async () => {
    const open = await session.query(
      `SELECT 1 FROM pg_catalog.pg_locks WHERE locktype = 'transactionid' AND transactionid::text = ANY ($1::text[]) AND granted LIMIT 1`,
      [[...xids].map(String)],
    );
    return open.length === 0 ? true : null;
  });
}
