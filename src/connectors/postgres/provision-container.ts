/** Postgres in a container: the official image with wal2json beside it, which docker/postgres adds. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { Deadline } from '../../core/deadline.ts';
import { ProvisionError } from '../../core/errors.ts';
import { PROJECT_ROOT } from '../../core/root.ts';
import { Secret } from '../../core/secret.ts';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { probeImage, startContainer } from '../container.ts';
import { connect, readyVersion } from './connection.ts';
import { SUPERUSER } from './embedded-files.ts';
import { allowPlugins, settingArguments } from './server-settings.ts';

const PORT = 5432;
const READY_MS = 120_000;
const BUILD_MS = 300_000;

export function probeContainer(): Promise<Probe> {
  return probeImage('postgres');
}

/** @throws ProvisionError when there is no container runtime, no image, or no answer in time. */
export async function provisionContainer(options: ProvisionOptions): Promise<Server> {
  const password = new Secret(randomBytes(18).toString('hex'));
  const container = await startContainer(
    {
      name: 'postgres',
      title: 'Postgres',
      ports: [PORT],
      readyMs: READY_MS,
      image: (reference, pinned, signal) => (pinned ? withPlugins(reference, signal) : Promise.resolve(reference)),
      configure: (container, { Wait }) =>
        container
          .withEnvironment({ POSTGRES_PASSWORD: password.reveal() })
          .withCommand(['postgres', ...settingArguments(options.seed)])
          .withWaitStrategy(Wait.forListeningPorts()),
    },
    options,
  );
  try {
    const views = container.views(PORT, {}, { user: SUPERUSER, password, tls: false, root: 'postgres' });
    const version = await readyVersion(views.hostView, Deadline.after(READY_MS, options.signal));
    const client = await connect(views.hostView, views.hostView.root);
    await allowPlugins(client).finally(() => client.end());
    return {
      info: { kind: 'postgres', stack: 'container', version, product: 'PostgreSQL', emulated: false, ...views },
      [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
    };
  } catch (error) {
    await container[Symbol.asyncDispose]();
    throw error;
  }
}

/** Builds docker/postgres on an image once; the daemon keeps it under a name made of the base's. */
async function withPlugins(base: string, signal: AbortSignal): Promise<string> {
  const tag = `transfer-e2e/postgres:${base.replaceAll(/[^\w.]+/g, '-').slice(-100)}`;
  const built = await execa(
    'docker',
    ['build', '--quiet', '--build-arg', `BASE=${base}`, '--tag', tag, join(PROJECT_ROOT, 'docker', 'postgres')],
    { reject: false, stdin: 'ignore', timeout: BUILD_MS, cancelSignal: signal },
  );
  signal.throwIfAborted();
  if (built.exitCode === 0) return tag;
  const words = built.timedOut ? `not built within ${BUILD_MS / 1000} s` : built.stderr.trim();
  throw new ProvisionError(
    `docker/postgres cannot be built on ${base}: ${words}. ` +
      'Set E2E_IMAGE_POSTGRES to an image that has wal2json, or use E2E_STACK=embedded.',
  );
}
