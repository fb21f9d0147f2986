/**
 * pgoutput messages by pg-logical-replication, without its conversions: every value stays the text that Postgres sent.
 *
 * Four habits of the library (2.5.0) that would lose data are turned off here and in changes.ts:
 * values are parsed to JS numbers and Dates; a leading U+FEFF is dropped by its TextDecoder;
 * with a timeout set it confirms what was received, not what was written; acknowledge(lsn) confirms lsn + 1.
 */
import { PgoutputPlugin } from 'pg-logical-replication';
import type { Pgoutput } from 'pg-logical-replication';
import { BinaryReader } from 'pg-logical-replication/dist/output-plugins/pgoutput/binary-reader.js';
import { quote } from './sql.ts';

BinaryReader.prototype.decodeText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

/** A message and its size; or what made it unreadable. */
export type Received = { readonly message: Pgoutput.Message; readonly bytes: number } | { readonly failure: unknown };

export class RawPgoutput extends PgoutputPlugin {
  readonly #receive: (received: Received) => void;

  /** @param receive is called for each message, in order, as it comes in. */
  constructor(publication: string, receive: (received: Received) => void) {
    super({ protoVersion: 1, publicationNames: [quote(publication)] });
    this.#receive = receive;
  }

  /** Called by the library for each frame; must not throw, as nobody would catch it. */
  override parse(buffer: Buffer): Pgoutput.Message {
    try {
      const message = super.parse(buffer);
      if (message.tag === 'relation') {
        for (const column of message.columns) column.parser = (raw: unknown) => raw;
      }
      this.#receive({ message, bytes: buffer.length });
      return message;
    } catch (failure) {
      this.#receive({ failure });
      return { tag: 'type', typeOid: 0, typeSchema: '', typeName: '' };
    }
  }
}
