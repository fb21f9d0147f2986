/**
 * Stage 10: the files that let somebody else see what happened. Passwords are masked before anything is written; what an
 * engine or server printed is bounded.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { Evidence } from '../core/result.ts';
import { mask } from '../core/secret.ts';
import { htmlReport } from '../diff/html.ts';
import type { Course, LifeOptions } from './life.ts';

/** Of a server's log only the end is taken: it serves the whole run. */
const SERVER_LOG_BYTES = 64 * 1024;

/** Writes the scenario's evidence and says what there is. A file that cannot be written becomes a note. */
export async function gatherEvidence({ reports }: LifeOptions, course: Course, ok: boolean): Promise<Evidence[]> {
  const { prepared, supervision } = course;
  if (prepared === undefined) return [];
  const gathered: Evidence[] = [];
  const secrets = course.servers.map((server) => server.engineView.password);
  await mkdir(prepared.evidence, { recursive: true });

  const keep = async (
    name: string,
    file: string,
    type: string,
    text: () => Promise<string> | string,
  ): Promise<void> => {
    const path = join(prepared.evidence, file);
    try {
      await writeFile(path, mask(await text(), secrets));
      gathered.push({ name, path: relative(reports, path), type });
    } catch (error) {
      course.notes.push(`no evidence "${name}": ${messageOf(error)}`);
    }
  };

  const config = join(prepared.transfer.directory, 'transfer.yaml');
  if (existsSync(config))
    await keep('engine configuration', 'transfer.yaml', 'text/yaml', () => readFile(config, 'utf8'));
  if (supervision !== undefined) await keep('engine log', 'engine.log', 'text/plain', () => supervision.log());
  if (course.events.length > 0) await keep('steps', 'steps.txt', 'text/plain', () => `${course.events.join('\n')}\n`);
  for (const server of course.servers) {
    const { logFile } = server;
    if (logFile !== undefined)
      await keep(`${server.kind} log`, `${server.kind}.log`, 'text/plain', () => tail(logFile));
  }
  for (const table of course.tables) {
    const file = prepared.listFile(table.name);
    if (table.list === undefined || !existsSync(file)) continue;
    gathered.push({
      name: `differences in ${table.name}`,
      path: relative(reports, file),
      type: 'application/x-ndjson',
    });
  }
  if (!ok && course.tables.some((table) => table.verdict === 'different')) {
    await keep('diff', 'diff.html', 'text/html', () => htmlReport(course.tables));
  } else {
    await rm(join(prepared.evidence, 'diff.html'), { force: true });
  }
  return gathered;
}

async function tail(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - SERVER_LOG_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await handle.close();
  }
}
