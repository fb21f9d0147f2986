// Sets a connection up for one query: database, settings, parameters; and puts a named session back afterwards, for on
// a server they are the query's, not the session's. Must not know the statement's kind, nor HTTP.
import type { Cleanup } from './cleanup.ts';
import type { Connection } from './connection.ts';
import { ClickHouseException } from './exception.ts';
import { identifier, literal } from './tokens.ts';

/** What a query brings along besides its text. */
export interface QueryContext {
  readonly database: string | undefined;
  readonly settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}`, escaped as in TabSeparated. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The engine's own limit on the length of a query's text, bytes. */
const MAX_QUERY_SIZE = 262_144;

const NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/;

/** @throws ClickHouseException UNKNOWN_DATABASE, UNKNOWN_SETTING, or what the engine says of a setting's value. */
export async function prepare(connection: Connection, context: QueryContext): Promise<void> {
  const { database, settings, parameters } = context;
  const assignments = [
    ...[...settings].map(([name, value]) => `${settingName(name)} = ${literal(value)}`),
    ...[...parameters].map(([name, value]) => `${parameterName(name)} = ${literal(value)}`),
  ];
  const statements: string[] = [];
  if (database !== undefined) statements.push(`USE ${identifier(database)}`);
  if (assignments.length > 0) statements.push(`SET ${assignments.join(', ')}`);
  const text = statements.join('; ');
  if (text.length > MAX_QUERY_SIZE / 4) {
    const limit = settings.get('max_query_size') ?? String(MAX_QUERY_SIZE);
    await connection.run(`SET max_query_size = ${text.length * 4}`);
    statements.push(`SET max_query_size = ${literal(limit)}`);
  }
  if (statements.length > 0) await connection.run(statements.join('; '));
}

/** Remembers what `prepare` is about to change on a named session and puts it back on clean-up. */
export async function restoreLater(connection: Connection, context: QueryContext, clean: Cleanup): Promise<void> {
  const { database, settings } = context;
  const statements: string[] = [];
  if (settings.size > 0) {
    const names = [...settings.keys()].map((name) => literal(settingName(name))).join(', ');
    const before = await connection.text(
      `SELECT concat('SET ', name, ' = ', if(changed, concat('\\'', replaceAll(replaceAll(value, '\\\\', '\\\\\\\\'), '\\'', '\\\\\\''), '\\''), 'DEFAULT')) ` +
        `FROM system.settings WHERE name IN (${names})`,
    );
    statements.push(...before.split('\n').filter((line) => line !== ''));
  }
  if (database !== undefined) {
    statements.push(`USE ${identifier(await connection.text('SELECT currentDatabase()'))}`);
  }
  if (statements.length === 0) return;
  clean.defer(async () => {
    for (const statement of statements) await connection.run(statement);
  });
}

function settingName(name: string): string {
  if (!NAME.test(name)) throw new ClickHouseException(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`);
  return name;
}

function parameterName(name: string): string {
  if (!NAME.test(name))
    throw new ClickHouseException(36, 'BAD_ARGUMENTS', `Invalid name of a query parameter: '${name}'`);
  return `param_${name}`;
}
