// multipart/form-data bodies, in which clients send the query and its long parameters (RFC 7578). Must not know SQL.
import { ClickHouseException } from './exception.ts';

export interface Form {
  readonly query: string | undefined;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** @throws ClickHouseException if the form is malformed, or brings tables ("external data"). */
export function readForm(body: Buffer, contentType: string): Form {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) throw new ClickHouseException(36, 'BAD_ARGUMENTS', 'multipart/form-data without a boundary');
  let query: string | undefined;
  const parameters: (readonly [string, string])[] = [];
  const parts = `\r\n${body.toString('latin1')}`.split(`\r\n--${mark}`);
  if (parts.at(-1)?.startsWith('--') !== true) {
    throw new ClickHouseException(36, 'BAD_ARGUMENTS', 'multipart/form-data does not end with its boundary');
  }
  for (const part of parts.slice(1, -1)) {
    const split = part.indexOf('\r\n\r\n');
    const headers = part.slice(0, split);
    const value = Buffer.from(part.slice(split + 4), 'latin1').toString('utf8');
    const name = /;\s*name="([^"]*)"/i.exec(headers)?.[1];
    if (split === -1 || name === undefined) {
      throw new ClickHouseException(36, 'BAD_ARGUMENTS', 'multipart/form-data has a part without a name');
    }
    if (/;\s*filename=/i.test(headers)) throw ClickHouseException.notSupported(`external data (table ${name})`);
    if (name === 'query') query = value;
    else parameters.push([name, value]);
  }
  return { query, parameters };
}
