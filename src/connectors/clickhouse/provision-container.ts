/** ClickHouse in a container, by testcontainers. */
import { randomBytes } from 'node:crypto';
import type { StartedTestContainer } from 'testcontainers';
import { done, Deadline, notYet, until } from '../../core/deadline.ts';
import { messageOf, ProvisionError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Address } from '../../core/server.ts';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { ClickHouseClient } from './client.ts';
import { timeZoneFor } from '../../core/zones.ts';

const IMAGE = 'clickhouse/clickhouse-server:25.8.3.66';
const HTTP_PORT = 8123;
const NATIVE_PORT = 9000;
const USER = 'e2e';
const READY_MS = 180_000; // an image may have to be pulled

function image(): string {
  return process.env.E2E_IMAGE_CLICKHOUSE ?? IMAGE;
}

export async function probeContainer(): Promise<Probe> {
  try {
    // Loaded here: testcontainers is large, and most runs do without it.
    const { getContainerRuntimeClient } = await import('testcontainers');
    await getContainerRuntimeClient();
    return { available: true, what: `image ${image()}` };
  } catch (error) {
    return {
      available: false,
      why: `no container runtime answers: ${messageOf(error)}`,
      remedy: 'start Docker (or set DOCKER_HOST), or use E2E_STACK=embedded',
    };
  }
}

/** @throws ProvisionError when there is no container runtime, no image, or no answer in time. */
export async function provisionContainer(options: ProvisionOptions): Promise<Server> {
  const deadline = Deadline.after(READY_MS, options.signal);
  const password = new Secret(randomBytes(18).toString('hex'));
  const container = await start(password, options);
  options.own({ what: 'container', id: container.getId(), name: 'clickhouse' });
  const http = container.getMappedPort(HTTP_PORT);
  const address: Address = {
    host: container.getHost(),
    port: http,
    ports: { http, native: container.getMappedPort(NATIVE_PORT) },
    user: USER,
    password,
    tls: false,
    root: 'default',
  };
  const stop = async (): Promise<void> => {
    await container.stop({ remove: true, removeVolumes: true });
  };
  try {
    await using client = new ClickHouseClient(address, address.root);
    const version = await until('ClickHouse in a container to answer a query', deadline, async () => {
      try {
        return done(await client.version());
      } catch (error) {
        return notYet(messageOf(error));
      }
    });
    return {
      info: {
        kind: 'clickhouse',
        stack: 'container',
        version,
        product: 'ClickHouse',
        emulated: false,
        hostView: { ...address, view: 'host' },
        // Engines are processes of this machine; one in a container of its own would need the container's address.
        engineView: { ...address, view: 'engine' },
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(password: Secret, options: ProvisionOptions): Promise<StartedTestContainer> {
  try {
    const { GenericContainer, Wait } = await import('testcontainers');
    return await new GenericContainer(image())
      .withEnvironment({
        CLICKHOUSE_USER: USER,
        CLICKHOUSE_PASSWORD: password.reveal(),
        CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: '1',
        TZ: timeZoneFor('clickhouse server', options.seed),
      })
      .withExposedPorts(HTTP_PORT, NATIVE_PORT)
      .withUlimits({ nofile: { soft: 262_144, hard: 262_144 } })
      .withWaitStrategy(Wait.forHttp('/ping', HTTP_PORT))
      .withStartupTimeout(READY_MS)
      .start();
  } catch (error) {
    throw new ProvisionError(
      `ClickHouse in a container (${image()}) did not start: ${messageOf(error)}. Start Docker, or use E2E_STACK=embedded.`,
      { cause: error },
    );
  }
}
