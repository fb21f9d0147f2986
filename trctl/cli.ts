/** The command line, after the chart's `trctl` with the public spellings as aliases. Loads the rest only for what is asked. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { TransferConfig } from './config/load.ts';
import { ConfigError, Interrupted, TransferError, oneLine } from './errors.ts';
import { LOG_FORMATS, LOG_LEVELS, createLogger } from './log.ts';
import type { LogFormat, LogLevel } from './log.ts';
import type { Jobs } from './share/notes.ts';
import type { TransferContext } from './transfer/transfer.ts';

interface Options {
  readonly file?: string;
  readonly transfer?: string;
  readonly coordinator: 'memory' | 'file' | 's3';
  readonly coordinatorDir: string;
  readonly coordinatorS3Bucket?: string;
  readonly coordinatorS3Endpoint?: string;
  readonly coordinatorJobCount: number;
  readonly coordinatorJobIndex: number;
  readonly coordinatorProcessCount?: number;
  readonly coordinatorLease: number;
  readonly logLevel: LogLevel;
  readonly logConfig: LogFormat;
  readonly healthCheckPort?: number;
}

type Work = (context: TransferContext) => Promise<void>;

const COMMANDS = {
  activate: {
    description: 'copy the snapshot, or make ready what replication needs',
    load: async (): Promise<Work> => (await import('./transfer/activate.ts')).activate,
    stopsCleanly: false,
  },
  replication: {
    description: 'follow changes until SIGTERM or SIGINT (activates first if that was never done)',
    load: async (): Promise<Work> => (await import('./transfer/replicate.ts')).replicate,
    stopsCleanly: true,
  },
  check: {
    description: 'connect to both ends, find the tables, map their types; changes nothing',
    load: async (): Promise<Work> => (await import('./transfer/check.ts')).check,
    stopsCleanly: false,
  },
  validate: {
    description: 'read the config and connect to nothing',
    load: async (): Promise<Work> => (await import('./transfer/check.ts')).validate,
    stopsCleanly: false,
  },
} as const;

const EXAMPLES = `
Examples:
  trctl validate --file transfer.yaml
  trctl activate --file transfer.yaml --coordinator file --coordinator-dir state
  trctl replication --file transfer.yaml --coordinator file --coordinator-dir state

transfer.yaml:
  id: orders
  type: SNAPSHOT_AND_INCREMENT          # or SNAPSHOT_ONLY, INCREMENT_ONLY
  src: {type: pg, params: {Hosts: [127.0.0.1], Port: 5432, Database: shop, User: u, Password: "\${PGPASSWORD}", DBTables: [public.orders]}}
  dst: {type: ch, params: {ShardsList: [{Hosts: [127.0.0.1]}], HTTPPort: 8123, User: default, Password: "", Database: shop}}

Exit codes: 0 done, 2 config, 3 environment, 4 data that cannot be carried, 1 a bug; 143 and 130 for an activation ended by SIGTERM and SIGINT.
`;

/** @param argv as process.argv. @returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('trctl')
    .description('Copies tables from one database to another: a snapshot, the changes after it, or both.')
    .version(VERSION)
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', EXAMPLES)
    .configureOutput({ writeErr: (text) => void process.stderr.write(text.replace(/\n(?=\()/g, ' ')) });
  for (const [name, command] of Object.entries(COMMANDS)) {
    const sub = program
      .command(name)
      .description(command.description)
      .option('--file <yaml>', "the transfer's config")
      .addOption(new Option('--transfer <yaml>', 'the same as --file').hideHelp())
      .addOption(
        new Option('--coordinator <kind>', 'where progress is kept')
          .choices(['memory', 'file', 's3'])
          .default('memory'),
      )
      .option('--coordinator-dir <directory>', 'for --coordinator file', '.trctl')
      .option('--coordinator-s3-bucket <bucket>', 'for --coordinator s3')
      .option(
        '--coordinator-s3-endpoint <url>',
        'for an S3 that is not AWS (default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL)',
      )
      .option(
        '--coordinator-job-count <n>',
        'workers beside the main one that share the activation, from 2 on',
        wholeNumber,
        0,
      )
      .option('--coordinator-job-index <i>', '0 for the main worker, 1 to n for the others', wholeNumber, 0)
      .option('--coordinator-process-count <p>', 'parts that this process copies at once', wholeNumber)
      .option('--coordinator-lease <ms>', 'silence after which a process counts as dead', wholeNumber, LEASE_MS)
      .addOption(new Option('--log-level <level>', 'least level that is printed').choices(LOG_LEVELS).default('info'))
      .addOption(
        new Option('--log-config <format>', 'console, minimal: stdout; json: stderr')
          .choices(LOG_FORMATS)
          .default('console'),
      )
      .option('--health-check-port <port>', 'answer GET /ping there', portNumber)
      .addOption(new Option('--run-profiler [on]', 'accepted without effect').hideHelp())
      .action(async (options: Options) => {
        exitCode = await perform(command, options);
      });
    if (name === 'replication') sub.alias('replicate');
  }
  try {
    await program.parseAsync(argv);
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    return cause.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

const VERSION = '0.1.0';
/** Milliseconds; long enough for a slow object store and a busy machine. */
const LEASE_MS = 15_000;
const LEAST_LEASE_MS = 500;
/** Milliseconds that an interrupted activation has to drop a slot that nobody will use. */
const UNDO_MS = 1_200;

