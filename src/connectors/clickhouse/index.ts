/**
 * ClickHouse behind the connector's door.
 *
 * A server is the embedded one (embedded/, a program of its own), a container, or one that is there (provision*.ts); a
 * namespace is a database (session.ts); everything goes over HTTP (client.ts). Rows come in RowBinary, with FINAL where
 * the table's engine merges them (read.ts, rows.ts, cell-readers.ts), and go in by RowBinary (write.ts,
 * cell-writers.ts). There is no change log to follow. Knows no other database.
 */
import type { Connector } from '../connector.ts';
import { SCHEMES } from './dsn.ts';
import { probe, provision } from './provision.ts';
import { connectSession, openSession } from './session.ts';
import { traits } from './traits.ts';

export const clickhouse: Connector = {
  kind: 'clickhouse',
  traits,
  schemes: SCHEMES,
  probe,
  provision,
  open: openSession,
  connect: connectSession,
};
