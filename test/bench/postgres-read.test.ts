/**
 * How fast a Postgres table of seven narrow columns becomes canonical rows, and in how much memory. Not part of a run:
 * `E2E_BENCH=1 npx vitest run --project unit test/bench` prints it. The target is 500,000 rows a second.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { postgres } from '../../src/connectors/postgres/index.ts';
import { wholeTable } from '../contract/tables.ts';

const ROWS = 2_000_000;

const TABLE = `
  CREATE TABLE narrow AS
    SELECT i::bigint AS id, (i % 1000)::int AS a, (i * 1.37)::numeric(12, 2) AS n, 'text ' || i AS t,
           timestamptz '2024-01-01' + i * interval '1 s' AS ts, i % 2 = 0 AS ok, i::float8 / 3 AS f
    FROM generate_series(1, ${ROWS}) AS i`;

describe.runIf(process.env.E2E_BENCH === '1')('reading Postgres', () => {
  it('rows a second', { timeout: 300_000 }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'e2e-bench-'));
    chmodSync(directory, 0o755);
    const { signal } = new AbortController();
    {
      await using server = await postgres.provision('embedded', { seed: '1', directory, signal, own: () => undefined });
      await using session = await postgres.open(server.info, 'bench');
      await session.write({ kind: 'native', statements: TABLE });
      const table = await session.describe({ name: 'narrow' });
      const request = wholeTable(table ?? { name: 'narrow', columns: [], key: [] });
      for (let turn = 1; turn <= 3; turn += 1) {
        const start = performance.now();
        const before = process.cpuUsage();
        let rows = 0;
        let largest = 0;
        for await (const batch of session.read(request)) {
          rows += batch.rows;
          largest = Math.max(largest, process.memoryUsage.rss());
        }
        expect(rows).toBe(ROWS);
        const { user, system } = process.cpuUsage(before);
        const perSecond = Math.round(ROWS / ((performance.now() - start) / 1000));
        const perCpuSecond = Math.round(ROWS / ((user + system) / 1e6));
        console.log(
          `turn ${turn}: ${perSecond.toLocaleString('en-US')} rows/s, ${perCpuSecond.toLocaleString('en-US')} rows a ` +
            `CPU second of the reader, at most ${Math.round(largest / 1e6)} MB resident`,
        );
      }
    }
    rmSync(directory, { recursive: true, force: true });
  });
});
