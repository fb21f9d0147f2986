/**
 * The commands of `transfer-e2e`, as a person types them. Read this first.
 *
 * Each command is one file here, loaded when it is asked for, so that `--help` answers at once. A command gets its
 * arguments and the terminal, and returns an exit code: 0 as expected, 1 not as expected, 2 wrong usage, 3 environment
 * or unknown. What it throws is printed as one line by `main`.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { E2eError, EXIT, messageOf } from '../core/errors.ts';
import { ENGINES, MODES, STACKS } from '../core/words.ts';
import type { Terminal } from './terminal.ts';

const EXIT_CODES = `
Exit codes: 0 as expected (equal), 1 not as expected (different), 2 wrong usage, 3 environment or unknown.`;

/** Runs one command line. @param argv without node and script. @returns the exit code; never throws. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const outcome = { code: EXIT.asExpected as number };
  const program = buildProgram(terminal, (code) => {
    outcome.code = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.asExpected : EXIT.usage;
    if (terminal.signal.aborted) return 130;
    terminal.err(`transfer-e2e: ${messageOf(error)}\n`);
    if (terminal.env.E2E_DEBUG === '1' && error instanceof Error) terminal.err(`${error.stack ?? ''}\n`);
    return error instanceof E2eError ? error.exitCode : EXIT.environment;
  }
}

function buildProgram(terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command('transfer-e2e')
    .description('Proves, or disproves, that a data-transfer engine moves every row intact.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('Add --help for what there is.')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Examples:
  $ transfer-e2e run pg-ch                    every scenario of one pair
  $ transfer-e2e run pg-ch/toast --seed 7     one scenario, the same rows as before
  $ transfer-e2e new pg-ch mine               a scenario of your own that already passes
  $ transfer-e2e doctor                       what this machine can run
${EXIT_CODES}`,
    );

  sub(program, 'list [filter...]', 'Scenarios, with what each covers and expects.')
    .option('--json', 'for programs')
    .addHelpText('after', examples('list', 'list pg-ch', 'list toast --json'))
    .action(async (filters: string[], options: { json?: true }) => {
      const { list } = await import('./list.ts');
      finish(await list(filters, { json: options.json === true }, terminal));
    });

  sub(program, 'run [filter...]', 'Runs scenarios: the same as `npm test -- filter`, with the options as flags.')
    .addOption(new Option('--engine <name>', 'program under test').choices(ENGINES).env('E2E_ENGINE'))
    .addOption(new Option('--stack <name>', 'where databases come from').choices(['auto', ...STACKS]).env('E2E_STACK'))
    .option('--seed <seed>', 'repeats the rows and times of an earlier run')
    .option('--rows <n>', 'rows a fixture table has, whatever the scenario says', positive)
    .option('--keep', 'leaves servers, engines and folders standing')
    .option('-t, --test-name-pattern <pattern>', 'only scenarios whose title matches')
    .option('--shard <i/n>', 'one of n parts of about the same duration, as `matrix` plans them')
    .option('--watch', 'runs again when a file changes')
    .addHelpText(
      'after',
      examples('run', 'run pg-ch', 'run pg-ch/snapshot pg-pg', 'run --engine trctl pg-ch', 'run --shard 1/4'),
    )
    .action(async (filters: string[], options: RunFlags) => {
      const { run } = await import('./run.ts');
      finish(await run(filters, options, terminal));
    });

  sub(program, 'matrix [filter...]', 'Splits the scenarios into shards of about the same duration.')
    .option('--shards <n>', 'how many', positive, 1)
    .option('--json', 'for programs, on one line')
    .option('--record <results...>', 'instead: puts durations of runs into scenarios/durations.json')
    .addHelpText(
      'after',
      examples('matrix --shards 5', 'matrix --shards 2 --json pg-ch', 'matrix --record reports/results.json'),
    )
    .action(async (filters: string[], options: MatrixFlags) => {
      const { matrix } = await import('./matrix.ts');
      finish(await matrix(filters, options, terminal));
    });

  sub(program, 'diff <left> <right>', 'Compares two tables, wherever they are, row by row and cell by cell.')
    .requiredOption('--table <left[:right]>', 'schema.name on the left, and on the right if it differs')
    .option('--key <columns>', 'columns that name a row (default: the primary key)', commaSeparated)
    .option('--json', 'the result as a table of results.json')
    .option('--html <file>', 'the result as a page')
    .option('--list <file>', 'every differing row, one JSON object a line')
    .option('--examples <n>', 'rows shown in full (default: 10; with --json or --html 1000)', positive)
    .addHelpText(
      'after',
      examples(
        'diff postgres://u:p@localhost/shop clickhouse://u:p@localhost:8123/shop --table public.orders:orders',
        'diff $LEFT $RIGHT --table orders --key id --json',
        'diff $LEFT $RIGHT --table \'"my.schema"."my:table"\' --html diff.html',
      ),
    )
    .action(async (left: string, right: string, options: DiffFlags) => {
      const { diff } = await import('./diff.ts');
      finish(await diff(left, right, options, terminal));
    });

  sub(program, 'coverage', 'The 100 squares (pair × mode), by the last run; without one, by the scenario files.')
    .option('--json', 'for programs')
    .option('--strict', 'exit code 1 when a square is missing, unknown or different')
    .option('--reports <folder>', 'where the last run wrote', 'reports')
    .addHelpText('after', examples('coverage', 'coverage --strict'))
    .action(async (options: { json?: true; strict?: true; reports: string }) => {
      const { coverage } = await import('./coverage.ts');
      finish(await coverage(options, terminal));
    });

  sub(program, 'doctor', 'What this machine can run, and how to get the rest.')
    .option('--json', 'for programs')
    .addHelpText('after', examples('doctor', 'doctor --json'))
    .action(async (options: { json?: true }) => {
      const { doctor } = await import('./doctor.ts');
      finish(await doctor(options, terminal));
    });

  sub(program, 'new <pair> <name>', 'Writes a scenario that already passes, to be changed into what you want to know.')
    .addOption(new Option('--mode <mode>', 'how the engine transfers').choices(MODES).default('snapshot-replication'))
    .option('--fixture <name>', 'tables and rows to start from', 'orders')
    .addHelpText('after', examples('new pg-ch mine', 'new pg-pg wide-rows --mode snapshot --fixture wide'))
    .action(async (pair: string, name: string, options: { mode: string; fixture: string }) => {
      const { newScenario } = await import('./new.ts');
      finish(await newScenario(pair, name, options, terminal));
    });

  sub(program, 'up <pair>', 'Starts both databases of a pair, prints how to connect, and stays until Ctrl-C.')
    .addOption(new Option('--stack <name>', 'where databases come from').choices(['auto', ...STACKS]).env('E2E_STACK'))
    .option('--seed <seed>', "varies the servers' time zones", '0')
    .addHelpText('after', examples('up pg-ch', 'up pg-pg --stack container'))
    .action(async (pair: string, options: { stack?: string; seed: string }) => {
      const { up } = await import('./up.ts');
      finish(await up(pair, options, terminal));
    });

  sub(program, 'sweep', 'Ends what earlier runs left: killed ones, and those that were told to --keep.')
    .addHelpText('after', examples('sweep'))
    .action(async () => {
      const { sweepAll } = await import('./sweep.ts');
      finish(await sweepAll(terminal));
    });

  const report = sub(program, 'report', 'Reports of earlier runs.');
  sub(report, 'merge <folder...>', 'Joins the reports of shards: results, coverage, evidence, Allure results.')
    .option('--out <folder>', 'where to', 'reports')
    .addHelpText('after', examples('report merge shard-1/reports shard-2/reports --out reports'))
    .action(async (folders: string[], options: { out: string }) => {
      const { merge } = await import('./merge.ts');
      finish(await merge(folders, options.out, terminal));
    });
  return program;
}

export interface RunFlags {
  readonly engine?: string;
  readonly stack?: string;
  readonly seed?: string;
  readonly rows?: number;
  readonly keep?: true;
  readonly testNamePattern?: string;
  readonly shard?: string;
  readonly watch?: true;
}

export interface MatrixFlags {
  readonly shards: number;
  readonly json?: true;
  readonly record?: readonly string[];
}

export interface DiffFlags {
  readonly table: string;
  readonly key?: readonly string[];
  readonly json?: true;
  readonly html?: string;
  readonly list?: string;
  readonly examples?: number;
}

/** A subcommand with what all have in common; commander copies the parent's output and exit handling into it. */
function sub(parent: Command, usage: string, description: string): Command {
  return parent.command(usage).description(description).allowExcessArguments(false);
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ transfer-e2e ${line}`).join('\n')}\n${EXIT_CODES}`;
}

function positive(text: string): number {
  const value = Number(text.replaceAll('_', '').replaceAll(',', ''));
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

function commaSeparated(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}
