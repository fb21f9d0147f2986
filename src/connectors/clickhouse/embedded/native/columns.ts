// Follows the bytes of a column without decoding them: only so can the end of a block be found on the wire, for nothing
// there says how long it is. Layouts are those of ClickHouse's serializations (src/DataTypes/Serializations), in the
// versions that a client of this protocol's revision sends. Must not know packets.
import { ClickHouseException } from '../exception.ts';
import type { ByteReader, Sink } from './byte-reader.ts';
import { varint } from './byte-reader.ts';
import type { Layout } from './column-type.ts';
import { byBytes, layoutOf } from './column-type.ts';

/** Bytes that the name of a type may have. */
const LONGEST_NAME = 1 << 20;
const MOST_TYPES = 10_000;

/** Passes a column of `rows` rows on from `from`. @throws ClickHouseException for what cannot be followed. */
export async function copyColumn(type: Layout, rows: number, from: ByteReader, to: Sink): Promise<void> {
  if (rows === 0) return;
  await (
    await prefix(type, from, to)
  )(rows);
}

/** Copies rows, once the prefix has said how they lie. */
type Body = (rows: number) => Promise<void>;

/** Copies what stands before the rows of a column: versions, and types known at run time only. */
async function prefix(type: Layout, from: ByteReader, to: Sink): Promise<Body> {
  switch (type.kind) {
    case 'fixed':
      return (rows) => from.copy(rows * type.width, to);
    case 'string':
      return (rows) => from.copyStrings(rows, to);
    case 'nullable': {
      const values = await prefix(type.of, from, to);
      return async (rows) => {
        await from.copy(rows, to);
        await values(rows);
      };
    }
    case 'array': {
      const elements = await prefix(type.of, from, to);
      return async (rows) => {
        if (rows > 1) await from.copy((rows - 1) * 8, to);
        // The last offset is the number of all elements.
        const count = rows === 0 ? 0 : await number64(from, to);
        if (count > 0) await elements(count);
      };
    }
    case 'tuple': {
      const elements: Body[] = [];
      for (const of of type.of) elements.push(await prefix(of, from, to));
      return async (rows) => {
        for (const element of elements) await element(rows);
      };
    }
    case 'low-cardinality':
      await version('LowCardinality', [1], from, to);
      return (rows) => dictionary(type.of, rows, from, to);
    case 'variant': {
      const mode = await number64(from, to);
      if (mode !== 0) throw cannot(`Variant with discriminators in mode ${mode}`);
      return variant(type.of, from, to);
    }
    case 'dynamic':
      return dynamic(from, to);
    case 'json':
      await version('JSON', [1], from, to, 'let the client send it as text');
      return (rows) => from.copyStrings(rows, to);
  }
}

const KEY_WIDTHS = [1, 2, 4, 8];

/** Dictionary and keys, as often as it takes. */
async function dictionary(of: Layout, rows: number, from: ByteReader, to: Sink): Promise<void> {
  for (let done = 0; done < rows;) {
    const flags = await number64(from, to);
    const width = KEY_WIDTHS[flags & 0xff];
    if (width === undefined || (flags & 0x100) !== 0) throw cannot(`LowCardinality with flags ${flags}`);
    if ((flags & 0x200) !== 0) await copyColumn(of, await number64(from, to), from, to);
    const keys = await number64(from, to);
    if (keys === 0 || keys > rows - done) throw cannot(`LowCardinality with ${keys} keys for ${rows - done} rows`);
    await from.copy(keys * width, to);
    done += keys;
  }
}

const IS_NULL = 255;

/** Which type each row has, a byte a row, and the rows of each type. */
async function variant(types: readonly Layout[], from: ByteReader, to: Sink): Promise<Body> {
  const bodies: Body[] = [];
  for (const type of types) bodies.push(await prefix(type, from, to));
  return async (rows) => {
    const counts = new Map<number, number>();
    await from.copy(rows, async (bytes) => {
      for (const which of bytes) counts.set(which, (counts.get(which) ?? 0) + 1);
      await to(bytes);
    });
    for (const which of counts.keys()) {
      if (which !== IS_NULL && bodies[which] === undefined) throw cannot(`Variant with a value of type ${which}`);
    }
    for (const [which, body] of bodies.entries()) {
      const count = counts.get(which) ?? 0;
      if (count > 0) await body(count);
    }
  };
}

/** Version 1 and 2: a variant of the types named here and a shared one. Version 3, flat: those types alone. */
async function dynamic(from: ByteReader, to: Sink): Promise<Body> {
  const structure = await version('Dynamic', [1, 2, 3], from, to);
  if (structure === 1) await number(from, to);
  const count = await number(from, to);
  if (count > MOST_TYPES) throw cannot(`Dynamic with ${count} types`);
  const names: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = await from.bytes(LONGEST_NAME);
    await to(varint(name.length));
    await to(name);
    names.push(name.toString('utf8'));
  }
  if (structure === 3) return flat(names, from, to);
  const mode = await number64(from, to);
  if (mode !== 0) throw cannot(`Dynamic with discriminators in mode ${mode}`);
  const types = [...names, SHARED].sort(byBytes);
  return variant(
    types.map((name) => (name === SHARED ? { kind: 'string' } : layoutOf(name))),
    from,
    to,
  );
}

/** The name of the variant that holds values of all further types, each as a string. */
const SHARED = 'SharedVariant';

async function flat(names: readonly string[], from: ByteReader, to: Sink): Promise<Body> {
  const bodies: Body[] = [];
  for (const name of names) bodies.push(await prefix(layoutOf(name), from, to));
  const width = names.length < 2 ** 8 ? 1 : 2;
  return async (rows) => {
    const counts = new Array<number>(names.length + 1).fill(0);
    for (let left = rows; left > 0;) {
      const part = await from.take(Math.min(left, 4096) * width);
      for (let at = 0; at < part.length; at += width) {
        const which = width === 1 ? part.readUInt8(at) : part.readUInt16LE(at);
        if (which > names.length) throw cannot(`Dynamic with a value of type ${which}`);
        counts[which] = (counts[which] ?? 0) + 1;
      }
      left -= part.length / width;
      await to(part);
    }
    for (const [which, body] of bodies.entries()) {
      const count = counts[which] ?? 0;
      if (count > 0) await body(count);
    }
  };
}

async function version(
  what: string,
  known: readonly number[],
  from: ByteReader,
  to: Sink,
  remedy?: string,
): Promise<number> {
  const found = await number64(from, to);
  if (!known.includes(found)) {
    throw cannot(`${what} serialized in version ${found}${remedy === undefined ? '' : `: ${remedy}`}`);
  }
  return found;
}

async function number64(from: ByteReader, to: Sink): Promise<number> {
  const value = await from.uint64();
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(BigInt(value));
  await to(bytes);
  return value;
}

async function number(from: ByteReader, to: Sink): Promise<number> {
  const value = await from.varint();
  await to(varint(value));
  return value;
}

function cannot(what: string): ClickHouseException {
  return new ClickHouseException(48, 'NOT_IMPLEMENTED', `not supported here: ${what}`);
}
