/**
 * The program trctl: reads the command line, runs one command, and ends with an exit code and at most one line on stderr.
 * 0 done · 1 a bug of this program · 2 config · 3 environment · 4 data · 143/130 ended by a signal during activation.
 */
import { run } from './cli.ts';

process.exitCode = await run(process.argv);
// Connections that were cut short must not keep the process; what is written to pipes is written by then.
await new Promise((resolve) => process.stdout.write('', resolve));
process.exit();
