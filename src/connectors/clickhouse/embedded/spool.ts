// Temporary files between HTTP bodies and the engine: rows of an INSERT on their way in, whole results on their way out.
// They lie in one folder inside the data directory; each is deleted by whoever made it, and what a killed server left
// is deleted when the next one starts. Must not know what the files hold.
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

export class Spool {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes an empty spool folder in `data`. */
  static async open(data: string): Promise<Spool> {
    const folder = join(data, 'http-spool');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return new Spool(folder);
  }

  /** A path nobody else uses; the file itself does not exist yet and is deleted on dispose. */
  file(): SpoolFile {
    const path = join(this.#folder, randomUUID());
    return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
  }
}

export interface SpoolFile extends AsyncDisposable {
  readonly path: string;
}
