/** MySQL or MariaDB in a container: the official images. */
import { randomBytes } from 'node:crypto';
import { Deadline } from '../../core/deadline.ts';
import { Secret } from '../../core/secret.ts';
import { timeZoneFor } from '../../core/zones.ts';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { probeImage, startContainer } from '../container.ts';
import { imageOf } from '../images.ts';
import { readyProduct } from './connection.ts';
import { settingArguments } from './server-settings.ts';

const PORT = 3306;
const READY_MS = 180_000;

export function probeContainer(): Promise<Probe> {
  return probeImage('mysql');
}

/** @throws ProvisionError when there is no container runtime, no image, or no answer in time. */
export async function provisionContainer(options: ProvisionOptions): Promise<Server> {
  const password = new Secret(randomBytes(18).toString('hex'));
  const mariadb = /mariadb/i.test(imageOf('mysql').reference);
  const container = await startContainer(
    {
      name: 'mysql',
      title: 'MySQL',
      ports: [PORT],
      readyMs: READY_MS,
      configure: (container, { Wait }) =>
        container
          .withEnvironment({
            [mariadb ? 'MARIADB_ROOT_PASSWORD' : 'MYSQL_ROOT_PASSWORD']: password.reveal(),
            TZ: timeZoneFor('mysql server', options.seed),
          })
          .withCommand(settingArguments(mariadb ? 'MariaDB' : 'MySQL'))
          .withWaitStrategy(Wait.forListeningPorts()),
    },
    options,
  );
  try {
    const views = container.views(PORT, {}, { user: 'root', password, tls: false, root: 'mysql' });
    // The image's first server listens on a socket only; the one that answers here is the one that stays.
    const product = await readyProduct(views.hostView, Deadline.after(READY_MS, options.signal));
    return {
      info: { kind: 'mysql', stack: 'container', ...product, emulated: false, ...views },
      [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
    };
  } catch (error) {
    await container[Symbol.asyncDispose]();
    throw error;
  }
}
