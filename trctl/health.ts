/** `GET /ping` for a supervisor: the process is alive. */
import { createServer } from 'node:http';
import { EnvironmentError, oneLine } from './errors.ts';

/** Listens until the process ends, without keeping it. @throws EnvironmentError when the port cannot be had. */
export async function serveHealth(port: number): Promise<void> {
  const server = createServer((request, response) => {
    const found = request.url === '/ping' || request.url === '/health';
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(found ? '{"ping":"pong"}' : '{"error":"only /ping is here"}');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new EnvironmentError(
          `health check cannot listen on port ${port}: ${oneLine(cause)}; give another --health-check-port, or leave it out`,
          { cause },
        ),
      );
    });
    server.listen(port, resolve);
  });
  server.unref();
}
