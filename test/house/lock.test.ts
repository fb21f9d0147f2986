import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ROOT, textOf } from './house.ts';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly resolved?: string }>>;
}
interface Tool {
  readonly missingOptional: (lock: Lock) => readonly { readonly name: string }[];
  readonly platformOf: (name: string) => unknown;
}

const { missingOptional, platformOf } = (await import(
  pathToFileURL(join(ROOT, 'tools/complete-lock.js')).href
)) as Tool;
const lock = JSON.parse(textOf('package-lock.json')) as Lock;

describe('the lock file', () => {
  it('has every package of every platform, or `npm ci` refuses it (node tools/complete-lock.js adds them)', () => {
    expect(missingOptional(lock)).toEqual([]);
    const packages = Object.fromEntries(Object.entries(lock.packages).filter(([path]) => !path.includes('@esbuild/')));
    expect(missingOptional({ packages }).length).toBeGreaterThan(10);
  });

  it('agrees with package.json, exact versions and all', () => {
    const manifest = JSON.parse(textOf('package.json')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect({ name, version: lock.packages[`node_modules/${name}`]?.version }).toEqual({ name, version });
    }
  });
});

describe('the platform of a package', () => {
  it.each([
    ['@rollup/rollup-linux-arm-musleabihf', { os: 'linux', cpu: 'arm', libc: 'musl' }],
    ['@chdb/lib-darwin-arm64', { os: 'darwin', cpu: 'arm64' }],
    ['@rollup/rollup-win32-x64-msvc', { os: 'win32', cpu: 'x64' }],
    ['fsevents', undefined],
  ])('is told by its name: %s', (name, platform) => expect(platformOf(name)).toEqual(platform));
});
