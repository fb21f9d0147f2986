/** Describes tables from information_schema (MySQL manual, chapter 28). Reads no rows of tables. */
import { ConfigError, EnvironmentError } from '../errors.ts';
import type { Column, Table } from '../model/table.ts';
import type { Session, TextRow } from './connection.ts';
import { literal } from './sql.ts';

/** What MySQL knows of a column besides: needed by the source only. */
export interface Attribute {
  /** DATA_TYPE; `json` for MariaDB's text that is checked to be JSON. */
  readonly base: string;
  readonly unsigned: boolean;
  readonly zerofill: boolean;
  readonly charset: string | undefined;
  /** Labels of ENUM and SET. */
  readonly labels: readonly string[];
  /** Bytes of BINARY. */
  readonly length: number;
}

export interface MySqlTable extends Table {
  /** In the order of the columns. */
  readonly attributes: readonly Attribute[];
  /** Bytes of rows, about. */
  readonly size: number;
}

/** Tables of the database that the patterns take. @throws ConfigError, EnvironmentError when a pattern takes none. */
export async function describeTables(
  session: Session,
  database: string,
  include: readonly string[],
  exclude: readonly string[],
): Promise<MySqlTable[]> {
  const rows = await session.query(
    `SELECT TABLE_NAME, COALESCE(DATA_LENGTH, 0) FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = ${literal(database)} AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME`,
  );
  const names = rows.map(([name]) => name ?? '').filter((name) => !SYSTEM.test(name));
  const wanted = patterns('IncludeTableRegex', include);
  const unwanted = patterns('ExcludeTableRegex', exclude);
  const takes = (list: readonly RegExp[], name: string): boolean =>
    list.some((pattern) => pattern.test(name) || pattern.test(`${database}.${name}`));
  const missing = wanted.find((pattern) => !names.some((name) => takes([pattern], name)));
  if (missing !== undefined) {
    throw new EnvironmentError(
      `Tables not found. Missed: [${missing.source}]: no table of database ${database} matches; correct IncludeTableRegex`,
    );
  }
  const taken = names.filter((name) => (wanted.length === 0 || takes(wanted, name)) && !takes(unwanted, name));
  const sizes = new Map(rows.map(([name, bytes]) => [name ?? '', Number(bytes)]));
  return Promise.all(taken.map((name) => describeTable(session, database, name, sizes.get(name) ?? 0)));
}

const SYSTEM = /^__(consumer_keeper|data_transfer_.*|table_transfer_progress|tm_keeper|tm_gtid_keeper|wal)$/;

function patterns(key: string, texts: readonly string[]): RegExp[] {
  return texts.map((text) => {
    try {
      return new RegExp(text, 'u');
    } catch (cause) {
      throw new ConfigError(`src.params.${key}: '${text}' is not a regular expression; correct it`, { cause });
    }
  });
}

export async function describeTable(session: Session, database: string, name: string, size = 0): Promise<MySqlTable> {
  const where = `TABLE_SCHEMA = ${literal(database)} AND TABLE_NAME = ${literal(name)}`;
  const columns = await session.query(
    `SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, NUMERIC_PRECISION, NUMERIC_SCALE, CHARACTER_SET_NAME,
       COLLATION_NAME, CHARACTER_OCTET_LENGTH, COLUMN_DEFAULT, EXTRA
     FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
  );
  const checks = columns.some(([, base]) => base === 'longtext') ? await checksOf(session, database, name) : [];
  const described = columns.map((row) => columnOf(row, checks));
  const nullable = new Set(described.filter(({ column }) => column.nullable).map(({ column }) => column.name));
  return {
    id: { schema: database, name },
    columns: described.map(({ column }) => column),
    attributes: described.map(({ attribute }) => attribute),
    key: await keyOf(session, where, nullable),
    types: [],
    size,
  };
}

function columnOf(row: TextRow, checks: readonly string[]): { column: Column; attribute: Attribute } {
  const [name, dataType, columnType, nullable, precision, scale, charset, collation, octets, fallback, extra] = row;
  const native = columnType ?? '';
  const json = checks.includes(`json_valid(\`${name ?? ''}\`)`);
  const base = json ? 'json' : (dataType ?? '').toLowerCase();
  const attributes =
    charset === null || charset === undefined || json ? '' : ` CHARACTER SET ${charset} COLLATE ${collation ?? ''}`;
  const old = valueOfOldRows(base, nullable === 'YES', fallback ?? null, extra ?? '');
  return {
    column: {
      name: name ?? '',
      nullable: nullable === 'YES',
      type: {
        base,
        declared: `${json ? 'json' : native.replace(/ \/\*.*?\*\//g, '')}${attributes}`,
        ...(precision === null || precision === undefined ? {} : { precision: Number(precision) }),
        ...(scale === null || scale === undefined ? {} : { scale: Number(scale) }),
      },
      ...(old === undefined ? {} : { valueOfOldRows: old }),
    },
    attribute: {
      base,
      unsigned: /\bunsigned\b/.test(native),
      zerofill: /\bzerofill\b/.test(native),
      charset: charset ?? undefined,
      labels: /^(enum|set)\(/.test(native) ? labelsOf(native) : [],
      length: Number(octets ?? 0),
    },
  };
}

/** `enum('a','it''s')` → its labels. */
export function labelsOf(declared: string): string[] {
  return [...declared.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) => label.replaceAll("''", "'"));
}

const ZEROS: Readonly<Record<string, string>> = {
  ...{ date: '0000-00-00', time: '00:00:00', year: '0' },
  ...{ datetime: '0000-00-00 00:00:00', timestamp: '0000-00-00 00:00:00' },
};

/** What ADD COLUMN gave to rows that were there: the default, or the type's own zero where NULL may not be. */
function valueOfOldRows(base: string, nullable: boolean, fallback: string | null, extra: string): string | undefined {
  if (fallback !== null && fallback !== 'NULL') {
    if (extra.includes('DEFAULT_GENERATED') || fallback.endsWith('()')) return undefined; // each row has its own
    return fallback.replace(/^'(.*)'$/s, '$1'); // MariaDB quotes it
  }
  if (nullable) return undefined;
  if (/^(tiny|small|medium|big)?int$|^(decimal|float|double|bit)$/.test(base)) return '0';
  return ZEROS[base] ?? '';
}

/** The primary key, or else a unique key of columns that cannot be NULL. */
async function keyOf(session: Session, where: string, nullable: ReadonlySet<string>): Promise<string[]> {
  const rows = await session.query(
    `SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
     WHERE ${where} AND NON_UNIQUE = 0 ORDER BY INDEX_NAME = 'PRIMARY' DESC, INDEX_NAME, SEQ_IN_INDEX`,
  );
  const keys = new Map<string, { columns: string[]; usable: boolean }>();
  for (const [index = '', column = null, part = null] of rows) {
    const key = keys.get(index ?? '') ?? { columns: [], usable: true };
    keys.set(index ?? '', key);
    // A functional part has no column; a prefix is not the value, but a primary key is one whatever its parts are.
    if (column === null || nullable.has(column) || (part !== null && index !== 'PRIMARY')) key.usable = false;
    else key.columns.push(column);
  }
  return [...keys.values()].find(({ usable }) => usable)?.columns ?? [];
}

/** MariaDB's JSON is LONGTEXT with a check of this kind. */
async function checksOf(session: Session, database: string, name: string): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c
     JOIN information_schema.TABLE_CONSTRAINTS t
       ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
     WHERE t.TABLE_SCHEMA = ${literal(database)} AND t.TABLE_NAME = ${literal(name)}`,
  );
  return rows.map(([clause]) => clause ?? '');
}
