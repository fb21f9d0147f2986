/**
 * An engine in a container image: each call of the command line is one container, in the foreground, gone when it ends.
 *
 * `E2E_ENGINE_IMAGE` names the image. Which dialect its command line speaks and what arguments each call needs is said
 * by the image's own labels (`transfer-e2e.dialect`, `transfer-e2e.arguments`) or by `E2E_ENGINE_DIALECT` and
 * `E2E_ENGINE_ARGS`. Where both servers are in containers the engine joins their network; else it shares the machine's.
 */
import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { UsageError } from '../../core/errors.ts';
import type { Ledger } from '../../core/ledger.ts';
import type { Transfer } from '../../core/transfer.ts';
import type { Square } from '../../core/words.ts';
import { type CommandLine, CommandLineEngine } from '../command-line.ts';
import type { Engine, EngineProcess } from '../engine.ts';
import { startEngine } from '../process.ts';
import { argumentsIn } from '../program.ts';
import { trcliActivates, trcliVerbs } from '../trcli/index.ts';
import { trctlVerbs } from '../trctl/index.ts';
import { inContainer } from './container-process.ts';

/** What docker/engine makes when it is built as its first lines say. */
const DEFAULT_IMAGE = 'transfer-e2e/engine';
const INSPECT_MS = 10_000;

interface Dialect {
  readonly verbs: (further: readonly string[]) => Pick<CommandLine, 'activate' | 'replicate'>;
  readonly activates?: (square: Square) => boolean;
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  trctl: { verbs: trctlVerbs },
  trcli: { verbs: trcliVerbs, activates: trcliActivates },
};

class ImageEngine extends CommandLineEngine {
  override readonly runsIn = 'container';
  readonly #image: string;
  readonly #dialect: Dialect;

  constructor(image: string, dialect: Dialect, further: readonly string[], ledger: Ledger) {
    super({ name: 'image', program: ['docker'], ...dialect.verbs(further) }, ledger);
    this.#image = image;
    this.#dialect = dialect;
  }

  override activates(square: Square): boolean {
    return this.#dialect.activates?.(square) ?? super.activates(square);
  }

  protected override async start(
    transfer: Transfer,
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<EngineProcess> {
    signal.throwIfAborted();
    const owner = this.ownerOf(transfer);
    const name = `transfer-e2e-${process.pid}-${owner}`;
    // Before it exists: a container that was never made costs nothing to end.
    this.ledger.own({ what: 'container', id: name, name: 'engine' });
    const client = await startEngine({
      file: 'docker',
      args: ['run', ...runArguments(name, this.#image, transfer), ...args],
      directory: transfer.directory,
      env: {},
      owner,
      ledger: this.ledger,
    });
    return inContainer(client, name);
  }
}

/** The transfer's folder is mounted where it lies, so that paths mean the same on both sides, and stays its owner's. */
function runArguments(name: string, image: string, transfer: Transfer): string[] {
  const { uid, gid } = userInfo();
  return [
    ...['--rm', '--pull', 'never', '--name', name],
    ...['--network', transfer.network ?? 'host'],
    ...(uid < 0 ? [] : ['--user', `${uid}:${gid}`]),
    ...['--volume', `${transfer.directory}:${transfer.directory}`, '--workdir', transfer.directory],
    ...['--env', `TZ=${transfer.timeZone}`],
    image,
  ];
}

/** @throws UsageError when docker does not answer, the image is not there, or its dialect is none that is known. */
export function imageEngine(ledger: Ledger, env: NodeJS.ProcessEnv): Engine {
  const wanted = env.E2E_ENGINE_IMAGE ?? '';
  const image = wanted === '' ? DEFAULT_IMAGE : wanted;
  const labels = labelsOf(image, wanted === '');
  const name = env.E2E_ENGINE_DIALECT ?? labels['transfer-e2e.dialect'] ?? 'trctl';
  const dialect = DIALECTS[name];
  if (dialect === undefined) {
    throw new UsageError(
      'ENGINE_DIALECT',
      `${image}: there is no dialect '${name}'; E2E_ENGINE_DIALECT is one of ${Object.keys(DIALECTS).join(', ')}`,
    );
  }
  return new ImageEngine(image, dialect, argumentsIn(env.E2E_ENGINE_ARGS ?? labels['transfer-e2e.arguments']), ledger);
}

function labelsOf(image: string, isDefault: boolean): Readonly<Record<string, string>> {
  const remedy = isDefault
    ? `build it by \`docker build -f docker/engine/Dockerfile -t ${image} .\`, or set E2E_ENGINE_IMAGE to another`
    : `pull it by \`docker pull ${image}\``;
  try {
    const text = execFileSync('docker', ['image', 'inspect', '--format', '{{json .Config.Labels}}', image], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: INSPECT_MS,
    });
    return (JSON.parse(text) as Record<string, string> | null) ?? {};
  } catch (cause) {
    const words = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    const why = words === '' ? 'docker cannot be run' : words.replaceAll(/\s+/g, ' ');
    throw new UsageError('ENGINE_IMAGE', `the engine's image ${image} cannot be used (${why}): ${remedy}`, { cause });
  }
}
