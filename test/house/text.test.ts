import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, sourceFiles, textOf } from './house.ts';

const files = sourceFiles();
const texts = files.filter((file) => !/\.(png|jpg|ico|gz|zst|parquet|woff2)$/.test(file));
const documents = texts.filter((file) => file.endsWith('.md'));

/** Where a text has what it must not have, as `file:line: what`. */
function places(pattern: RegExp, among: readonly string[] = texts): string[] {
  return among.flatMap((file) =>
    textOf(file)
      .split('\n')
      .flatMap((line, index) => {
        const found = pattern.exec(line);
        return found === null ? [] : [`${file}:${index + 1}: ${found[0]}`];
      }),
  );
}

describe('no file', () => {
  it('has a path of the machine it was written on', () => {
    // A root such as /app is a word that may stand anywhere.
    const own = ROOT.split('/').length > 2 ? [`${ROOT.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`] : [];
    expect(places(new RegExp(['/home/[a-z]\\w+/', '/Users/\\w+/', ...own].join('|')))).toEqual([]);
  });

  it('names the host of a package registry', () => {
    // In parts, so that this file does not name them either.
    const hosts = [
      ['npmjs', 'org'],
      ['npmjs', 'com'],
      ['yarnpkg', 'com'],
      ['npmmirror', 'com'],
      ['pypi', 'org'],
    ];
    expect(places(new RegExp(hosts.map((parts) => parts.join('\\.')).join('|')))).toEqual([]);
  });

  it('uses a name that says nothing', () => {
    const empty = files.filter((file) => /(^|[/.-])(utils?|helpers?|common|misc|managers?)[./-]/i.test(file));
    expect(empty).toEqual([]);
  });
});

describe('every file of code', () => {
  const code = texts.filter((file) => /^(src|trctl|tools|emulators|operator)\/.*\.(ts|js)$/.test(file));

  it('opens by saying what it is for', () => {
    const silent = code.filter((file) => !file.endsWith('.test.ts') && !/^(#!.*\n)?(\/\/|\/\*)/.test(textOf(file)));
    expect(silent).toEqual([]);
  });

  it('imports sibling files by the name they have', () => {
    const ts = code.filter((file) => file.endsWith('.ts'));
    expect(places(/from '\.{1,2}\/[^']*(?<!\.ts|\.json)'/, ts)).toEqual([]);
  });
});

describe('the documents', () => {
  it('have links that lead somewhere', () => {
    const dead = documents.flatMap((file) =>
      [...textOf(file).matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it('use commands that package.json has', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const known = new Set([...Object.keys(scripts), 'test']);
    const unknown = documents.flatMap((file) =>
      [...textOf(file).matchAll(/\bnpm run ([\w:-]+)/g)]
        .map(([, script = '']) => script)
        .filter((script) => !known.has(script))
        .map((script) => `${file}: npm run ${script}`),
    );
    expect(unknown).toEqual([]);
  });

  it('use subcommands that the command line has', async () => {
    const { main } = await import('../../src/cli/program.ts');
    const mentioned = new Set(
      documents.flatMap((file) =>
        [...textOf(file).matchAll(/(?:^|[`$] ?)(?:npx )?transfer-e2e ([a-z]+)/gm)].map(([, name = '']) => name),
      ),
    );
    expect(mentioned.size).toBeGreaterThan(4);
    for (const name of mentioned) {
      let printed = '';
      const code = await main([name, '--help'], {
        out: (text) => (printed += text),
        err: (text) => (printed += text),
        colour: false,
        progress: false,
        env: {},
        cwd: ROOT,
        signal: new AbortController().signal,
      });
      expect({ name, code, printed }).toEqual({ name, code: 0, printed: expect.stringContaining('Usage:') as string });
    }
  });
});
