/**
 * The distribution's own MySQL without installing it: the package and all it needs are downloaded with apt into a cache
 * folder and unpacked there, without root and without touching the machine's package lists. The programs then run with
 * the unpacked libc and its own loader, so that a server of a newer suite runs on an older machine.
 */
import { readFile, readdir, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { ProvisionError } from '../../core/errors.ts';
import { cacheFolder, once } from '../cache.ts';

const UPDATE_MS = 120_000;
const DOWNLOAD_MS = 300_000;

export interface Unpacked {
  /** Holds `usr/sbin` and what else the packages hold. */
  readonly root: string;
  /** The loader and its arguments, to be put before a program. */
  readonly loader: readonly [string, ...string[]];
}

/** Where packages come from, as apt's one-line format wants it. */
interface Source {
  readonly line: string;
  /** For the folder's name. */
  readonly suite: string;
}

/**
 * @param wanted package names by descending preference, as patterns of whole names.
 * @throws ProvisionError saying why the packages cannot be had.
 */
export async function unpackServer(product: 'mysql' | 'mariadb', signal: AbortSignal): Promise<Unpacked> {
  const source = await sourceFor(product);
  const folder = join(cacheFolder(), 'packages', `${product}-${source.suite}-${process.arch}`);
  await once(folder, (staging) => download(product, source, staging, signal));
  const root = join(folder, 'root');
  return { root, loader: await loaderIn(root) };
}

/** What the machine is set up with. */
interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: string;
  readonly options: string;
}

/** On Debian, MySQL is in unstable only; everything else is in the machine's own suite. @throws ProvisionError */
async function sourceFor(product: 'mysql' | 'mariadb'): Promise<Source> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const distribution = /^ID=["']?(\w+)/m.exec(release)?.[1] ?? '';
  const codename = /^VERSION_CODENAME=["']?([\w-]+)/m.exec(release)?.[1] ?? '';
  const sources = await aptSources();
  const own = sources.find(({ suites }) => suites.includes(codename));
  if (own === undefined) {
    throw new ProvisionError(
      distribution === ''
        ? 'this is no Linux with apt'
        : `apt of this ${distribution} has no source of the suite ${codename === '' ? '(unnamed)' : codename}`,
    );
  }
  const suite = distribution === 'debian' && product === 'mysql' ? 'unstable' : codename;
  return { suite, line: `deb ${own.options}${own.uri} ${suite} ${own.components}` };
}

async function aptSources(): Promise<AptSource[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(
    ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))].map(async (file) => ({
      file,
      text: await readFile(file, 'utf8').catch(() => ''),
    })),
  );
  return texts.flatMap(({ file, text }) => (file.endsWith('.sources') ? deb822(text) : oneLine(text)));
}

/** Stanzas of `Key: value` lines (sources.list(5), DEB822-STYLE FORMAT). */
export function deb822(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}:[ \\t]*(.+(?:\\n[ \\t]+\\S.*)*)`, 'mi').exec(stanza)?.[1]?.replaceAll(/\s+/g, ' ').trim();
    const [uri] = (field('URIs') ?? '').split(' ');
    if (uri === undefined || uri === '' || !(field('Types') ?? '').split(' ').includes('deb')) return [];
    const signed = field('Signed-By');
    // A key that stands in the file itself cannot be said in one line: apt's own keys must do.
    const options = signed?.startsWith('/') === true ? `[signed-by=${signed}] ` : '';
    return [{ uri, suites: (field('Suites') ?? '').split(' '), components: field('Components') ?? 'main', options }];
  });
}

/** `deb [options] URI suite component…` */
export function oneLine(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const parts = /^\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line);
    if (parts === null) return [];
    const [, options = '', uri = '', suite = '', components = ''] = parts;
    return [{ uri, suites: [suite], components: components.replace(/#.*/, '').trim(), options }];
  });
}

async function download(product: string, source: Source, staging: string, signal: AbortSignal): Promise<void> {
  const state = join(staging, 'apt');
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'cache', 'archives', 'partial'), { recursive: true });
  await mkdir(join(staging, 'debs'));
  await mkdir(join(staging, 'root'));
  await writeFile(join(state, 'sources.list'), `${source.line}\n`);
  const options = [
    ...['-o', `Dir::Etc::sourcelist=${join(state, 'sources.list')}`, '-o', 'Dir::Etc::sourceparts=/dev/null'],
    ...['-o', `Dir::State::lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${join(state, 'cache')}`],
    ...(process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : []),
  ];
  const apt = async (program: string, args: readonly string[], timeout: number, cwd = staging): Promise<string> => {
    const { stdout, failed, stderr, timedOut } = await execa(program, [...options, ...args], {
      ...{ cwd, timeout, reject: false, stdin: 'ignore', cancelSignal: signal, env: { LC_ALL: 'C' } },
    });
    signal.throwIfAborted();
    if (!failed) return stdout;
    const words = timedOut ? `took more than ${timeout / 1000} s` : (stderr.trim().split('\n').at(-1) ?? '');
    throw new ProvisionError(`${program} ${args[0] ?? ''} for ${source.suite} failed: ${words}`);
  };
  await apt('apt-get', ['-qq', 'update'], UPDATE_MS);
  const named = await apt('apt-cache', ['search', '--names-only', `^${product}-server-core(-[0-9.]+)?$`], UPDATE_MS);
  const [core] = named
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name !== '')
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  if (core === undefined) throw new ProvisionError(`${source.suite} has no package ${product}-server-core`);
  const kinds = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];
  const depends = await apt(
    'apt-cache',
    ['depends', '--recurse', ...kinds.map((kind) => `--no-${kind}`), core],
    UPDATE_MS,
  );
  // Libraries, and what holds the server itself; interpreters for its scripts are not needed.
  const packages = [...new Set(depends.split('\n').filter((line) => /^(lib|gcc|mysql|mariadb)[\w.+-]*$/.test(line)))];
  await apt('apt-get', ['-qq', 'download', ...packages], DOWNLOAD_MS, join(staging, 'debs'));
  for (const name of await readdir(join(staging, 'debs'))) {
    await execa('dpkg', ['-x', join(staging, 'debs', name), join(staging, 'root')], { stdin: 'ignore' });
  }
  await rm(join(staging, 'debs'), { recursive: true });
  await rm(state, { recursive: true });
}

/** The unpacked libc's loader, told where the unpacked libraries lie. @throws ProvisionError */
async function loaderIn(root: string): Promise<[string, ...string[]]> {
  // Packages of older suites still use /lib beside /usr/lib.
  const libraries = [join(root, 'usr', 'lib'), join(root, 'lib')];
  const folders: string[] = [];
  for (const library of libraries) {
    for (const triplet of await readdir(library).catch(() => [])) folders.push(join(library, triplet));
  }
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    const loader = names.find((name) => /^ld-linux.*\.so\.\d+$/.test(name));
    if (loader === undefined) continue;
    const triplet = basename(folder);
    const paths = libraries.flatMap((library) => [join(library, triplet), join(library, 'mysql', 'private')]);
    return [join(folder, loader), '--library-path', paths.join(':')];
  }
  throw new ProvisionError(`${root} holds no loader: remove it, and it is downloaded again`);
}
