/** Quoting, and the settings of every session. Source: MySQL manual, 11.1.1, 11.2 and 7.1.11. */

export function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\0': '\\0', '\u001a': '\\Z' };

export function literal(text: string): string {
  return `'${text.replaceAll(/[\\'\0\u001a]/g, (character) => ESCAPES[character] ?? character)}'`;
}

export function hex(digits: string): string {
  return `X'${digits}'`;
}

/**
 * Values as the server prints them in UTC; whatever would be cut, rounded out of range or replaced is an error. Tables of
 * many columns are made although a row of them may be too long: a row that is, is an error too.
 */
export const SESSION = [
  'SET NAMES utf8mb4',
  `SET SESSION time_zone = '+00:00', foreign_key_checks = 0, net_write_timeout = 3600, net_read_timeout = 3600,
     lock_wait_timeout = 60, innodb_strict_mode = 0,
     sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES'`,
];
