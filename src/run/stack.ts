/** Which stack a run uses: `E2E_STACK`, where `auto` is containers if a Docker daemon answers, else embedded servers. */
import { request } from 'node:http';
import { UsageError } from '../core/errors.ts';
import { STACKS, type Stack } from '../core/words.ts';

/** @throws UsageError for a name that is no stack. */
export async function resolveStack(wanted: string | undefined): Promise<Stack> {
  if (wanted === undefined || wanted === '') return 'embedded';
  if (wanted === 'auto') return (await dockerAnswers()) ? 'container' : 'embedded';
  const stack = STACKS.find((name) => name === wanted);
  if (stack === undefined) {
    throw new UsageError(
      'STACK_NAME',
      `E2E_STACK=${wanted}: there is no such stack; it is one of auto, ${STACKS.join(', ')}`,
    );
  }
  return stack;
}

/** Whether a Docker daemon answers at DOCKER_HOST or the usual socket. Decides within a second. */
async function dockerAnswers(): Promise<boolean> {
  const host = process.env.DOCKER_HOST;
  const where =
    host?.startsWith('tcp://') === true
      ? { host: new URL(host).hostname, port: new URL(host).port }
      : { socketPath: host?.replace(/^unix:\/\//, '') ?? '/var/run/docker.sock' };
  return new Promise((resolve) => {
    const asked = request({ ...where, path: '/_ping', signal: AbortSignal.timeout(1000) }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
