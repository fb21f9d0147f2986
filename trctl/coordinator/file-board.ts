/**
 * Notes as files that several processes of one machine share. A note's versions are files of their own, `name~7`; the
 * highest is the note. A new version is linked into place, which only one process can do. The last `KEPT` versions stay, so
 * whoever writes too late finds its version taken, or, far too late, one that is `KEPT` higher.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EnvironmentError, codeOf, oneLine } from '../errors.ts';
import type { Board, Note, Tag } from './coordinator.ts';

const KEPT = 50;

export class FileBoard implements Board {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(name: string): Promise<Note | null> {
    for (;;) {
      const version = await this.#newest(name);
      if (version === 0) return null;
      try {
        return { text: await readFile(this.#file(name, version), 'utf8'), tag: String(version) };
      } catch (cause) {
        // Written over since the look: look again.
        if (codeOf(cause) !== 'ENOENT') throw this.#failed('read', name, cause);
      }
    }
  }

  async create(name: string, text: string): Promise<Tag | null> {
    return (await this.#newest(name)) === 0 ? this.#write(name, text, 1) : null;
  }

  async replace(name: string, text: string, tag: Tag): Promise<Tag | null> {
    return (await this.#newest(name)) === Number(tag) ? this.#write(name, text, Number(tag) + 1) : null;
  }

  async list(prefix: string): Promise<{ name: string; tag: Tag }[]> {
    const newest = new Map<string, number>();
    for (const { name, version } of await this.#versions(path.dirname(`${prefix}.`))) {
      if (name.startsWith(prefix)) newest.set(name, Math.max(version, newest.get(name) ?? 0));
    }
    return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, version]) => ({ name, tag: String(version) }));
  }

  async remove(prefix: string): Promise<void> {
    for (const { name, version } of await this.#versions(path.dirname(`${prefix}.`))) {
      if (name.startsWith(prefix)) await rm(this.#file(name, version), { force: true });
    }
  }

  async #write(name: string, text: string, version: number): Promise<Tag | null> {
    const file = this.#file(name, version);
    const aside = path.join(this.#folder, `.${randomBytes(8).toString('hex')}.tmp`);
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(aside, text);
      try {
        await link(aside, file);
      } catch (cause) {
        if (codeOf(cause) === 'EEXIST') return null;
        throw cause;
      } finally {
        await rm(aside, { force: true });
      }
      if ((await this.#newest(name)) >= version + KEPT) {
        await rm(file, { force: true });
        return null;
      }
      if (version > KEPT) await rm(this.#file(name, version - KEPT), { force: true });
      return String(version);
    } catch (cause) {
      throw this.#failed('written', name, cause);
    }
  }

  /** 0: there is none. */
  async #newest(name: string): Promise<number> {
    const versions = await this.#versions(path.dirname(name), path.basename(name));
    return Math.max(0, ...versions.map(({ version }) => version));
  }

  /** All versions below a folder of notes. @param only this name in the folder itself. */
  async #versions(folder: string, only?: string): Promise<{ name: string; version: number }[]> {
    let files: string[];
    try {
      files = await readdir(path.join(this.#folder, folder), { recursive: only === undefined });
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return [];
      throw this.#failed('listed', folder, cause);
    }
    return files.flatMap((file) => {
      const [, base = '', version] = /^(.+)~(\d+)$/s.exec(file) ?? [];
      if (version === undefined || (only !== undefined && base !== only)) return [];
      return [{ name: path.posix.join(folder, base), version: Number(version) }];
    });
  }

  #file(name: string, version: number): string {
    return path.join(this.#folder, `${name}~${version}`);
  }

  #failed(what: string, name: string, cause: unknown): EnvironmentError {
    return new EnvironmentError(`note ${name} cannot be ${what} in ${this.#folder}: ${oneLine(cause)}`, { cause });
  }
}
