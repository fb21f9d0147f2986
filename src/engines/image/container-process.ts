/**
 * An engine's container as an engine's process: the docker client in the foreground carries its output and its exit code;
 * signals go to the container, since ending the client does not end it.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { EngineProcess, Exit } from '../engine.ts';

/** What docker run ends with when SIGKILL ended the program. */
const KILLED = 137;
const DOCKER_MS = 30_000;

const run = promisify(execFile);

/** @param client the running `docker run`, with the container's name. */
export function inContainer(client: EngineProcess, name: string): EngineProcess {
  let killed = false;
  let forced = false;
  let exit: Exit | undefined;
  const exited = client.exited.then((end) => {
    // 137 of a program that we did not kill is its own business: out of memory, say.
    const bySignal = killed && end.code === KILLED ? { code: null, signal: 'SIGKILL' } : {};
    exit = { ...end, forced, ...bySignal };
    return exit;
  });
  const docker = async (...args: string[]): Promise<void> => {
    await run('docker', args, { timeout: DOCKER_MS }).catch(() => undefined); // gone already
  };
  const kill = async (): Promise<void> => {
    killed = true;
    await docker('kill', name);
    await client.kill();
    // The client may have been ended between making the container and starting it.
    await docker('rm', '--force', name);
  };
  return {
    pid: client.pid,
    exited,
    get exit() {
      return exit;
    },
    kill,
    pause: () => {
      execFileSync('docker', ['pause', name], { stdio: 'ignore', timeout: DOCKER_MS });
    },
    resume: () => {
      execFileSync('docker', ['unpause', name], { stdio: 'ignore', timeout: DOCKER_MS });
    },
    async stop(graceMs) {
      if (exit === undefined) {
        await docker('kill', '--signal', 'TERM', name);
        const timer = setTimeout(() => {
          forced = true;
          killed = true;
          void docker('kill', name);
        }, graceMs);
        await exited;
        clearTimeout(timer);
      }
      await kill();
      return exited;
    },
    log: () => client.log(),
    lastError: () => client.lastError(),
    async [Symbol.asyncDispose]() {
      await kill();
    },
  };
}
