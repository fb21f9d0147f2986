/** ClickHouse in a container: the official image. */
import { randomBytes } from 'node:crypto';
import { done, Deadline, notYet, until } from '../../core/deadline.ts';
import { messageOf } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { timeZoneFor } from '../../core/zones.ts';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { probeImage, startContainer } from '../container.ts';
import { ClickHouseClient } from './client.ts';

const HTTP_PORT = 8123;
const NATIVE_PORT = 9000;
const USER = 'e2e';
const READY_MS = 120_000;

export function probeContainer(): Promise<Probe> {
  return probeImage('clickhouse');
}

/** @throws ProvisionError when there is no container runtime, no image, or no answer in time. */
export async function provisionContainer(options: ProvisionOptions): Promise<Server> {
  const password = new Secret(randomBytes(18).toString('hex'));
  const container = await startContainer(
    {
      name: 'clickhouse',
      title: 'ClickHouse',
      ports: [HTTP_PORT, NATIVE_PORT],
      readyMs: READY_MS,
      configure: (container, { Wait }) =>
        container
          .withEnvironment({
            CLICKHOUSE_USER: USER,
            CLICKHOUSE_PASSWORD: password.reveal(),
            CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: '1',
            TZ: timeZoneFor('clickhouse server', options.seed),
          })
          .withUlimits({ nofile: { soft: 262_144, hard: 262_144 } })
          .withWaitStrategy(Wait.forHttp('/ping', HTTP_PORT)),
    },
    options,
  );
  try {
    const ports = { http: HTTP_PORT, native: NATIVE_PORT };
    const views = container.views(HTTP_PORT, ports, { user: USER, password, tls: false, root: 'default' });
    await using client = new ClickHouseClient(views.hostView, views.hostView.root);
    const deadline = Deadline.after(READY_MS, options.signal);
    const version = await until('ClickHouse in a container to answer a query', deadline, async () => {
      try {
        return done(await client.version());
      } catch (error) {
        return notYet(messageOf(error));
      }
    });
    return {
      info: { kind: 'clickhouse', stack: 'container', version, product: 'ClickHouse', emulated: false, ...views },
      [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
    };
  } catch (error) {
    await container[Symbol.asyncDispose]();
    throw error;
  }
}
