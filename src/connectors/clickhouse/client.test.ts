/** How an answer's end is told from its middle, by a server that ends answers in every way that ClickHouse is known to. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../core/secret.ts';
import { ClickHouseClient } from './client.ts';

const MESSAGE = 'Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 24.3.1.1)';

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  if (server?.listening === true) await once(server, 'close');
});

async function clientOf(answer: (response: ServerResponse) => void): Promise<ClickHouseClient> {
  server = createServer((request, response) => {
    request.resume().on('end', () => answer(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  const password = new Secret('p');
  return new ClickHouseClient(
    { host: '127.0.0.1', port, ports: { http: port }, user: 'u', password, tls: false, root: 'default' },
    'default',
  );
}

async function read(answer: (response: ServerResponse) => void): Promise<string> {
  await using client = await clientOf(answer);
  const pieces: Buffer[] = [];
  for await (const piece of client.stream('SELECT 1')) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

describe('an answer', () => {
  it('that is complete comes whole', async () => {
    const rows = 'r'.repeat(300_000);
    expect(await read((response) => response.end(rows))).toBe(rows);
  });

  it('that ends in good order after an exception, as from servers before 25.11, is a failure', async () => {
    const reading = read((response) => {
      response.write('rows'.repeat(20_000));
      response.end(MESSAGE);
    });
    await expect(reading).rejects.toThrow(/with code 241: .*Memory limit exceeded/);
  });

  it('is a failure also when the exception itself comes in pieces', async () => {
    const reading = read((response) => {
      response.write('rows'.repeat(20_000));
      response.write(MESSAGE.slice(0, 20));
      setImmediate(() => response.end(MESSAGE.slice(20)));
    });
    await expect(reading).rejects.toThrow(/with code 241/);
  });

  it('that carries a tagged exception, as from newer servers, is a failure with what it says', async () => {
    const said = `${MESSAGE}\n`;
    const reading = read((response) => {
      response.setHeader('X-ClickHouse-Exception-Tag', 'abcdefghijklmnop');
      response.write('rows');
      response.end(
        `\r\n__exception__\r\nabcdefghijklmnop\r\n${said}${said.length} abcdefghijklmnop\r\n__exception__\r\n`,
      );
    });
    await expect(reading).rejects.toThrow(/with code 241: .*Memory limit exceeded/);
  });

  it('whose rows only speak of exceptions is none', async () => {
    const rows = `${MESSAGE} is what row 1 says\nrow 2`;
    expect(await read((response) => response.end(rows))).toBe(rows);
  });

  it('that breaks off is a failure', async () => {
    const reading = read((response) => {
      response.write('rows'.repeat(20_000));
      setImmediate(() => response.destroy());
    });
    await expect(reading).rejects.toThrow(/^ClickHouse at 127.0.0.1:\d+ broke off: /);
  });

  it('that the caller gives up half-way ends at once, with the reason of the caller', async () => {
    await using client = await clientOf((response) => void response.write('the first of many rows'));
    const giveUp = new AbortController();
    const reading = (async () => {
      for await (const piece of client.stream('SELECT 1', { signal: giveUp.signal })) {
        expect(piece.length).toBeGreaterThan(0);
        giveUp.abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
  }, 5_000);
});
