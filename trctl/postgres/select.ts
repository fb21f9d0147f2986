/** Which of the source's tables a transfer takes. Names in the config are matched against the tables that there are. */
import { EnvironmentError } from '../errors.ts';
import { didYouMean } from '../config/keys.ts';
import type { TableName } from '../model/table.ts';
import { quote } from './sql.ts';

/** Tables that engines keep for themselves; never part of a transfer unless named. */
const SYSTEM = /^__(consumer_keeper|data_transfer_.*|table_transfer_progress|tm_keeper|tm_gtid_keeper|wal)$/;

/** Does `entry` (`t`, `s.t`, `s.*`, with or without double quotes) mean this table? */
export function names(entry: string, id: TableName): boolean {
  const schemas = [id.schema, quote(id.schema)];
  const tables = [id.name, quote(id.name), '*'];
  if (id.schema === 'public' && (entry === id.name || entry === quote(id.name))) return true;
  return schemas.some((schema) => tables.some((table) => entry === `${schema}.${table}`));
}

interface Candidate {
  readonly id: TableName;
  readonly partition: boolean;
}

/**
 * @param included DBTables; empty for all user tables. @param objects data_objects.include_objects; empty for no restriction.
 * @throws EnvironmentError naming entries that mean no table.
 */
export function selectTables<T extends Candidate>(
  tables: readonly T[],
  included: readonly string[],
  objects: readonly string[],
  excluded: readonly string[],
): T[] {
  const missing = [...included, ...objects].filter((entry) => !tables.some(({ id }) => names(entry, id)));
  if (missing.length > 0) {
    const known = tables.map(({ id }) => `${id.schema}.${id.name}`);
    const hint = missing.length === 1 ? didYouMean(missing[0] ?? '', known) : '';
    throw new EnvironmentError(
      `Tables not found. Missed: [${missing.join(', ')}]${hint}; check DBTables and the source's Database`,
    );
  }
  const taken = tables.filter(({ id, partition }) => {
    if (excluded.some((entry) => names(entry, id))) return false;
    const listed = [...included, ...objects].some((entry) => names(entry, id) && !entry.endsWith('.*'));
    if ((partition || SYSTEM.test(id.name)) && !listed) return false;
    const inParams = included.length === 0 || included.some((entry) => names(entry, id));
    return inParams && (objects.length === 0 || objects.some((entry) => names(entry, id)));
  });
  if (taken.length === 0) {
    throw new EnvironmentError(
      "Tables not found: the source's database has no table that this transfer takes; check Database and DBTables",
    );
  }
  return taken;
}
