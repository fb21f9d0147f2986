/** Statements that make portable tables and namespaces. */
import { E2eError } from '../../core/errors.ts';
import type { Column, Table } from '../../core/table.ts';
import { quoteName, quoteTable, schemaOf } from './quote.ts';
import { traits } from './traits.ts';
import { sqlType } from './types.ts';

/** @throws E2eError for a type or name that Postgres cannot hold. */
export function createTable(table: Table): string {
  for (const name of [schemaOf(table), table.name, ...table.columns.map((column) => column.name)]) checkName(name);
  const lines = table.columns.map((column) => createColumn(column, table.key.includes(column.name)));
  if (table.key.length > 0) lines.push(`PRIMARY KEY (${table.key.map(quoteName).join(', ')})`);
  const statements = [`CREATE TABLE ${quoteTable(table)} (\n  ${lines.join(',\n  ')}\n)`];
  if (schemaOf(table) !== traits.defaultSchema) {
    statements.unshift(`CREATE SCHEMA IF NOT EXISTS ${quoteName(schemaOf(table))}`);
  }
  // Without a key, a published table takes no UPDATE and no DELETE unless old rows go to the log as a whole.
  if (table.key.length === 0) statements.push(`ALTER TABLE ${quoteTable(table)} REPLICA IDENTITY FULL`);
  return statements.join(';\n');
}

function createColumn(column: Column, inKey: boolean): string {
  return `${quoteName(column.name)} ${sqlType(column.type)}${column.nullable && !inKey ? '' : ' NOT NULL'}`;
}

/** The server would cut a longer name and go on; two names could become one. */
function checkName(name: string): void {
  if (name === '' || name.includes('\0')) {
    throw new E2eError('PG_NAME', `Postgres takes no name that is empty or holds a NUL: ${JSON.stringify(name)}`);
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > traits.identifierBytes) {
    throw new E2eError(
      'PG_NAME',
      `the name ${JSON.stringify(name)} has ${bytes} bytes; Postgres keeps ${traits.identifierBytes}`,
    );
  }
}

/** UTF-8 whatever the cluster's default, and byte order for text: fast, and the same on every machine. */
export function createDatabase(name: string): string {
  checkName(name);
  return `CREATE DATABASE ${quoteName(name)} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`;
}
