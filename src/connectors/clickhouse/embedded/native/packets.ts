// What clients say in ClickHouse's native protocol: packet numbers, revisions, the hello and the query.
// Layouts are those of src/Server/TCPHandler.cpp and src/Interpreters/ClientInfo.cpp of ClickHouse.
// Must not know how anything is answered.
import { ClickHouseException } from '../exception.ts';
import { unquote } from '../tokens.ts';
import type { ByteReader } from './byte-reader.ts';

/** Packets of clients. */
export const CLIENT = {
  hello: 0,
  query: 1,
  data: 2,
  cancel: 3,
  ping: 4,
  tablesStatus: 5,
  keepAlive: 6,
} as const;

/**
 * The revision this server speaks; a newer client comes down to it. Later ones add chunked packets, time zone updates and
 * more ways to serialize columns, none of which a client needs.
 */
export const REVISION = 54460;

/** From which revision on something is there. */
export const SINCE = {
  settingsAsStrings: 54429,
  interserverSecret: 54441,
  openTelemetry: 54442,
  forwardedFor: 54443,
  referer: 54447,
  distributedDepth: 54448,
  initialQueryStartTime: 54449,
  parallelReplicas: 54453,
  customSerialization: 54454,
  profileEventsInInsert: 54456,
  addendum: 54458,
  parameters: 54459,
  elapsedInProgress: 54460,
} as const;

/** Bytes that a name, a password or a setting may have. */
const SHORT = 1 << 16;
/** Bytes of the text of a query, as over HTTP. */
const LONGEST_QUERY = 64 << 20;
const MOST_SETTINGS = 10_000;

export interface Hello {
  readonly client: string;
  /** The lesser of the client's and ours. */
  readonly revision: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** @throws ClickHouseException for a client that is too old. */
export async function readHello(from: ByteReader): Promise<Hello> {
  const name = await from.string(SHORT);
  const major = await from.varint();
  const minor = await from.varint();
  const revision = await from.varint();
  const database = await from.string(SHORT);
  const user = await from.string(SHORT);
  const password = await from.string(SHORT);
  if (revision < SINCE.settingsAsStrings) {
    throw ClickHouseException.notSupported(
      `a client of protocol revision ${revision}: ${SINCE.settingsAsStrings} (ClickHouse 20.1) is the oldest`,
    );
  }
  return { client: `${name} ${major}.${minor}`, revision: Math.min(revision, REVISION), database, user, password };
}

/** What a client sends after the server's hello: the key of a quota, which this server has none of. */
export async function readAddendum(from: ByteReader): Promise<void> {
  await from.string(SHORT);
}

export interface Setting {
  readonly name: string;
  readonly value: string;
  /** The client wants an exception if the server does not know it. */
  readonly important: boolean;
}

export interface AskedQuery {
  /** Empty if the client leaves the choice to the server. */
  readonly id: string;
  readonly settings: readonly Setting[];
  /** What comes in blocks from here on, both ways, is in compressed frames. */
  readonly compressed: boolean;
  readonly text: Buffer;
  /** Values of `{name:Type}`, escaped as in TabSeparated. */
  readonly parameters: ReadonlyMap<string, string>;
}

export async function readQuery(from: ByteReader, revision: number): Promise<AskedQuery> {
  const id = await from.string(SHORT);
  await skipClientInfo(from, revision);
  const settings = await readSettings(from);
  if (revision >= SINCE.interserverSecret) await from.bytes(SHORT);
  const stage = await from.varint();
  const compressed = (await from.varint()) !== 0;
  const text = await from.bytes(LONGEST_QUERY);
  const parameters = new Map<string, string>();
  if (revision >= SINCE.parameters) {
    for (const { name, value } of await readSettings(from)) parameters.set(name, value);
  }
  if (stage !== COMPLETE)
    throw ClickHouseException.notSupported(`a query up to stage ${stage}, as servers ask servers`);
  return { id, settings, compressed, text: Buffer.from(text), parameters };
}

/** QueryProcessingStage::Complete. */
const COMPLETE = 2;

const FLAG = { important: 1, custom: 2 } as const;

async function readSettings(from: ByteReader): Promise<Setting[]> {
  const settings: Setting[] = [];
  for (;;) {
    const name = await from.string(SHORT);
    if (name === '') return settings;
    const flags = await from.varint();
    const value = await from.string(LONGEST_QUERY);
    // The values of custom settings and of parameters come as literals.
    const plain = (flags & FLAG.custom) === 0 ? value : dumped(value);
    settings.push({ name, value: plain, important: (flags & FLAG.important) !== 0 });
    if (settings.length > MOST_SETTINGS) {
      throw new ClickHouseException(117, 'INCORRECT_DATA', `A query has more than ${MOST_SETTINGS} settings`);
    }
  }
}

/** The value of a field as ClickHouse dumps it: a string between quotes. */
function dumped(value: string): string {
  return value.startsWith("'") && value.endsWith("'") && value.length > 1 ? unquote(value) : value;
}

const INTERFACE = { tcp: 1, http: 2 } as const;

/** Who asked first, in a cluster. */
async function skipClientInfo(from: ByteReader, revision: number): Promise<void> {
  const kind = await from.byte();
  if (kind === 0) return;
  await from.string(SHORT); // initial user
  await from.string(SHORT); // initial query id
  await from.string(SHORT); // initial address
  if (revision >= SINCE.initialQueryStartTime) await from.take(8);
  const interfaceKind = await from.byte();
  if (interfaceKind === INTERFACE.tcp) {
    await from.string(SHORT); // user of the client's system
    await from.string(SHORT); // its host
    await from.string(SHORT); // its name
    await from.varint(); // major
    await from.varint(); // minor
    await from.varint(); // its revision
  } else if (interfaceKind === INTERFACE.http) {
    await from.byte(); // method
    await from.string(SHORT); // user agent
    if (revision >= SINCE.forwardedFor) await from.string(SHORT);
    if (revision >= SINCE.referer) await from.string(SHORT);
  }
  await from.string(SHORT); // quota key
  if (revision >= SINCE.distributedDepth) await from.varint();
  if (interfaceKind === INTERFACE.tcp) await from.varint(); // patch
  if (revision >= SINCE.openTelemetry && (await from.byte()) !== 0) {
    await from.take(24); // trace and span
    await from.string(SHORT); // state
    await from.byte(); // flags
  }
  if (revision >= SINCE.parallelReplicas) {
    for (let number = 0; number < 3; number += 1) await from.varint();
  }
}
