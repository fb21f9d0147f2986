/**
 * The contract of a connector: what every database behind the door must do, tested through the door alone.
 *
 * A database joins with one file, `test/contract/<database>.test.ts`, that calls `connectorContract`. What it does not
 * do is said by its traits, or by the refusals below; nothing is skipped otherwise.
 * One server is started for the whole suite; every test has a namespace of its own.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connector, ProvisionOptions, Server, Session } from '../../src/connectors/connector.ts';
import { type Owned, startTimeOf } from '../../src/core/ledger.ts';
import type { ServerInfo } from '../../src/core/server.ts';
import type { Stack } from '../../src/core/words.ts';
import { readContract } from './contract-read.ts';
import { sessionContract } from './contract-session.ts';
import { typeContract } from './contract-types.ts';
import { writeContract } from './contract-write.ts';

export interface ContractSetup {
  readonly connector: Connector;
  /** Where the server comes from; embedded when absent. */
  readonly stack?: Stack;
  /** Portable types, as `printType` spells them, that `create` must refuse with an E2eError. */
  readonly refusedTypes?: readonly string[];
  /** Portable types that cannot be NULL here (arrays, where the database has no NULL for them). */
  readonly notNullable?: readonly string[];
  /** Whether floats are finite here: NaN and the infinities must then be refused when they are written. */
  readonly finiteFloats?: boolean;
}

/** What the parts of the contract work on. */
export interface Subject {
  readonly connector: Connector;
  readonly refusedTypes: readonly string[];
  readonly notNullable: readonly string[];
  readonly finiteFloats: boolean;
  readonly server: () => ServerInfo;
  /** A session in a namespace of its own; the test disposes of it. */
  readonly open: () => Promise<Session>;
  /** A second server, for tests that break it. */
  readonly provision: () => Promise<Provisioned>;
}

/** A server and what it reported to own. */
export interface Provisioned extends AsyncDisposable {
  readonly server: Server;
  readonly owned: readonly Owned[];
}

const START_MS = 120_000;

/** Registers the whole contract with vitest. @param name of the database, for the test's titles. */
export function connectorContract(name: string, setup: ContractSetup): void {
  const { connector, stack = 'embedded' } = setup;
  describe(`${name} keeps the connector's contract`, () => {
    let started: Provisioned | undefined;
    const server = (): ServerInfo => {
      if (started === undefined) throw new Error('the server did not start');
      return started.server.info;
    };
    const subject: Subject = {
      connector,
      refusedTypes: setup.refusedTypes ?? [],
      notNullable: setup.notNullable ?? [],
      finiteFloats: setup.finiteFloats ?? false,
      server,
      open: () => connector.open(server(), `e2e_${randomBytes(6).toString('hex')}`),
      provision: () => provision(connector, stack),
    };

    beforeAll(async () => {
      started = await provision(connector, stack);
    }, START_MS);
    afterAll(async () => {
      await started?.[Symbol.asyncDispose]();
    }, START_MS);

    it('says that it is available, and what the server is', async () => {
      expect(await connector.probe(stack)).toMatchObject({ available: true });
      const { info } = started?.server ?? {};
      expect(info).toMatchObject({ kind: connector.kind, stack });
      expect(info?.version).toMatch(/^\d+\./);
    });

    typeContract(subject);
    writeContract(subject);
    readContract(subject);
    sessionContract(subject);
  });
}

/** Starts a server in a folder of its own. Disposing stops it and checks that nothing is left of it. */
async function provision(connector: Connector, stack: Stack): Promise<Provisioned> {
  const directory = mkdtempSync(join(tmpdir(), 'e2e-contract-'));
  chmodSync(directory, 0o755);
  const owned: Owned[] = [];
  const options: ProvisionOptions = {
    seed: process.env.E2E_SEED ?? '1',
    directory,
    signal: new AbortController().signal,
    own: (thing) => void owned.push(thing),
  };
  try {
    const server = await connector.provision(stack, options);
    return {
      server,
      owned,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        const left = owned.filter((thing) => thing.what === 'process' && startTimeOf(thing.pid) !== undefined);
        rmSync(directory, { recursive: true, force: true });
        expect(left, 'processes that outlive their server').toEqual([]);
      },
    };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}
