import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../core/root.ts';
import { main } from './program.ts';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function cli(...argv: string[]): Promise<Outcome> {
  let [out, err] = ['', ''];
  const code = await main(argv, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    colour: false,
    progress: false,
    env: {},
    cwd: PROJECT_ROOT,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe('the command line', () => {
  it('explains itself, exit codes and all', async () => {
    const { code, out } = await cli('--help');
    expect(code).toBe(0);
    for (const command of ['list', 'run', 'matrix', 'diff', 'coverage', 'doctor', 'new', 'up', 'sweep', 'report']) {
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    }
    expect(out).toContain('Exit codes: 0 as expected');
  });

  it.each(['list', 'run', 'matrix', 'diff', 'coverage', 'doctor', 'new', 'up', 'sweep'])(
    'gives examples of %s',
    async (name) => {
      const { code, out } = await cli(name, '--help');
      expect(code).toBe(0);
      expect(out).toContain(`$ transfer-e2e ${name}`);
    },
  );

  it.each([
    [['covrage'], "unknown command 'covrage'\n(Did you mean coverage?)"],
    [['coverage', '--strickt'], "unknown option '--strickt'\n(Did you mean --strict?)"],
    [['run', '--engine', 'refrence'], 'Allowed choices are reference, trctl'],
    [['run', '--rows', 'many'], 'It must be a whole number above 0.'],
    [['run', '--shard', '3/2'], '--shard 3/2: it is I/N with I from 1 to N'],
    [
      ['matrix', '--shards', '2', 'pg-ch/toast.yaml'],
      '2 shards are more than the scenarios to share out: take 1 or fewer',
    ],
    [['coverage', 'pg-ch'], 'too many arguments'],
    [['diff', 'a', 'b'], "required option '--table <left[:right]>' not specified"],
    [['up', 'pg-cch'], '"pg-cch" is not a pair; did you mean "pg-ch"?'],
    [['diff', 'a', 'b', '--table', 't'], 'LEFT is not a DSN'],
    [['diff', 'oracle://a', 'oracle://b', '--table', 't'], 'oracle:// names no database'],
    [['run', 'pg-cch'], 'no scenario file has "pg-cch" in its path; did you mean "pg-ch"?'],
  ])('%j is wrong usage, and says what to do', async (argv, message) => {
    const { code, err } = await cli(...argv);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  it('never prints the password of a DSN that it cannot read', async () => {
    const { err } = await cli('diff', 'postgres//u:geheim@h', 'b', '--table', 't');
    expect(err).not.toContain('geheim');
  });

  it('needs a command', async () => {
    const { code, err } = await cli();
    expect(code).toBe(2);
    expect(err).toContain('Usage: transfer-e2e');
  });
});
