/**
 * Changes of tables without a key, right as multisets and right again when they are replayed.
 *
 * Each row that was ever inserted has an identity: the position and number of its change (or of its line in the snapshot).
 * It is stored under (hash of its values, identity). A delete takes one living identity with the hash of the old row and
 * writes its tombstone, which names the delete itself by position and number: a delete that finds its own tombstone has
 * been done, and an insert whose identity has a tombstone is not made again.
 */
import type { Put, Remove } from '../model/change.ts';
import type { RowChange, TableChanges } from '../model/compact.ts';
import type { Connection } from './connection.ts';
import type { Target } from './ddl.ts';
import { hashOfRow } from './encode.ts';
import { COMMIT, DELETE, ROW_EVENT, ROW_HASH, ROW_ID, literal, quote } from './names.ts';

export interface KeylessOutcome {
  readonly puts: { readonly put: Put; readonly hash: string; readonly id: string }[];
  readonly tombstones: { readonly by: Remove; readonly hash: string; readonly id: string }[];
}

/** Hashes looked up in one query, well below max_query_size. */
const LOOKUP = 1_000;

export async function settleKeyless(
  connection: Connection,
  target: Target,
  group: TableChanges,
): Promise<KeylessOutcome> {
  const hashed = group.changes.map((change) => ({ change, hash: hashOfRow(group.table, change.row) }));
  const removed = new Map<string, number>();
  for (const { change, hash } of hashed) {
    if (change.kind === 'remove') removed.set(hash, (removed.get(hash) ?? 0) + 1);
  }
  const living = new Map<string, string[]>();
  const done = new Set<string>();
  const dead = new Set<string>();
  const hashes = [...removed.keys()];
  for (let at = 0; at < hashes.length; at += LOOKUP) {
    const some = hashes.slice(at, at + LOOKUP);
    const concerned = hashed.filter(({ hash }) => removed.has(hash));
    await lookUp(connection, target, some, Math.max(...some.map((hash) => removed.get(hash) ?? 0)), concerned, {
      living,
      done,
      dead,
    });
  }
  const puts = new Map<string, KeylessOutcome['puts'][number]>();
  const tombstones: KeylessOutcome['tombstones'] = [];
  for (const { change, hash } of hashed) {
    const id = identity(change);
    if (change.kind === 'put') {
      if (dead.has(id)) continue;
      puts.set(id, { put: change, hash, id });
      const ids = living.get(hash);
      if (ids !== undefined && !ids.includes(id)) ids.push(id);
    } else if (!done.has(id)) {
      const victim = living.get(hash)?.pop();
      if (victim === undefined) continue; // never was at the destination: INCREMENT_ONLY began after it
      puts.delete(victim);
      tombstones.push({ by: change, hash, id: victim });
    }
  }
  return { puts: [...puts.values()], tombstones };
}

export function identity(change: RowChange): string {
  return `${change.commit.toString(16)}:${change.number}`;
}

interface Found {
  readonly living: Map<string, string[]>;
  /** Deletes whose tombstone is there. */
  readonly done: Set<string>;
  /** Identities of this batch's puts that are dead already. */
  readonly dead: Set<string>;
}

async function lookUp(
  connection: Connection,
  target: Target,
  hashes: readonly string[],
  copies: number,
  changes: readonly { change: RowChange; hash: string }[],
  found: Found,
): Promise<void> {
  const within = `${quote(ROW_HASH)} IN (${hashes.map(literal).join(', ')})`;
  for (const hash of hashes) found.living.set(hash, []);
  const alive = await connection.rows<{ hash: string; id: string }>(
    `SELECT ${quote(ROW_HASH)} AS hash, ${quote(ROW_ID)} AS id FROM ${target.name} FINAL
      WHERE ${within} AND ${quote(DELETE)} = 0 LIMIT ${copies} BY ${quote(ROW_HASH)}`,
  );
  for (const { hash, id } of alive) found.living.get(hash)?.push(id);
  const wanted = new Set(hashes);
  const commits = new Set<string>();
  const ids = new Set<string>();
  for (const { change, hash } of changes) {
    if (!wanted.has(hash)) continue;
    if (change.kind === 'remove') commits.add(change.commit.toString());
    else ids.add(identity(change));
  }
  const ofPuts =
    ids.size === 0 || ids.size > LOOKUP ? '1' : `${quote(ROW_ID)} IN (${[...ids].map(literal).join(', ')})`;
  const tombs = await connection.rows<{ id: string; commit: string; event: number }>(
    `SELECT ${quote(ROW_ID)} AS id, toString(${quote(COMMIT)}) AS commit, ${quote(ROW_EVENT)} AS event FROM ${target.name} FINAL
      WHERE ${within} AND ${quote(DELETE)} != 0
        AND (toString(${quote(COMMIT)}) IN (${[...commits].slice(0, LOOKUP).map(literal).join(', ')})${commits.size > LOOKUP ? ' OR 1' : ''} OR ${ids.size === 0 ? '0' : ofPuts})`,
  );
  for (const { id, commit, event } of tombs) {
    found.done.add(`${BigInt(commit).toString(16)}:${event}`);
    if (ids.has(id)) found.dead.add(id);
  }
}
