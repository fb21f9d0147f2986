/**
 * Reads a transfer's YAML and remembers where everything stands, so that errors can say file:line:column.
 * Knows YAML and nothing of what the keys mean.
 */
import { readFile } from 'node:fs/promises';
import { LineCounter, isMap, isNode, isPair, isScalar, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { ConfigError, codeOf, oneLine } from '../errors.ts';

/** Steps into a document: keys as written, and indexes of lists. */
export type Path = readonly (string | number)[];

export class ConfigFile {
  readonly file: string;
  readonly data: unknown;
  readonly #document: Document | undefined;
  readonly #lines: LineCounter;

  private constructor(file: string, document: Document | undefined, lines: LineCounter, data: unknown) {
    this.file = file;
    this.#document = document;
    this.#lines = lines;
    this.data = data;
  }

  /** @throws ConfigError when the file cannot be read or is not YAML. */
  static async read(file: string): Promise<ConfigFile> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (cause) {
      const why = codeOf(cause) === 'ENOENT' ? 'there is no such file' : oneLine(cause);
      throw new ConfigError(`${file}: cannot be read: ${why}; give the transfer's YAML with --file`, { cause });
    }
    return ConfigFile.parse(file, text);
  }

  /** @throws ConfigError when the text is not YAML. */
  static parse(file: string, text: string): ConfigFile {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
    const broken = document.errors[0];
    if (broken !== undefined) {
      const { line, col } = lines.linePos(broken.pos[0]);
      const why = oneLine(broken.message.split('\n')[0] ?? broken.code).replace(/ at line \d+, column \d+:?$/, '');
      throw new ConfigError(`${file}:${line}:${col}: not valid YAML: ${why}`);
    }
    const data: unknown = document.toJS();
    return new ConfigFile(file, document, lines, data);
  }

  /** An error at a place in the file; the nearest place that the file has. */
  error(path: Path, message: string): ConfigError {
    return new ConfigError(`${this.file}${this.#at(path)}: ${message}`);
  }

  #at(path: Path): string {
    let offset: number | undefined;
    let node: unknown = this.#document?.contents;
    for (const step of path) {
      if (isMap(node)) {
        const pair = node.items.find(
          (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
        );
        if (pair === undefined) break;
        if (isNode(pair.key)) offset = pair.key.range?.[0];
        node = pair.value;
      } else {
        const next: unknown =
          isNode(node) && 'get' in node
            ? (node as unknown as { get(k: unknown, n: true): unknown }).get(step, true)
            : undefined;
        if (!isNode(next)) break;
        offset = next.range?.[0];
        node = next;
      }
    }
    if (offset === undefined) return '';
    const { line, col } = this.#lines.linePos(offset);
    return `:${line}:${col}`;
  }
}
