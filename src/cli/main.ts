/** The process behind `transfer-e2e`: joins the commands to a real terminal. */
import { wantsColour, wantsProgress } from '../report/terminal.ts';
import { main } from './program.ts';

const interrupt = new AbortController();
// The second Ctrl-C ends at once: a command that hangs in its clean-up must not hold the terminal.
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
process.once('SIGTERM', () => interrupt.abort(new Error('terminated')));
// A reader such as `head` that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  colour: wantsColour(process.stdout),
  progress: wantsProgress(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  signal: interrupt.signal,
});
