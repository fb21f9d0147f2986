/** The parts of a DSN that every database reads alike. */
import { UsageError } from '../core/errors.ts';

/** A part without its percent-encoding. @throws UsageError naming the part. */
export function decodedPart(text: string, part: 'user' | 'password' | 'database'): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new UsageError('DSN', `the ${part} in the DSN is not percent-encoded rightly; write % as %25`, {
      cause: error,
    });
  }
}

/** A URL keeps the brackets of an IPv6 host; a socket address has none. */
export function hostOf(dsn: URL): string {
  return dsn.hostname.replace(/^\[(.*)\]$/, '$1');
}
