/** Statements that make databases and portable tables. */
import { E2eError } from '../../core/errors.ts';
import type { Table } from '../../core/table.ts';
import { quoteName } from './quote.ts';
import { traits } from './traits.ts';
import { sqlType } from './types.ts';

/** Bytes of an index entry of InnoDB (manual, 17.22). */
const INDEX_BYTES = 3072;
/** What a key column of a fixed size takes at most: decimal(39,0). */
const FIXED_BYTES = 20;

/**
 * Text is compared by code points and blanks at the end count, so that two keys are the same only if they are.
 *
 * @param mariadb whose collation of that kind has another name.
 */
export function createDatabase(name: string, mariadb: boolean): string {
  checkName(name);
  const collation = mariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  return `CREATE DATABASE ${quoteName(name)} CHARACTER SET utf8mb4 COLLATE ${collation}`;
}

/** @throws E2eError for a type or name that MySQL cannot hold. */
export function createTable(table: Table): string {
  for (const name of [table.name, ...table.columns.map((column) => column.name)]) checkName(name);
  const varying = table.key.filter((name) => {
    const kind = table.columns.find((column) => column.name === name)?.type.kind;
    return kind === 'text' || kind === 'bytes' || kind === 'interval';
  });
  const keyBytes = Math.floor((INDEX_BYTES - FIXED_BYTES * (table.key.length - varying.length)) / varying.length);
  const lines = table.columns.map((column) => {
    const inKey = table.key.includes(column.name);
    const type = sqlType(column.type, inKey ? Math.min(keyBytes, 2048) : undefined);
    return `${quoteName(column.name)} ${type}${column.nullable && !inKey ? '' : ' NOT NULL'}`;
  });
  if (table.key.length > 0) lines.push(`PRIMARY KEY (${table.key.map(quoteName).join(', ')})`);
  return `CREATE TABLE ${quoteName(table.name)} (\n  ${lines.join(',\n  ')}\n)`;
}

/** The server's own words for a name that is too long do not say which. */
function checkName(name: string): void {
  if (name === '' || name.includes('\0') || name.endsWith(' ')) {
    throw new E2eError(
      'MYSQL_NAME',
      `MySQL takes no name that is empty, ends with a blank or holds a NUL: ${JSON.stringify(name)}`,
    );
  }
  const characters = Array.from(name).length;
  if (characters > traits.identifierBytes) {
    throw new E2eError(
      'MYSQL_NAME',
      `the name ${JSON.stringify(name)} has ${characters} characters; MySQL takes ${traits.identifierBytes}`,
    );
  }
}
