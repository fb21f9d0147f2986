/** .ci/run counts honestly: tried with an npm that does as each case says. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './house.ts';

let clone: string;
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'ci-'));
  cpSync(join(ROOT, '.ci'), join(clone, '.ci'), { recursive: true });
  mkdirSync(join(clone, 'bin'));
  mkdirSync(join(clone, 'reports'));
  writeFileSync(join(clone, 'bin', 'transfer-e2e.js'), '');
  writeFileSync(join(clone, 'package.json'), '{"type":"module"}');
});
afterEach(() => rmSync(clone, { recursive: true }));

interface Npm {
  readonly ci?: number;
  readonly test?: number;
  readonly check?: number;
  /** What .ci/containers does. */
  readonly containers?: string;
  /** What `npm test` leaves as junit.xml. */
  readonly junit?: string;
}

function junit(tests: number, failures: number, skipped = 0): string {
  const cases = '<testcase><skipped/></testcase>'.repeat(skipped);
  return `<testsuites name="x" tests="${tests}" failures="${failures}" errors="0">${cases}</testsuites>`;
}

function ci(npm: Npm): { status: number | null; last: string | undefined } {
  const script = [
    '#!/bin/sh',
    'case "$1" in',
    `ci) exit ${npm.ci ?? 0} ;;`,
    ...(npm.junit === undefined ? ['test) :'] : ["test) cat > reports/junit.xml <<'END'", npm.junit, 'END']),
    `exit ${npm.test ?? 0} ;;`,
    `run) exit ${npm.check ?? 0} ;;`,
    'esac',
  ].join('\n');
  writeFileSync(join(clone, 'bin', 'npm'), script);
  chmodSync(join(clone, 'bin', 'npm'), 0o755);
  writeFileSync(join(clone, '.ci', 'containers'), `#!/bin/sh\n${npm.containers ?? 'exit 77'}\n`);
  // `bash .ci/run` from elsewhere, as whoever runs it may.
  const { status, stdout } = spawnSync('bash', [join(clone, '.ci', 'run')], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(clone, 'bin')}:${process.env.PATH ?? ''}` },
  });
  return { status, last: stdout.trim().split('\n').at(-1) };
}

describe('.ci/run', () => {
  it.each<[string, Npm, string, number]>([
    ['everything passes', { junit: junit(12, 0) }, '14 passed, 0 failed', 0],
    ['tests are skipped', { junit: junit(12, 0, 2) }, '12 passed, 0 failed', 0],
    ['tests fail', { junit: junit(12, 3), test: 1 }, '11 passed, 3 failed', 1],
    ['containers pass', { junit: junit(12, 0), containers: 'echo 7 0' }, '21 passed, 0 failed', 0],
    ['containers fail', { junit: junit(12, 0), containers: 'echo 5 2' }, '19 passed, 2 failed', 1],
    ['containers cannot be counted', { junit: junit(12, 0), containers: 'exit 1' }, '14 passed, 1 failed', 1],
    ['the check fails', { junit: junit(12, 0), check: 1 }, '13 passed, 1 failed', 1],
    ['nothing can be installed', { ci: 1, junit: junit(12, 0) }, '0 passed, 1 failed', 1],
    ['the run breaks down outside any test', { junit: junit(12, 0), test: 1 }, '14 passed, 1 failed', 1],
    ['the run leaves no result', {}, '2 passed, 1 failed', 1],
  ])('says so when %s', (_case, npm, last, status) => {
    expect(ci(npm)).toEqual({ status, last });
  });

  it('does not count the results of an earlier run', () => {
    writeFileSync(join(clone, 'reports', 'junit.xml'), junit(12, 0));
    expect(ci({})).toEqual({ status: 1, last: '2 passed, 1 failed' });
  });

  it('can be started as a program', () => {
    execFileSync('test', ['-x', join(ROOT, '.ci', 'run')]);
  });
});
