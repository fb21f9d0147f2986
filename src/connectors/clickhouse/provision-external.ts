/** A ClickHouse that somebody else runs, named by E2E_CLICKHOUSE_DSN. Nothing is started, nothing is stopped. */
import { ProvisionError } from '../../core/errors.ts';
import { externalDsn } from '../external.ts';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { joinServer } from './dsn.ts';

const VARIABLE = 'E2E_CLICKHOUSE_DSN';
const EXAMPLE = 'clickhouse://user:password@host:8123/default?native=9000';

export function probeExternal(): Promise<Probe> {
  const dsn = externalDsn(VARIABLE);
  if (dsn !== undefined) return Promise.resolve({ available: true, what: `the server that ${VARIABLE} names` });
  return Promise.resolve({
    available: false,
    why: `${VARIABLE} is not set, nor in a file that E2E_DSNS names`,
    remedy: `set ${VARIABLE}=${EXAMPLE} (its HTTP port; native= only for engines that need that protocol); the user must be allowed to create databases`,
  });
}

/** @throws ProvisionError when the variable is not set; UsageError or E2eError as `joinServer`. */
export async function provisionExternal(options: ProvisionOptions): Promise<Server> {
  options.signal.throwIfAborted();
  const text = externalDsn(VARIABLE) ?? '';
  if (!URL.canParse(text)) {
    throw new ProvisionError(`${VARIABLE} ${text === '' ? 'is not set' : 'is no URL'}; it reads ${EXAMPLE}`);
  }
  const { info } = await joinServer(new URL(text));
  return { info, [Symbol.asyncDispose]: () => Promise.resolve() };
}
