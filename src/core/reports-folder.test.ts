import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTimeOf } from './ledger.ts';
import { claim, reportsFolder } from './reports-folder.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reports-folder-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the folder of a run', () => {
  it('is reports/, again and again', () => {
    expect(reportsFolder(root, {})).toEqual({ path: join(root, 'reports') });
    expect(reportsFolder(root, {})).toEqual({ path: join(root, 'reports') });
  });

  it('is what E2E_REPORTS names, in the clone or elsewhere', () => {
    expect(reportsFolder(root, { E2E_REPORTS: 'elsewhere' })).toEqual({ path: join(root, 'elsewhere') });
    expect(reportsFolder(root, { E2E_REPORTS: '/there' })).toEqual({ path: '/there' });
    expect(existsSync(join(root, 'reports'))).toBe(false);
  });

  it('is one of its own beside a run that lives', () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      const pid = child.pid ?? 0;
      claim(join(root, 'reports'), { pid, startTime: startTimeOf(pid) ?? '' });
      expect(reportsFolder(root, {})).toEqual({
        path: join(root, 'reports', `run-${process.pid}`),
        besideRun: pid,
      });
    } finally {
      child.kill('SIGKILL');
    }
  });

  it.each([
    ['a run that was killed', JSON.stringify({ pid: process.pid, startTime: 'another process with this pid' })],
    ['a claim that was cut off', '{"pid":'],
  ])('is reports/ after %s', (_, left) => {
    claim(join(root, 'reports'));
    const file = join(root, 'reports', '.run');
    writeFileSync(file, left);
    expect(claim(join(root, 'reports'))).toEqual({ path: join(root, 'reports') });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid });
  });
});
