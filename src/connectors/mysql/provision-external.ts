/** A MySQL that somebody else runs, named by E2E_MYSQL_DSN. Nothing is started, nothing is stopped. */
import { ProvisionError } from '../../core/errors.ts';
import { externalDsn } from '../external.ts';
import type { Probe, ProvisionOptions, Server } from '../connector.ts';
import { connect, end, rowsOf } from './connection.ts';
import { joinServer, readDsn } from './dsn.ts';

const VARIABLE = 'E2E_MYSQL_DSN';
const EXAMPLE = 'mysql://user:password@host:3306/';

export function probeExternal(): Promise<Probe> {
  const dsn = externalDsn(VARIABLE);
  if (dsn !== undefined) return Promise.resolve({ available: true, what: `the server that ${VARIABLE} names` });
  return Promise.resolve({
    available: false,
    why: `${VARIABLE} is not set, nor in a file that E2E_DSNS names`,
    remedy: `set ${VARIABLE}=${EXAMPLE}; the user must be allowed to create databases and to follow the binary log, and the server needs log_bin, binlog_format=ROW and binlog_row_image=FULL`,
  });
}

/** @throws ProvisionError when the variable is not set or changes cannot be followed; E2eError as `joinServer`. */
export async function provisionExternal(options: ProvisionOptions): Promise<Server> {
  options.signal.throwIfAborted();
  const text = externalDsn(VARIABLE) ?? '';
  if (!URL.canParse(text)) {
    throw new ProvisionError(`${VARIABLE} ${text === '' ? 'is not set' : 'is no URL'}; it reads ${EXAMPLE}`);
  }
  const dsn = new URL(text);
  const { info } = await joinServer(dsn);
  await checkLog(dsn);
  return { info, [Symbol.asyncDispose]: () => Promise.resolve() };
}

const NEEDED: Readonly<Record<string, string>> = { log_bin: 'ON', binlog_format: 'ROW', binlog_row_image: 'FULL' };

/** What is not there cannot be seen by a scenario before it waits in vain. */
async function checkLog(dsn: URL): Promise<void> {
  const connection = await connect(readDsn(dsn), '');
  try {
    const names = Object.keys(NEEDED).map((name) => `'${name}'`);
    const rows = await rowsOf(connection, `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.join(', ')})`);
    const wrong = rows.filter(([name, value]) => NEEDED[name ?? ''] !== value?.toUpperCase());
    if (wrong.length === 0) return;
    throw new ProvisionError(
      `changes of the server that ${VARIABLE} names cannot be followed: ${wrong.map(([name, value]) => `${name ?? ''} is ${value ?? ''}`).join(', ')}; ` +
        `set ${wrong.map(([name]) => `${name ?? ''}=${NEEDED[name ?? ''] ?? ''}`).join(', ')}`,
    );
  } finally {
    await end(connection);
  }
}
