// Output formats: which of them the engine may hand out block by block. Must not know requests or sessions.
// The engine formats each block of a stream as a document of its own, so only formats without prologue and epilogue can
// be joined again; formats with a header line can once the header of all later blocks is cut off. All others are
// written to a file by the engine, whole, and sent from there.

/** Formats whose blocks concatenate as they are. Names in lower case: ClickHouse accepts any case for them. */
// prettier-ignore -- a list of names reads better packed
const PLAIN: ReadonlySet<string> = new Set(
  [
    'TabSeparated',
    'TSV',
    'TabSeparatedRaw',
    'TSVRaw',
    'Raw',
    'CSV',
    'TSKV',
    'LineAsString',
    'JSONEachRow',
    'JSONLines',
    'JSONL',
    'NDJSON',
    'JSONStringsEachRow',
    'JSONCompactEachRow',
    'JSONCompactStringsEachRow',
    'RowBinary',
    'Native',
    'Buffers',
    'MsgPack',
    'BSONEachRow',
    'Null',
  ].map((name) => name.toLowerCase()),
);

type HeaderSyntax = 'lines' | 'csv' | 'binary';

interface Header {
  readonly rows: 1 | 2;
  readonly syntax: HeaderSyntax;
}

/** Families with variants WithNames and WithNamesAndTypes, and how a row of their headers ends. */
const FAMILIES: readonly (readonly [name: string, syntax: HeaderSyntax])[] = [
  ['TabSeparated', 'lines'],
  ['TSV', 'lines'],
  ['JSONCompactEachRow', 'lines'],
  ['JSONCompactStringsEachRow', 'lines'],
  ['CSV', 'csv'],
  ['RowBinary', 'binary'],
];

const HEADED: ReadonlyMap<string, Header> = new Map<string, Header>(
  FAMILIES.flatMap(([name, syntax]): [string, Header][] => [
    [`${name}WithNames`.toLowerCase(), { rows: 1, syntax }],
    [`${name}WithNamesAndTypes`.toLowerCase(), { rows: 2, syntax }],
  ]),
);

export type Streaming = 'plain' | 'headed' | 'whole';

/** How results in `format` may be produced. */
export function streaming(format: string): Streaming {
  const name = format.toLowerCase();
  if (PLAIN.has(name)) return 'plain';
  return HEADED.has(name) ? 'headed' : 'whole';
}

/** Length in bytes of the header that opens `block` in `format`; 0 for formats without one. */
export function headerLength(format: string, block: Uint8Array): number {
  const header = HEADED.get(format.toLowerCase());
  if (header === undefined) return 0;
  if (header.syntax === 'binary') return binaryHeader(block, header.rows);
  let at = 0;
  let quoted = false;
  for (let rows = 0; rows < header.rows && at < block.length; at += 1) {
    if (header.syntax === 'csv' && block[at] === 0x22) quoted = !quoted;
    else if (!quoted && block[at] === 0x0a) rows += 1;
  }
  return at;
}

/** RowBinaryWithNames(AndTypes): a varint count, then that many strings (twice with types), each with a varint length. */
function binaryHeader(block: Uint8Array, rows: 1 | 2): number {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; at < block.length; shift += 7) {
      const byte = block[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  const strings = varint() * rows;
  for (let index = 0; index < strings; index += 1) {
    const length = varint();
    at += length;
  }
  return at;
}
