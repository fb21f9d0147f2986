#!/usr/bin/env node
// An engine with the engine's command line and one fault, chosen by STRANGER: it copies rightly by way of trctl, then
// damages what it wrote to ClickHouse, or misbehaves as a program. The harness must tell every one of them apart.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const fault = process.env.STRANGER ?? 'none';
const [verb, , file] = process.argv.slice(2);
const trctl = fileURLToPath(new URL('../../bin/trctl.js', import.meta.url));

/** @type {Record<string, string | string[]>} fault → what is done to `orders` at the destination. */
const DAMAGE = {
  'drop-row': 'ALTER TABLE orders DELETE WHERE id = (SELECT min(id) FROM orders)',
  // Into a plain MergeTree: a replacing one would take the second copy for a newer version of the first.
  'duplicate-row': [
    'CREATE TABLE plain ENGINE = MergeTree ORDER BY id AS SELECT * FROM orders',
    'INSERT INTO plain SELECT * FROM plain WHERE id = (SELECT max(id) FROM plain)',
    'DROP TABLE orders',
    'RENAME TABLE plain TO orders',
  ],
  'shift-hour': 'ALTER TABLE orders UPDATE placed_at = placed_at + INTERVAL 1 HOUR WHERE 1',
  'empty-to-null': "ALTER TABLE orders UPDATE note = NULL WHERE note = ''",
  truncate: 'ALTER TABLE orders UPDATE note = substringUTF8(note, 1, 3) WHERE 1',
  round: 'ALTER TABLE orders UPDATE amount = round(amount, 1) WHERE 1',
};

const SILENT = {
  nothing: () => process.exit(0),
  hang: () => setInterval(() => undefined, 1000),
  crash: () => process.kill(process.pid, 'SIGSEGV'),
  fail: () => {
    console.error('Error: the disk of my heart is full');
    process.exit(17);
  },
  'ignore-sigterm': () => {
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 1000);
  },
  orphan: () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e3)'], { detached: true, stdio: 'ignore' });
    console.log(`orphan ${child.pid}`);
    child.unref();
    setInterval(() => undefined, 1000);
  },
};

if (fault in SILENT) {
  SILENT[fault]();
} else {
  if (fault === 'flood') {
    const block = 'all is well, nothing to see here\n'.repeat(32_768);
    for (let written = 0; written < 1 << 30; written += block.length) {
      if (!process.stdout.write(block)) await new Promise((resolve) => process.stdout.once('drain', resolve));
    }
  }
  const { status } = spawnSync(process.execPath, [trctl, verb, '--file', file], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  const { params } = parse(readFileSync(file, 'utf8')).dst;
  const query = async (/** @type {string} */ sql) => {
    const url = new URL(`http://${params.ShardsList[0].Hosts[0]}:${params.HTTPPort}/`);
    for (const [key, value] of Object.entries({ database: params.Database, mutations_sync: '2' }))
      url.searchParams.set(key, value);
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'X-ClickHouse-User': params.User, 'X-ClickHouse-Key': params.Password },
      body: sql,
    });
    if (!answer.ok) throw new Error(`${sql}: ${await answer.text()}`);
    return answer.text();
  };
  if (fault === 'swap-columns') {
    for (const [from, to] of [
      ['quantity', 'spare'],
      ['discount', 'quantity'],
      ['spare', 'discount'],
    ]) {
      await query(`ALTER TABLE orders RENAME COLUMN ${from} TO ${to}`);
    }
  } else if (fault in DAMAGE) {
    for (const sql of [DAMAGE[fault]].flat()) await query(sql);
  }
}
