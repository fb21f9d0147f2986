import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { externalDsn } from './external.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsns-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'dsns.env');
  writeFileSync(path, text);
  return path;
}

const NAME = 'E2E_POSTGRES_DSN';
const DSN = 'postgres://u:p%40@h:5432/d?x=1#y';

describe('the DSN of an external server', () => {
  it('is what the environment says, before the file', () => {
    const E2E_DSNS = file(`${NAME}=postgres://other/`);
    expect(externalDsn(NAME, { [NAME]: DSN, E2E_DSNS })).toBe(DSN);
    expect(externalDsn(NAME, {})).toBeUndefined();
  });

  it.each([[`${NAME}=${DSN}`], [`export ${NAME}="${DSN}"\r`], [`# mine\n\n${NAME} = '${DSN}'\nE2E_MYSQL_DSN=\n`]])(
    'is read from %j',
    (text) => {
      const E2E_DSNS = file(text);
      expect(externalDsn(NAME, { E2E_DSNS })).toBe(DSN);
      expect(externalDsn('E2E_MYSQL_DSN', { E2E_DSNS })).toBeUndefined();
    },
  );

  it.each([
    [`${NAME}=a\nDSN=secret`, 'dsns.env:2 is no DSN'],
    [`${NAME}=secret and more`, 'dsns.env:1 is no DSN'],
    [`${NAME}=a\n${NAME}=b`, 'dsns.env:2 names E2E_POSTGRES_DSN once more'],
  ])('is not read from %j, which is told without its secrets', (text, message) => {
    const E2E_DSNS = file(text);
    const read = (): unknown => externalDsn(NAME, { E2E_DSNS });
    expect(read).toThrow(message);
    expect(read).not.toThrow('secret');
  });

  it('needs the file to be there', () => {
    expect(() => externalDsn(NAME, { E2E_DSNS: join(folder, 'nowhere') })).toThrow('nowhere, which cannot be read');
  });
});
