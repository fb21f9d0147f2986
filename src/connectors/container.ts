/**
 * Servers in containers, by testcontainers: what the provisioning of every database shares. Each server is on the run's
 * own network under the name of its kind, and has its ports published on this machine: the harness comes by the
 * published port (hostView), an engine in a container by the name (networkView).
 */
import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import type * as library from 'testcontainers';
import type { GenericContainer, StartedTestContainer } from 'testcontainers';
import { Deadline, within } from '../core/deadline.ts';
import { messageOf, ProvisionError } from '../core/errors.ts';
import type { Address, EngineView, HostView, NetworkView } from '../core/server.ts';
import type { Probe, ProvisionOptions } from './connector.ts';
import { imageOf } from './images.ts';

/** An image may have to be pulled. */
const PULL_MS = 600_000;
const DAEMON_MS = 10_000;

type Testcontainers = typeof library;

/** Loaded on demand: testcontainers is large, and most runs do without it. */
async function testcontainers(): Promise<Testcontainers> {
  // Its own reaper is one more image to pull and one more container to end; the run's ledger does its work.
  process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
  return import('testcontainers');
}

/** Whether a container runtime answers, and whether the image is on this machine. Pulls nothing. */
export async function probeImage(name: string): Promise<Probe> {
  const { reference } = imageOf(name);
  try {
    const { getContainerRuntimeClient } = await testcontainers();
    await within('a container runtime to answer', Deadline.after(DAEMON_MS), getContainerRuntimeClient());
  } catch (error) {
    return {
      available: false,
      why: `no container runtime answers: ${messageOf(error)}`,
      remedy: 'start Docker (or set DOCKER_HOST), or use E2E_STACK=embedded',
    };
  }
  return { available: true, what: `image ${reference}, ${(await isHere(reference)) ? 'here' : 'to be pulled'}` };
}

async function isHere(reference: string): Promise<boolean> {
  const { exitCode } = await execa('docker', ['image', 'inspect', reference], { reject: false, stdio: 'ignore' });
  return exitCode === 0;
}

/**
 * Sees to it that a server's image is on this machine: pulls it where it is not.
 *
 * @returns the image's reference.
 * @throws ProvisionError with the runtime's own words when it cannot be pulled.
 */
export async function pullImage(name: string, signal: AbortSignal): Promise<string> {
  const { reference } = imageOf(name);
  if (await isHere(reference)) return reference;
  const pulled = await execa('docker', ['pull', '--quiet', reference], {
    reject: false,
    stdin: 'ignore',
    timeout: PULL_MS,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  if (pulled.exitCode === 0) return reference;
  const words = pulled.timedOut ? `not pulled within ${PULL_MS / 1000} s` : pulled.stderr.trim();
  throw new ProvisionError(
    `the image ${reference} of ${name} is not here and cannot be pulled: ${words}. ` +
      `Pull it by hand, name another by E2E_IMAGE_${name.toUpperCase()}, or use E2E_STACK=embedded.`,
  );
}

export interface ContainerRecipe {
  /** Kind of the server: the image's name in docker/images.json, and the server's name on the network. */
  readonly name: string;
  /** For messages: `Postgres`. */
  readonly title: string;
  /** Ports of the server inside the container, first the one of the harness's own protocol. */
  readonly ports: readonly [number, ...number[]];
  /** How long the server may take once its image is there, milliseconds. */
  readonly readyMs: number;
  /** Environment, command, wait strategy. */
  readonly configure: (container: GenericContainer, library: Testcontainers) => GenericContainer;
  /** The image to run, where it is made from the pinned one. */
  readonly image?: (reference: string, pinned: boolean, signal: AbortSignal) => Promise<string>;
}

export interface RunningContainer extends AsyncDisposable {
  readonly id: string;
  /**
   * The server's addresses from everywhere.
   *
   * @param port of `ContainerRecipe.ports`; `ports` likewise, by protocol.
   */
  views(
    port: number,
    ports: Readonly<Record<string, number>>,
    account: Omit<Address, 'host' | 'port' | 'ports'>,
  ): { hostView: HostView; engineView: EngineView; networkView: NetworkView };
  /** What the server printed, its last lines. */
  lastWords(): Promise<string>;
}

/** @throws ProvisionError when there is no container runtime, no image, or the server does not start in time. */
export async function startContainer(recipe: ContainerRecipe, options: ProvisionOptions): Promise<RunningContainer> {
  const { pinned } = imageOf(recipe.name);
  const reference = await pullImage(recipe.name, options.signal);
  const image = (await recipe.image?.(reference, pinned, options.signal)) ?? reference;
  const containers = await testcontainers();
  const network = options.network ?? `transfer-e2e-${process.pid}-${randomBytes(4).toString('hex')}`;
  // The name is known before the container is: whatever happens in between, it can be ended.
  const name = `${network}-${recipe.name}`;
  let started: StartedTestContainer;
  try {
    await networkOf(network, options.own);
    options.own({ what: 'container', id: name, name: recipe.name });
    const container = new containers.GenericContainer(image)
      .withName(name)
      .withNetworkMode(network)
      .withNetworkAliases(recipe.name)
      .withExposedPorts(...recipe.ports)
      .withStartupTimeout(recipe.readyMs);
    started = await within(
      `${recipe.title} in a container to start`,
      Deadline.after(recipe.readyMs, options.signal),
      recipe.configure(container, containers).start(),
    );
  } catch (error) {
    options.signal.throwIfAborted();
    throw new ProvisionError(
      `${recipe.title} in a container (${image}) did not start: ${messageOf(error)}${await logOf(name)}`,
      { cause: error },
    );
  }
  return {
    id: started.getId(),
    views: (port, ports, account) => {
      const mapped = (inside: number): number => started.getMappedPort(inside);
      const byHost = {
        ...account,
        host: started.getHost(),
        port: mapped(port),
        ports: Object.fromEntries(Object.entries(ports).map(([protocol, inside]) => [protocol, mapped(inside)])),
      };
      return {
        hostView: { ...byHost, view: 'host' },
        engineView: { ...byHost, view: 'engine' },
        networkView: { ...account, host: recipe.name, port, ports, view: 'engine', network },
      };
    },
    lastWords: () => logOf(started.getId()),
    async [Symbol.asyncDispose]() {
      await started.stop({ remove: true, removeVolumes: true });
    },
  };
}

/** The end of a container's log as the tail of a sentence; empty where there is none. */
async function logOf(container: string): Promise<string> {
  const { exitCode, all } = await execa('docker', ['logs', '--tail', '20', container], { reject: false, all: true });
  const lines = all.trim();
  return exitCode !== 0 || lines === '' ? '' : `; its log ends:\n${lines}`;
}

const networks = new Map<string, Promise<void>>();

/** Makes the run's network when its first server starts. */
async function networkOf(network: string, own: ProvisionOptions['own']): Promise<void> {
  let made = networks.get(network);
  if (made === undefined) {
    own({ what: 'network', name: network });
    made = createNetwork(network);
    networks.set(network, made);
  }
  await made;
}

async function createNetwork(network: string): Promise<void> {
  const { getContainerRuntimeClient } = await testcontainers();
  const client = await getContainerRuntimeClient();
  await client.network.create({ Name: network, CheckDuplicate: true, Driver: 'bridge' });
}
