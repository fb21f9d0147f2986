import { describe, expect, test } from 'vitest';
import { destinationShape, DESTINATION_KEYS, SOURCE_KEYS, sourceShape } from '../postgres/params.ts';
import { readTransfer } from './load.ts';
import { ConfigFile } from './yaml.ts';

const GOOD = `id: orders
type: SNAPSHOT_ONLY
src:
  type: pg
  params:
    hosts: [127.0.0.1]
    PORT: 5432
    Database: shop
    User: u
    Password: "\${SECRET}"
dst:
  type: pg
  params: '{"Hosts": ["h"], "Port": "5433", "Name": "copy", "User": "u", "Password": "a$b", "MaintainTables": true}'
`;

function read(text: string, environment: Record<string, string> = { SECRET: 'p$w' }): ReturnType<typeof readTransfer> {
  return readTransfer(ConfigFile.parse('t.yaml', text), environment);
}

function failure(text: string): string {
  try {
    const config = read(text);
    config.src.parse(SOURCE_KEYS, sourceShape);
    config.dst.parse(DESTINATION_KEYS, destinationShape);
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
  return 'accepted';
}

describe('a transfer file', () => {
  test('takes Go field names in any case, params as a map or as JSON, and passwords with a dollar', () => {
    const config = read(GOOD);
    const src = config.src.parse(SOURCE_KEYS, sourceShape);
    const dst = config.dst.parse(DESTINATION_KEYS, destinationShape);
    expect([src.Hosts, src.Port, src.Password.reveal()]).toEqual([['127.0.0.1'], 5432, 'p$w']);
    expect([dst.Database, dst.Port, dst.Password.reveal()]).toEqual(['copy', 5433, 'a$b']);
    expect(JSON.stringify(src)).not.toContain('p$w');
  });

  test.each([
    [
      'an unknown key, with its place and the nearest one',
      GOOD.replace('Database: shop', 'Databse: shop'),
      "t.yaml:8:5: unknown key 'Databse'; did you mean 'Database'? (in src.params)",
    ],
    ['an unknown key at the top', `${GOOD}sorce: 1\n`, "t.yaml:14:1: unknown key 'sorce'; did you mean 'src'?"],
    ['a missing key', GOOD.replace('    User: u\n', ''), "t.yaml:5:3: missing key 'src.params.User' (string)"],
    [
      'a missing type',
      GOOD.replace('type: SNAPSHOT_ONLY\n', ''),
      "missing key 'type'; one of SNAPSHOT_ONLY, INCREMENT_ONLY, SNAPSHOT_AND_INCREMENT",
    ],
    ['a wrong type of transfer', GOOD.replace('SNAPSHOT_ONLY', 'SNAPSHOT'), "t.yaml:2:1: unknown type 'SNAPSHOT'"],
    [
      'a wrong enum',
      GOOD.replace('"MaintainTables": true', '"Cleanup": "drop"'),
      "dst.params.Cleanup: 'drop' is not allowed; did you mean 'Drop'?",
    ],
    ['a port that is none', GOOD.replace('5432', '70000'), 't.yaml:7:5: src.params.PORT: '],
    ['a key twice', GOOD.replace('PORT: 5432', 'PORT: 5432\n    port: 5433'), "'port' and 'PORT' are the same key"],
    ['YAML that is none', GOOD.replace('  type: pg', '\ttype: pg'), 'not valid YAML'],
    ['JSON that is none', GOOD.replace('{"Hosts"', '{Hosts'), 'dst.params is a string but not JSON'],
    [
      'a variable that is not set',
      GOOD.replace('SECRET', 'NOPE'),
      't.yaml:10:5: the environment variable NOPE is not set',
    ],
    [
      'params that are a list',
      GOOD.replace(/params: '.*'/, 'params: [1]'),
      'dst.params must be a map or a string of JSON, found a list',
    ],
    [
      'an incremental table without cursor',
      GOOD.replace('src:', 'regular_snapshot: {incremental: [{namespace: public, name: t}]}\nsrc:'),
      "missing key 'regular_snapshot.incremental[0].cursor_field'",
    ],
  ])('is refused for %s', (_, text, message) => {
    expect(failure(text)).toContain(message);
  });

  test('is taken as it stands when nothing is wrong', () => {
    expect(failure(GOOD)).toBe('accepted');
  });
});
