// Compressed blocks, as ClickHouse frames them on the wire: a checksum, a method, two sizes, the body. Must not know what
// is inside. Layout: 16 bytes CityHash128 of all that follows, 1 byte method, 4 bytes size of method, sizes and body,
// 4 bytes size of the body decompressed; little-endian.
import zlib from 'node:zlib';
import { ClickHouseException } from '../exception.ts';
import type { ByteReader } from './byte-reader.ts';
import type { Hash128 } from './city-hash.ts';
import { cityHash128 } from './city-hash.ts';
import { decompressLz4, literalsHead } from './lz4.ts';

const CHECKSUM = 16;
const HEADER = 9;

const METHOD = { none: 0x02, lz4: 0x82, zstd: 0x90 } as const;

/** As a server's DBMS_MAX_COMPRESSED_SIZE. */
const MOST_COMPRESSED = 0x40000000;
/** Bytes that one frame may become; clients make frames of about a megabyte, or of one block. */
const MOST_DECOMPRESSED = 0x40000000;

/** Bytes that a byte of LZ4 can become at most. */
const LZ4_MOST = 255;

/** Bytes of a body that one outgoing frame holds: as in the server's buffers. */
const FRAME = 1 << 20;

/** The bodies of frames, decompressed, one by one as they are asked for. @throws ClickHouseException */
export async function* decompressed(from: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const head = await from.take(CHECKSUM + HEADER);
    const method = head.readUInt8(CHECKSUM);
    const size = head.readUInt32LE(CHECKSUM + 1);
    const becomes = head.readUInt32LE(CHECKSUM + 5);
    if (size < HEADER || size > MOST_COMPRESSED || becomes > MOST_DECOMPRESSED) {
      throw new ClickHouseException(
        271,
        'CANNOT_DECOMPRESS',
        `A compressed block says that it has ${size} bytes and becomes ${becomes}: ${MOST_COMPRESSED} are allowed`,
      );
    }
    // Memory is taken for what has come, not for what the frame says.
    const body = await from.take(size - HEADER);
    const whole = Buffer.concat([head.subarray(CHECKSUM), body]);
    verify(head, cityHash128(whole));
    yield decompress(method, whole.subarray(HEADER), becomes);
  }
}

function verify(head: Buffer, hash: Hash128): void {
  const low = head.readBigUInt64LE(0);
  const high = head.readBigUInt64LE(8);
  if (low === hash.low && high === hash.high) return;
  const hex = (one: bigint, other: bigint): string =>
    [one, other].map((half) => half.toString(16).padStart(16, '0')).join('');
  throw new ClickHouseException(
    40,
    'CHECKSUM_DOESNT_MATCH',
    `Checksum doesn't match: corrupted data. Reference: ${hex(high, low)}. Actual: ${hex(hash.high, hash.low)}`,
  );
}

function decompress(method: number, body: Buffer, size: number): Uint8Array {
  switch (method) {
    case METHOD.lz4:
      if (size > (body.length + 1) * LZ4_MOST) {
        throw new ClickHouseException(271, 'CANNOT_DECOMPRESS', `${body.length} bytes of LZ4 cannot become ${size}`);
      }
      return decompressLz4(body, size);
    case METHOD.zstd:
      return decompressZstd(body, size);
    case METHOD.none:
      if (body.length === size) return body;
      throw new ClickHouseException(271, 'CANNOT_DECOMPRESS', `A block of ${body.length} bytes says it has ${size}`);
    default: {
      const hex = `0x${method.toString(16).padStart(2, '0')}`;
      throw new ClickHouseException(89, 'UNKNOWN_COMPRESSION_METHOD', `Unknown compression method ${hex}`);
    }
  }
}

/** What newer versions of Node have (22.15, 23.8) and the types of the oldest supported one do not. */
interface Zstd {
  readonly zstdDecompressSync?: (body: Uint8Array, options: { maxOutputLength: number }) => Buffer;
  readonly constants: unknown;
}

const zstd: Zstd = zlib;

function decompressZstd(body: Buffer, size: number): Uint8Array {
  if (zstd.zstdDecompressSync === undefined) {
    throw ClickHouseException.notSupported(
      'ZSTD on this version of Node (22.15 or newer has it); let the client compress by LZ4',
    );
  }
  try {
    const whole = zstd.zstdDecompressSync(body, { maxOutputLength: Math.max(1, size) });
    if (whole.length === size) return whole;
  } catch (error) {
    throw new ClickHouseException(271, 'CANNOT_DECOMPRESS', 'Cannot decompress a ZSTD block', { cause: error });
  }
  throw new ClickHouseException(271, 'CANNOT_DECOMPRESS', `A ZSTD block does not become ${size} bytes`);
}

/**
 * Frames `parts` for a client that expects compression: LZ4, which every client reads, of nothing but literals. To compress
 * would only cost over loopback.
 */
export function framed(parts: readonly Uint8Array[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let gathered: Uint8Array[] = [];
  let length = 0;
  const close = (): void => {
    if (length > 0) frames.push(frame(gathered, length));
    gathered = [];
    length = 0;
  };
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      const piece = part.subarray(at, at + FRAME - length);
      gathered.push(piece);
      at += piece.length;
      length += piece.length;
      if (length === FRAME) close();
    }
  }
  close();
  return frames;
}

function frame(pieces: readonly Uint8Array[], length: number): Buffer {
  const head = literalsHead(length);
  const whole = Buffer.allocUnsafe(CHECKSUM + HEADER + head.length + length);
  whole.writeUInt8(METHOD.lz4, CHECKSUM);
  whole.writeUInt32LE(HEADER + head.length + length, CHECKSUM + 1);
  whole.writeUInt32LE(length, CHECKSUM + 5);
  whole.set(head, CHECKSUM + HEADER);
  let at = CHECKSUM + HEADER + head.length;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  const hash = cityHash128(whole.subarray(CHECKSUM));
  whole.writeBigUInt64LE(hash.low, 0);
  whole.writeBigUInt64LE(hash.high, 8);
  return whole;
}
