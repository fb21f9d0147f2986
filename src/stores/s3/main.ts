/**
 * The S3 server as a program: `main.js --port 0 --access-key KEY` prints one line of JSON with its port once it listens,
 * and serves until SIGTERM or SIGINT.
 */
import { parseArgs } from 'node:util';
import { openS3Server } from './server.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'access-key': { type: 'string', default: 'test' } },
});
const server = await openS3Server({ port: Number(values.port), accessKey: values['access-key'] });
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void server[Symbol.asyncDispose]().then(() => process.exit(0));
  });
}
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);
