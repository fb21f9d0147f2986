/**
 * Where the DSN of a server that somebody else runs is written: in the environment, or in the file that E2E_DSNS names.
 * Must not know what a DSN says.
 */
import { readFileSync } from 'node:fs';
import { messageOf, ProvisionError } from '../core/errors.ts';

const FILE = 'E2E_DSNS';

/** `NAME=value`, quoted or not, as shells and .env files have it. */
const LINE = /^(?:export\s+)?(E2E_[A-Z]+_DSN)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']\S*)?)$/;

/**
 * The value of `variable`: the environment's, or else the file's; undefined if neither has it.
 *
 * @throws ProvisionError for a file that cannot be read, by line. Values are not quoted: they hold passwords.
 */
export function externalDsn(variable: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const own = env[variable] ?? '';
  if (own !== '') return own;
  const file = env[FILE] ?? '';
  return file === '' ? undefined : readDsns(file).get(variable);
}

function readDsns(file: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ProvisionError(`${FILE} names ${file}, which cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const found = new Map<string, string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, ...values]: (string | undefined)[] = LINE.exec(line) ?? [];
    if (name === undefined) {
      throw new ProvisionError(
        `${file}:${index + 1} is no DSN; a line reads E2E_POSTGRES_DSN=postgres://…, or begins with #`,
      );
    }
    if (found.has(name)) throw new ProvisionError(`${file}:${index + 1} names ${name} once more`);
    const value = values.find((one) => one !== undefined) ?? '';
    if (value !== '') found.set(name, value);
  }
  return found;
}
