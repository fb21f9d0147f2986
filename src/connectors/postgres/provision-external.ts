/** A Postgres that somebody else runs, named by E2E_POSTGRES_DSN. Nothing is started, nothing is stopped. */
import { externalDsn } from '../external.ts';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { ProvisionError } from '../../core/errors.ts';
import { joinServer } from './dsn.ts';

const VARIABLE = 'E2E_POSTGRES_DSN';

export function probeExternal(): Promise<Probe> {
  const dsn = externalDsn(VARIABLE);
  if (dsn !== undefined) return Promise.resolve({ available: true, what: `the server that ${VARIABLE} names` });
  return Promise.resolve({
    available: false,
    why: `${VARIABLE} is not set, nor in a file that E2E_DSNS names`,
    remedy: `set ${VARIABLE}=postgres://user:password@host:5432/postgres; the user must be allowed to create databases and replication slots, and the server needs wal_level=logical`,
  });
}

/** @throws ProvisionError when the variable is not set; E2eError when the server does not answer. */
export async function provisionExternal(options: ProvisionOptions): Promise<Server> {
  options.signal.throwIfAborted();
  const text = externalDsn(VARIABLE) ?? '';
  if (!URL.canParse(text)) {
    throw new ProvisionError(
      `${VARIABLE} ${text === '' ? 'is not set' : 'is no URL'}; it reads postgres://user:password@host:5432/postgres`,
    );
  }
  const { info } = await joinServer(new URL(text));
  return { info, [Symbol.asyncDispose]: () => Promise.resolve() };
}
