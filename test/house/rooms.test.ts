import { existsSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { ROOMS, ROOT, compilerView, sourceFiles, textOf } from './house.ts';

const rooms = Object.keys(ROOMS);

/** A file smuggled into one room that imports from another. */
interface Smuggled {
  readonly into: string;
  readonly from: string;
  readonly import: string;
}
const FORBIDDEN: readonly Smuggled[] = [
  { into: 'trctl', from: 'src/core', import: '../src/core/words.ts' },
  { into: 'src/connectors/postgres', from: 'src/connectors/clickhouse', import: '../clickhouse/traits.ts' },
  { into: 'src/connectors/clickhouse', from: 'src/connectors/postgres', import: '../postgres/traits.ts' },
  { into: 'src/core', from: 'src/report', import: '../report/figures.ts' },
  { into: 'src/report', from: 'src/diff', import: '../diff/side.ts' },
  { into: 'src/diff', from: 'src/connectors', import: '../connectors/connector.ts' },
  { into: 'src/run', from: 'src/connectors/postgres', import: '../connectors/postgres/traits.ts' },
];
const ALLOWED: readonly Smuggled[] = [
  { into: 'src/report', from: 'src/core', import: '../core/words.ts' },
  { into: 'src/connectors/postgres', from: 'src/connectors', import: '../connector.ts' },
  { into: 'src/cli', from: 'src/connectors/postgres', import: '../connectors/postgres/traits.ts' },
];

describe('the compiler and the linter', () => {
  it.each(rooms)('agree on what %s may import', (room) => {
    const references = (compilerView(room).projectReferences ?? []).map(({ path }) =>
      relative(ROOT, path).split(sep).join('/'),
    );
    expect(references.sort()).toEqual([...(ROOMS[room] ?? [])].sort());
  });

  it('know every folder of code as a room', () => {
    const folders = new Set(
      sourceFiles()
        .filter((file) => /^(src|trctl)\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
        .map((file) => file.slice(0, file.lastIndexOf('/'))),
    );
    const homeless = [...folders].filter(
      (folder) => !rooms.some((room) => folder === room || folder.startsWith(`${room}/`)),
    );
    expect(homeless).toEqual([]);
  });

  it.each(['tsconfig.json', 'tsconfig.tests.json'])('are told of every room by %s', (file) => {
    const { config } = ts.readConfigFile(join(ROOT, file), (path) => ts.sys.readFile(path)) as {
      config: { references: { path: string }[] };
    };
    const referenced = config.references.map(({ path }) => path).filter((path) => !path.endsWith('.json'));
    expect(referenced.sort()).toEqual([...rooms].sort());
  });
});

describe('the linter', () => {
  // Types are not needed to see where an import leads, and would take most of a minute to work out.
  const eslint = new ESLint({ cwd: ROOT, overrideConfig: [tseslint.configs.disableTypeChecked] });

  async function complaints({ into, import: specifier }: Smuggled): Promise<string[]> {
    const text = `import * as other from '${specifier}';\nexport const smuggled = other;\n`;
    const [result] = await eslint.lintText(text, { filePath: join(ROOT, into, 'smuggled.ts') });
    return (result?.messages ?? []).flatMap(({ ruleId }) => (ruleId?.startsWith('import-x/') === true ? [ruleId] : []));
  }

  it.each(FORBIDDEN)('refuses an import into $into from $from', async (smuggled) => {
    expect(existsSync(resolve(ROOT, smuggled.into, smuggled.import))).toBe(true);
    expect(await complaints(smuggled)).toEqual(['import-x/no-restricted-paths']);
  });
  it.each(ALLOWED)('lets $into import from $from', async (smuggled) => {
    expect(await complaints(smuggled)).toEqual([]);
  });
});

describe('the compiler', () => {
  /** Codes of the errors that a build of the room would end in if the file lay in it. */
  function errors({ into, import: specifier }: Smuggled): number[] {
    const room = compilerView(into);
    const smuggled = join(ROOT, into, 'smuggled.ts');
    const text = `import * as other from '${specifier}';\nexport const smuggled = other;\n`;
    const host = ts.createCompilerHost(room.options);
    const real = { ...host };
    host.fileExists = (file) => file === smuggled || real.fileExists(file);
    host.readFile = (file) => (file === smuggled ? text : real.readFile(file));
    host.getSourceFile = (file, ...rest) =>
      file === smuggled ? ts.createSourceFile(file, text, rest[0]) : real.getSourceFile(file, ...rest);
    const program = ts.createProgram({
      rootNames: [...room.fileNames, smuggled],
      options: room.options,
      host,
      ...(room.projectReferences === undefined ? {} : { projectReferences: room.projectReferences }),
    });
    const all = [
      ...program.getOptionsDiagnostics(),
      ...program.getSemanticDiagnostics(program.getSourceFile(smuggled)),
    ];
    return all.map(({ code }) => code);
  }

  /** "File is not listed within the file list of project: it must list all files or use an 'include' pattern." */
  const NOT_LISTED = 6307;

  it.each(FORBIDDEN)('refuses an import into $into from $from', (smuggled) => {
    expect(errors(smuggled)).toContain(NOT_LISTED);
  });
  it.each(ALLOWED)('lets $into import from $from', (smuggled) => {
    expect(errors(smuggled)).not.toContain(NOT_LISTED);
  });
});

describe('trctl', () => {
  it('mentions no file of the harness', () => {
    const importing = sourceFiles().filter(
      (file) => file.startsWith('trctl/') && file.endsWith('.ts') && /from '(\.\.\/)+src\//.test(textOf(file)),
    );
    expect(importing).toEqual([]);
  });
});
