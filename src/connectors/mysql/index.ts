/**
 * MySQL and MariaDB behind the connector's door.
 *
 * A server is the embedded one (programs of the machine, or of the distribution's package unpacked into a cache), a
 * container, or one that is there (provision*.ts); a namespace is a database (session.ts). Rows are read by the text
 * protocol, every value as the server prints it under fixed settings, straight from the wire's bytes (read.ts, decode.ts),
 * and written by multi-row statements (write.ts). The change log is the binary log, which is the whole server's (log.ts).
 * Knows no other database.
 */
import type { Connector } from '../connector.ts';
import { SCHEMES } from './dsn.ts';
import { probe, provision } from './provision.ts';
import { connectSession, openSession } from './session.ts';
import { traits } from './traits.ts';

export const mysql: Connector = {
  kind: 'mysql',
  traits,
  schemes: SCHEMES,
  probe,
  provision,
  open: openSession,
  connect: connectSession,
};
