/**
 * A YAML file that remembers where everything in it stands, so that what is wrong with it can be said by line and
 * column. Knows YAML and nothing of what the file means.
 */
import { isMap, isNode, isPair, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, ParsedNode, ScalarTag, YAMLError } from 'yaml';
import { messageOf, UsageError } from './errors.ts';

/** One thing that is wrong in a file; lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What was found, what is allowed, and where one is near the spelling that was perhaps meant. */
  readonly message: string;
}

/** `scenarios/pg-ch/toast.yaml:4:7: unknown key "sorce"; did you mean "source"?` */
export function printProblem(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** A file that people wrote is wrong. All its problems at once, in the order of their lines. */
export class FileProblems extends UsageError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super('FILE_PROBLEMS', sorted.map(printProblem).join('\n'));
    this.problems = sorted;
  }
}

export type Path = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** `5_000`, which YAML 1.2 would read as text. */
const GROUPED_INTEGER: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^-?[0-9]{1,3}(?:_[0-9]{3})+$/,
  resolve: (text: string) => Number(text.replaceAll('_', '')),
};

export class PositionedDocument {
  readonly file: string;
  /** What the file says as plain data; undefined where it cannot be told. */
  readonly value: unknown;
  /** What is wrong with it as YAML. */
  readonly problems: readonly Problem[];
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();

  /** @param file the name used in problems. */
  constructor(file: string, text: string) {
    this.file = file;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      customTags: (tags) => [GROUPED_INTEGER, ...tags],
    });
    const syntax = this.#syntaxProblems();
    const readable = syntax.length === 0 || this.#document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
    const { value, problems } = readable ? this.#plainValue() : { value: undefined, problems: [] };
    this.value = value;
    this.problems = [...syntax, ...problems];
  }

  /** Where the value at a path stands; the nearest thing above it that the file has, when it is not there. */
  valueAt(path: Path): Place {
    return this.#placeOf(path, 'value');
  }

  /** Where the key of the last step of a path stands. */
  keyAt(path: Path): Place {
    return this.#placeOf(path, 'key');
  }

  problemAt(path: Path, message: string, which: 'key' | 'value' = 'value'): Problem {
    return { file: this.file, ...this.#placeOf(path, which), message };
  }

  #plainValue(): { value: unknown; problems: Problem[] } {
    const problems: Problem[] = [];
    visit(this.#document, {
      Alias: (_key, alias) => {
        if (alias.resolve(this.#document) !== undefined) return;
        const { line, col } = this.#lines.linePos(alias.range?.[0] ?? 0);
        const message = `found *${alias.source}, but nothing before it is called &${alias.source}`;
        problems.push({ file: this.file, line, column: col, message });
      },
    });
    if (problems.length > 0) return { value: undefined, problems };
    try {
      return { value: this.#document.toJS(), problems };
    } catch (thrown) {
      // Aliases of aliases that would fill the memory.
      return {
        value: undefined,
        problems: [{ file: this.file, line: 1, column: 1, message: `not YAML: ${messageOf(thrown)}` }],
      };
    }
  }

  #syntaxProblems(): Problem[] {
    const errors: YAMLError[] = [...this.#document.errors, ...this.#document.warnings];
    // One tab makes the parser stumble several times: name the tab, not what came of it.
    const tabs = errors.filter(({ code }) => code === 'TAB_AS_INDENT');
    const told = new Set<number>();
    const problems: Problem[] = [];
    for (const error of tabs.length > 0 ? tabs : errors) {
      const { line, col } = this.#lines.linePos(error.pos[0]);
      if (told.has(line)) continue;
      told.add(line);
      problems.push({ file: this.file, line, column: col, message: this.#explain(error) });
    }
    return problems;
  }

  #explain(error: YAMLError): string {
    switch (error.code) {
      case 'TAB_AS_INDENT':
        return 'found a tab where YAML allows only spaces; indent with two spaces instead';
      case 'DUPLICATE_KEY': {
        const key = this.#keyAtOffset(error.pos[0]);
        return key === undefined
          ? 'the same key stands twice in one map; keep one of them'
          : `duplicate key "${key.name}": it already stands on line ${key.firstLine}; keep one of them`;
      }
      case 'MULTIPLE_DOCS':
        return 'found a second document after "---"; a file holds one';
      default:
        return `not YAML: ${error.message}`;
    }
  }

  #keyAtOffset(offset: number): { name: string; firstLine: number } | undefined {
    let found: { name: string; firstLine: number } | undefined;
    const search = (node: unknown): void => {
      if (isMap(node)) {
        for (const { key } of node.items) {
          if (!isNode(key) || key.range?.[0] !== offset) continue;
          const name = String(key);
          const first = node.items.find((other) => isNode(other.key) && String(other.key) === name)?.key;
          const firstOffset = isNode(first) ? (first.range?.[0] ?? offset) : offset;
          found = { name, firstLine: this.#lines.linePos(firstOffset).line };
        }
      }
      if (isMap(node) || isSeq(node)) for (const item of node.items) search(isPair(item) ? item.value : item);
    };
    search(this.#document.contents);
    return found;
  }

  #placeOf(path: Path, which: 'key' | 'value'): Place {
    let node: ParsedNode | null = this.#document.contents;
    let offset = node?.range[0] ?? 0;
    for (const [index, step] of path.entries()) {
      const last = index === path.length - 1;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => String(key) === String(step));
        if (pair === undefined) break;
        const key = pair.key;
        node = pair.value;
        offset = last && which === 'key' ? key.range[0] : (node?.range[0] ?? key.range[0]);
      } else if (isSeq(node) && typeof step === 'number') {
        node = node.items[step] ?? null;
        if (node === null) break;
        offset = node.range[0];
      } else {
        break;
      }
    }
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: Math.max(1, col) };
  }
}
