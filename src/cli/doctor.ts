/** `transfer-e2e doctor`: what this machine can run, and how to get the rest. Starts nothing. */
import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { AVAILABLE_ENGINES, engineNamed } from '../engines/registry.ts';
import { EXIT, messageOf } from '../core/errors.ts';
import { Ledger } from '../core/ledger.ts';
import { PROJECT_ROOT } from '../core/root.ts';
import { DATABASES, ENGINES, STACKS } from '../core/words.ts';
import { CONNECTED, connectorFor } from './registry/connectors.ts';
import type { Terminal } from './terminal.ts';

/** One thing that was looked at. `needed`: without it not even the default run works. */
export interface Finding {
  readonly area: 'machine' | 'database' | 'engine';
  readonly name: string;
  readonly ok: boolean;
  readonly needed: boolean;
  readonly what: string;
  /** What to do about it, where something can be done. */
  readonly remedy?: string;
}

const GIB = 2 ** 30;
/** Both embedded servers, the workers and a 16 MB value, with room for the rest of the machine. */
const MEMORY_BYTES = 2 * GIB;
const DISK_BYTES = 2 * GIB;

/** Exit code 3 when the default run, embedded servers and the reference engine, cannot work here. */
export async function doctor(flags: { readonly json?: true }, terminal: Terminal): Promise<number> {
  const findings = [...(await machine()), ...(await databases()), ...engines(terminal.env)];
  terminal.out(flags.json === true ? `${JSON.stringify({ findings }, null, 2)}\n` : print(findings, terminal.colour));
  return findings.every(({ ok, needed }) => ok || !needed) ? EXIT.asExpected : EXIT.environment;
}

async function machine(): Promise<Finding[]> {
  const manifest = JSON.parse(await readFile(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
  };
  const disk = await statfs(tmpdir());
  const free = disk.bavail * disk.bsize;
  return [
    {
      area: 'machine',
      name: 'node',
      ok: nodeIsSupported(process.versions.node),
      needed: true,
      what: `${process.versions.node} on ${process.platform}-${process.arch}, supported: ${manifest.engines.node}`,
      remedy: 'install a supported Node',
    },
    {
      area: 'machine',
      name: 'memory',
      ok: totalmem() >= MEMORY_BYTES,
      needed: true,
      what: `${gib(totalmem())}, ${gib(freemem())} free, ${availableParallelism()} cores`,
      remedy: `both embedded servers and the workers want ${gib(MEMORY_BYTES)}`,
    },
    {
      area: 'machine',
      name: 'disk',
      ok: free >= DISK_BYTES,
      needed: true,
      what: `${gib(free)} free in ${tmpdir()}`,
      remedy: `free ${gib(DISK_BYTES)} there, or let TMPDIR name another folder`,
    },
  ];
}

/** 20.19, 22.12, 24 and later, as package.json says; odd releases between them are not tested. */
export function nodeIsSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
}

async function databases(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const kind of DATABASES) {
    if (!CONNECTED.includes(kind)) {
      const remedy = 'docs/add-a-database.md has the steps';
      findings.push({ area: 'database', name: kind, ok: false, needed: false, what: 'no connector yet', remedy });
      continue;
    }
    for (const stack of STACKS) {
      const about = { area: 'database', name: `${kind}, ${stack}`, needed: stack === 'embedded' } as const;
      try {
        const probe = await (await connectorFor(kind)).probe(stack);
        findings.push(
          probe.available
            ? { ...about, ok: true, what: probe.what }
            : { ...about, ok: false, what: probe.why, remedy: probe.remedy },
        );
      } catch (error) {
        findings.push({ ...about, ok: false, what: messageOf(error) });
      }
    }
  }
  return findings;
}

function engines(env: NodeJS.ProcessEnv): Finding[] {
  const ledger = Ledger.create();
  try {
    return ENGINES.map((name) => {
      const about = { area: 'engine', name, needed: name === 'reference' } as const;
      if (!AVAILABLE_ENGINES.includes(name)) {
        return { ...about, ok: false, what: 'cannot be driven yet', remedy: 'docs/add-an-engine.md has the steps' };
      }
      try {
        engineNamed(name, ledger, env);
        return { ...about, ok: true, what: `E2E_ENGINE=${name}` };
      } catch (error) {
        return { ...about, ok: false, what: messageOf(error) };
      }
    });
  } finally {
    ledger.end();
  }
}

function print(findings: readonly Finding[], colour: boolean): string {
  const colours = pc.createColors(colour);
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, ok, needed, what, remedy }) => {
    const mark = ok ? colours.green('✓') : needed ? colours.red('✗') : colours.dim('–');
    const line = `${mark} ${name.padEnd(width)}  ${what}`;
    return ok || remedy === undefined ? [line] : [line, `  ${' '.repeat(width)}  → ${remedy}`];
  });
  const works = findings.every(({ ok, needed }) => ok || !needed);
  const closing = works
    ? 'npm test works here: embedded servers, reference engine'
    : 'npm test cannot work here: see ✗ above';
  return `${lines.join('\n')}\n\n${closing}\n`;
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