async function perform(command: (typeof COMMANDS)[keyof typeof COMMANDS], options: Options): Promise<number> {
  const stopping = new AbortController();
  let stopped: Interrupted | undefined;
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      stopped ??= new Interrupted(name);
      stopping.abort(stopped);
      // Whatever hangs, the program is gone within two seconds.
      setTimeout(() => process.exit(command.stopsCleanly ? 0 : stopped?.exitCode), 1_900).unref();
    });
  }
  const interrupted = async (working: Promise<void>): Promise<void> => {
    await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
    // It may undo what nobody could go on from, but the signal does not wait for long.
    await Promise.race([working.catch(() => undefined), delay(UNDO_MS)]);
    throw stopping.signal.reason;
  };
  try {
    const file = options.file ?? options.transfer;
    if (file === undefined) throw new ConfigError("missing option --file; give the transfer's YAML");
    const config = await readConfig(file);
    const log = createLogger(options.logConfig, options.logLevel);
    if (config.ignored.length > 0) log.info(`keys without effect: ${config.ignored.join(', ')}`);
    if (options.healthCheckPort !== undefined) await openHealth(options.healthCheckPort);
    const work = await command.load();
    const jobs = jobsOf(options, command.stopsCleanly);
    const context: TransferContext = {
      config,
      coordinator: await openCoordinator(options),
      log,
      signal: stopping.signal,
      ...(options.coordinatorProcessCount === undefined ? {} : { parallelism: options.coordinatorProcessCount }),
      ...(jobs === undefined ? {} : { jobs }),
    };
    const working = work(context);
    await (command.stopsCleanly ? working : Promise.race([working, interrupted(working)]));
    return 0;
  } catch (cause) {
    if (stopped !== undefined) return command.stopsCleanly ? 0 : stopped.exitCode;
    const failure = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
    if (failure instanceof TransferError) {
      process.stderr.write(`trctl: ${oneLine(failure)}\n`);
      return failure.exitCode;
    }
    process.stderr.write(`trctl: unexpected: ${oneLine(failure)}; this is a bug of trctl\n`);
    if (options.logLevel === 'debug' && failure instanceof Error) process.stderr.write(`${failure.stack ?? ''}\n`);
    return 1;
  }
}

async function readConfig(file: string): Promise<TransferConfig> {
  return (await import('./config/load.ts')).loadTransfer(file, process.env);
}

/** Answers for as long as the process lives. */
async function openHealth(port: number): Promise<void> {
  await (await import('./health.ts')).serveHealth(port);
}

async function openCoordinator(options: Options): Promise<TransferContext['coordinator']> {
  if (options.coordinator === 'memory') return new (await import('./coordinator/memory.ts')).MemoryCoordinator();
  if (options.coordinator === 'file') {
    return new (await import('./coordinator/file.ts')).FileCoordinator(path.resolve(options.coordinatorDir));
  }
  const bucket = options.coordinatorS3Bucket;
  if (bucket === undefined) throw new ConfigError('--coordinator s3 needs a bucket; give --coordinator-s3-bucket');
  const { openS3Coordinator } = await import('./coordinator/s3.ts');
  return openS3Coordinator({ bucket, endpoint: options.coordinatorS3Endpoint }, process.env);
}

/** Undefined: the activation is this process's alone. @throws ConfigError. */
function jobsOf(options: Options, replicates: boolean): Jobs | undefined {
  const { coordinatorJobCount: count, coordinatorJobIndex: index, coordinatorLease: leaseMs } = options;
  if (options.coordinatorProcessCount === 0) throw new ConfigError('--coordinator-process-count is at least 1');
  if (leaseMs < LEAST_LEASE_MS) throw new ConfigError(`--coordinator-lease is at least ${LEAST_LEASE_MS} ms`);
  const last = count < 2 ? 0 : count;
  if (index > last) {
    throw new ConfigError(
      `--coordinator-job-index ${index} is beyond ${last}, the last of --coordinator-job-count ${count}`,
    );
  }
  if (count < 2) return undefined;
  if (replicates && index > 0) {
    throw new ConfigError('replication is done by one process; start it with --coordinator-job-index 0, or without');
  }
  if (options.coordinator === 'memory') {
    throw new ConfigError(
      '--coordinator memory is known to one process only; for --coordinator-job-count give --coordinator s3, or file on one machine',
    );
  }
  return { index, count, leaseMs };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number.');
  return Number(text);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new InvalidArgumentError('A port is 1 to 65535.');
  return port;
}
