/** Which stack a run uses: `E2E_STACK`; `auto` is containers where they can be had, else embedded servers and why. */
import { request } from 'node:http';
import { pullImage } from '../connectors/container.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { STACKS, type DatabaseKind, type Stack } from '../core/words.ts';

export interface ChosenStack {
  readonly stack: Stack;
  /** Set where `auto` could not have containers: what was in the way. */
  readonly why?: string;
}

export interface AutoOptions {
  /** Databases whose servers the run may need. */
  readonly kinds: readonly DatabaseKind[];
  readonly signal: AbortSignal;
  /** Told what is waited for. */
  readonly say: (line: string) => void;
  /** Sees to it that the image of a kind is on this machine; throws when it cannot be had. */
  readonly pull?: (kind: DatabaseKind, signal: AbortSignal) => Promise<unknown>;
}

/** @throws UsageError for a name that is no stack. */
export async function resolveStack(wanted: string | undefined, auto: AutoOptions): Promise<ChosenStack> {
  if (wanted === undefined || wanted === '') return { stack: 'embedded' };
  if (wanted === 'auto') return chooseStack(auto);
  const stack = STACKS.find((name) => name === wanted);
  if (stack === undefined) {
    throw new UsageError(
      'STACK_NAME',
      `E2E_STACK=${wanted}: there is no such stack; it is one of auto, ${STACKS.join(', ')}`,
    );
  }
  return { stack };
}

async function chooseStack({ kinds, signal, say, pull = pullImage }: AutoOptions): Promise<ChosenStack> {
  if (!(await dockerAnswers())) return { stack: 'embedded', why: 'no Docker daemon answers' };
  try {
    for (const kind of kinds) {
      say(`looking for the image of ${kind}`);
      await pull(kind, signal);
    }
    return { stack: 'container' };
  } catch (error) {
    signal.throwIfAborted();
    return { stack: 'embedded', why: messageOf(error) };
  }
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
