import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SpawnedServer } from './spawned-server.ts';

let server: SpawnedServer;
beforeAll(async () => {
  server = await SpawnedServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

// docs/embedded-clickhouse.md lists these.
describe('what a server does and this one does not is said, not answered wrongly', () => {
  it.each([
    ['SYSTEM SHUTDOWN'],
    ['SYSTEM KILL'],
    ['system  /* now */ shutdown'],
    ['CREATE USER u'],
    ["ALTER USER default IDENTIFIED BY 'x'"],
    ['DROP ROLE r'],
    ['SHOW USERS'],
    ['CREATE ROW POLICY p ON t USING 1'],
    ['GRANT SELECT ON *.* TO u'],
    ['REVOKE ALL ON *.* FROM u'],
    ['SET ROLE r'],
    ['EXECUTE AS u SELECT 1'],
    ["BACKUP TABLE t TO Disk('d', 'b')"],
    ["RESTORE TABLE t FROM Disk('d', 'b')"],
    ["KILL QUERY WHERE user = 'default'"],
    ["KILL QUERY WHERE query_id = 'x' TEST"],
    ["KILL QUERY WHERE query_id = 'x' SYNC"],
    [Buffer.from("SELECT 'caf\u00e9'", 'latin1')],
  ])('%s', async (sql) => {
    const response = await server.post(sql);
    expect(await response.text()).toMatch(/^Code: 344\. DB::Exception: not supported here: /);
    expect(response.status).toBe(500);
  });

  it.each([[{ compress: '1' }], [{ decompress: '1' }], [{ role: 'r' }], [{ framing: '1' }]])(
    '%j',
    async (parameters) => {
      expect(await server.text('SELECT 1', parameters)).toContain('not supported here: ');
    },
  );

  it('external tables in a form', async () => {
    const form = new FormData();
    form.append('t', new Blob(['1\n']), 't.tsv');
    expect(await (await fetch(`${server.url}/?query=SELECT%201`, { method: 'POST', body: form })).text()).toContain(
      'not supported here: external data',
    );
  });

  it.each(['lz4', 'xz'])('Content-Encoding %s', async (encoding) => {
    const response = await server.post('x', {}, { headers: { 'Content-Encoding': encoding } });
    expect(await response.text()).toContain('not supported here: Content-Encoding');
  });

  it.each(['/play', '/dashboard'])('the page %s', async (path) => {
    const response = await fetch(server.url + path);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('not supported here: ')]);
  });

  it('and it still serves', async () => {
    expect(await server.text('SELECT 1')).toBe('1\n');
  });
});
