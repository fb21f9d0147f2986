/** Postgres in a container, by testcontainers. */
import { randomBytes } from 'node:crypto';
import type { StartedTestContainer } from 'testcontainers';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { Deadline } from '../../core/deadline.ts';
import { messageOf, ProvisionError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Address } from '../../core/server.ts';
import { readyVersion } from './connection.ts';
import { SUPERUSER } from './embedded-files.ts';
import { settingArguments } from './server-settings.ts';

const IMAGE = 'postgres:18.4';
const PORT = 5432;
const READY_MS = 120_000; // an image may have to be pulled

function image(): string {
  return process.env.E2E_IMAGE_POSTGRES ?? IMAGE;
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
  options.own({ what: 'container', id: container.getId(), name: 'postgres' });
  const address: Address = {
    host: container.getHost(),
    port: container.getMappedPort(PORT),
    ports: {},
    user: SUPERUSER,
    password,
    tls: false,
    root: 'postgres',
  };
  try {
    const version = await readyVersion(address, deadline);
    return {
      info: {
        kind: 'postgres',
        stack: 'container',
        version,
        product: 'PostgreSQL',
        emulated: false,
        hostView: { ...address, view: 'host' },
        // Engines are processes of this machine; one in a container of its own would need the container's address.
        engineView: { ...address, view: 'engine' },
      },
      [Symbol.asyncDispose]: async () => {
        await container.stop({ remove: true, removeVolumes: true });
      },
    };
  } catch (error) {
    await container.stop({ remove: true, removeVolumes: true });
    throw error;
  }
}

async function start(password: Secret, options: ProvisionOptions): Promise<StartedTestContainer> {
  try {
    const { GenericContainer, Wait } = await import('testcontainers');
    return await new GenericContainer(image())
      .withEnvironment({ POSTGRES_PASSWORD: password.reveal() })
      .withCommand(['postgres', ...settingArguments(options.seed)])
      .withExposedPorts(PORT)
      .withWaitStrategy(Wait.forListeningPorts())
      .withStartupTimeout(READY_MS)
      .start();
  } catch (error) {
    throw new ProvisionError(
      `Postgres in a container (${image()}) did not start: ${messageOf(error)}. Start Docker, or use E2E_STACK=embedded.`,
      { cause: error },
    );
  }
}
