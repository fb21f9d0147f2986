/** docs/add-a-database.md, held to the truth: what the compiler names when a sixth database joins by its word alone. */
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { compilerView, ROOMS, ROOT, textOf } from '../house/house.ts';

const WORDS = join(ROOT, 'src/core/words.ts');

/** Files in which the compiler finds something missing, once `memory` is a kind of database. */
function filesWithMissingLines(): string[] {
  const joined = textOf('src/core/words.ts').replace("'ytsaurus'] as const", "'ytsaurus', 'memory'] as const");
  expect(joined).toContain("'memory'");
  const rooms = Object.keys(ROOMS)
    .filter((room) => room !== 'trctl')
    .map(compilerView);
  const files = new Set(rooms.flatMap((room) => room.fileNames));
  const options = { ...rooms[0]?.options, noEmit: true, composite: false, incremental: false };
  const host = ts.createCompilerHost(options);
  const original = host.getSourceFile.bind(host);
  host.getSourceFile = (file, target, ...rest) =>
    file === WORDS.split(sep).join('/') ? ts.createSourceFile(file, joined, target) : original(file, target, ...rest);
  const program = ts.createProgram([...files], options, host);
  // Only files that say the word can miss a line for it; checking all would take several times longer.
  const missing = program
    .getSourceFiles()
    .filter((file) => files.has(file.fileName) && file.text.includes('DatabaseKind'))
    .flatMap((file) => program.getSemanticDiagnostics(file))
    .filter(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ').includes('memory'));
  return [
    ...new Set(
      missing.map(({ file }) =>
        relative(ROOT, file?.fileName ?? '')
          .split(sep)
          .join('/'),
      ),
    ),
  ].sort();
}

/** Files of the list between the two marks. */
function filesInGuide(): string[] {
  const [, marked = ''] =
    /<!-- named by the compiler -->([\s\S]*?)<!-- end -->/.exec(textOf('docs/add-a-database.md')) ?? [];
  return [...marked.matchAll(/- `([^`]+)`/g)].map(([, file = '']) => file).sort();
}

describe('the guide to adding a database', () => {
  it('lists exactly the files in which the compiler misses a line', () => {
    expect(filesInGuide()).toEqual(filesWithMissingLines());
  });
});
