/** `transfer-e2e up`: both databases of a pair, standing until Ctrl-C, for trying an engine by hand. */
import { EXIT } from '../core/errors.ts';
import { Ledger } from '../core/ledger.ts';
import type { ServerInfo } from '../core/server.ts';
import { DATABASES } from '../core/words.ts';
import type { DatabaseKind } from '../core/words.ts';
import { ServerPool } from '../run/servers.ts';
import { resolveStack } from '../run/stack.ts';
import { parsePair } from './pair.ts';
import { connectorFor } from './registry/connectors.ts';
import type { Terminal } from './terminal.ts';

/** Prints one DSN a database, in the form that `transfer-e2e diff` takes, and a line for the database's own shell. */
export async function up(
  pair: string,
  flags: { readonly stack?: string; readonly seed: string },
  terminal: Terminal,
): Promise<number> {
  const ends = parsePair(pair);
  const { stack, why } = await resolveStack(flags.stack, {
    kinds: [ends.source, ends.destination],
    signal: terminal.signal,
    say: (line) => terminal.err(`${line} …\n`),
  });
  if (why !== undefined) terminal.err(`no containers: ${why}\n`);
  const ledger = Ledger.create();
  const endLedger = (): void => {
    ledger.end();
  };
  process.once('exit', endLedger);
  {
    await using pool = new ServerPool({ ledger, seed: flags.seed, connectorFor });
    const kinds = DATABASES.filter((kind) => kind === ends.source || kind === ends.destination);
    terminal.err(`starting ${kinds.join(' and ')} (${stack}) …\n`);
    const interrupted = new Promise<undefined>((resolve) => {
      if (terminal.signal.aborted) resolve(undefined);
      terminal.signal.addEventListener('abort', () => resolve(undefined));
    });
    const servers = await Promise.race([Promise.all(kinds.map((kind) => pool.get(kind, stack))), interrupted]);
    if (servers !== undefined) {
      for (const server of servers) terminal.out(await howToConnect(server));
      terminal.out('\nCtrl-C stops and removes them.\n');
      // A pending promise does not keep a process alive, and the servers' own handles may not either.
      const stay = setInterval(() => undefined, 60_000);
      await interrupted;
      clearInterval(stay);
    }
    terminal.err('\nstopping …\n');
  }
  ledger.end();
  process.off('exit', endLedger);
  return EXIT.asExpected;
}

async function howToConnect(server: ServerInfo): Promise<string> {
  const connector = await connectorFor(server.kind);
  const dsn = dsnOf(connector.schemes[0] ?? server.kind, server);
  const shell = SHELLS[server.kind]?.(dsn, server);
  return `${server.product} ${server.version}\n  ${dsn}\n${shell === undefined ? '' : `  ${shell}\n`}`;
}

/** The password goes in clear: it is that of a server made for this one command. */
function dsnOf(scheme: string, { hostView }: ServerInfo): string {
  const user = encodeURIComponent(hostView.user);
  const password = encodeURIComponent(hostView.password.reveal());
  const { native } = hostView.ports;
  const more = native === undefined ? '' : `?native=${native}`;
  return `${scheme}://${user}:${password}@${hostView.host}:${hostView.port}/${encodeURIComponent(hostView.root)}${more}`;
}

const SHELLS: Readonly<Partial<Record<DatabaseKind, (dsn: string, server: ServerInfo) => string>>> = {
  postgres: (dsn) => `psql '${dsn}'`,
  mysql: (_dsn, { hostView }) =>
    `mysql --protocol=tcp --host=${hostView.host} --port=${hostView.port} --user=${hostView.user} --password=${hostView.password.reveal()}`,
  clickhouse: (_dsn, { hostView }) =>
    `curl 'http://${hostView.host}:${hostView.ports.http ?? hostView.port}/?user=${encodeURIComponent(hostView.user)}` +
    `&password=${encodeURIComponent(hostView.password.reveal())}' --data 'SELECT version()'`,
};
