// Content-Encoding both ways, as far as Node can. Must not know requests.
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { ClickHouseException } from './exception.ts';

/** What newer versions of Node have (22.15, 23.8) and the types of the oldest supported one do not. */
interface Zstd {
  readonly createZstdCompress?: (options: { params: Record<number, number> }) => Transform;
  readonly createZstdDecompress?: () => Transform;
  readonly constants: Readonly<Record<string, unknown>>;
}

const zstd: Zstd = zlib;

/** Undefined if there is nothing to decompress. @throws ClickHouseException for an encoding that Node cannot read. */
export function decompressor(encoding: string): Transform | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      return zlib.createInflate();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      if (zstd.createZstdDecompress !== undefined) return zstd.createZstdDecompress();
      throw ClickHouseException.notSupported('Content-Encoding zstd on this version of Node (22.15 or newer has it)');
    case 'lz4':
    case 'xz':
    case 'bz2':
    case 'snappy':
      throw ClickHouseException.notSupported(`Content-Encoding ${encoding}; use gzip, deflate, br or zstd`);
    default:
      throw new ClickHouseException(48, 'NOT_IMPLEMENTED', `Unknown compression method ${encoding}`);
  }
}

/** Order of preference as in the server. */
const ENCODINGS = ['zstd', 'br', 'gzip', 'deflate'] as const;

export type Encoding = (typeof ENCODINGS)[number];

/** What to compress a response with, by Accept-Encoding; undefined for nothing. */
export function acceptedEncoding(acceptEncoding: string): Encoding | undefined {
  const accepted = new Set(
    acceptEncoding
      .toLowerCase()
      .split(',')
      .filter((one) => !/;\s*q=0(?:\.0*)?\s*$/.test(one))
      .map((one) => one.split(';')[0]?.trim()),
  );
  return ENCODINGS.find(
    (encoding) => accepted.has(encoding) && (encoding !== 'zstd' || zstd.createZstdCompress !== undefined),
  );
}

/** @param level 1 (fast) and up, as the setting http_zlib_compression_level. */
export function compressor(encoding: Encoding, level: number): Transform {
  switch (encoding) {
    case 'gzip':
      return zlib.createGzip({ level: Math.min(level, 9) });
    case 'deflate':
      return zlib.createDeflate({ level: Math.min(level, 9) });
    case 'br':
      return zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: Math.min(level, 11) } });
    case 'zstd': {
      const { createZstdCompress, constants } = zstd;
      const parameter = constants.ZSTD_c_compressionLevel;
      if (createZstdCompress === undefined || typeof parameter !== 'number') {
        throw ClickHouseException.notSupported('zstd on this version of Node');
      }
      return createZstdCompress({ params: { [parameter]: level } });
    }
  }
}
