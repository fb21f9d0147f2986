// ClickHouse's exceptions: how the engine words them, and how the HTTP interface of the real server dresses them.
// Must not know about requests, sessions or the engine's API.

/** An exception as a ClickHouse server reports it: numeric code, symbolic name, message without the `Code: N.` prefix. */
export class ClickHouseException extends Error {
  override readonly name = 'ClickHouseException';
  readonly code: number;
  readonly symbol: string;

  constructor(code: number, symbol: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.symbol = symbol;
  }

  /** The text that the server puts into a response body (without a trailing newline). */
  describe(version: string): string {
    return `Code: ${this.code}. DB::Exception: ${this.message}. (${this.symbol}) (version ${version} (embedded chdb))`;
  }

  /** Something that the real server does and this one cannot: said clearly instead of answered wrongly. */
  static notSupported(what: string): ClickHouseException {
    return new ClickHouseException(344, 'SUPPORT_IS_DISABLED', `not supported here: ${what}`);
  }

  static syntax(message: string): ClickHouseException {
    return new ClickHouseException(62, 'SYNTAX_ERROR', message);
  }
}

const SHAPE =
  /^Code: (\d+)\. (?:DB::(?:\w+)?Exception: )?([\s\S]*?)\.? \((\w+)\)(?: \(version [^)]*(?:\([^)]*\))?\))?\.?\s*$/;

/**
 * Reads the engine's own wording. The engine nests the same exception when it fails before a query runs
 * (`Code: 73. DB::Exception: Code: 73. …`); the server does not, so the innermost of equal codes is taken.
 */
export function fromEngine(error: unknown): ClickHouseException {
  if (error instanceof ClickHouseException) return error;
  let text = error instanceof Error ? error.message : String(error);
  let found: { code: number; symbol: string; message: string } | undefined;
  for (;;) {
    const match = SHAPE.exec(text);
    const [, code, message, symbol] = match ?? [];
    if (code === undefined || message === undefined || symbol === undefined) break;
    if (found !== undefined && found.code !== Number(code)) break;
    found = { code: Number(code), symbol, message };
    text = message;
  }
  if (found === undefined) {
    return new ClickHouseException(1002, 'UNKNOWN_EXCEPTION', text, { cause: error });
  }
  return new ClickHouseException(found.code, found.symbol, withoutSpoolFile(found.message), { cause: error });
}

/** Data for INSERT goes through a file here; the server has none, so its traces are taken out of the message. */
function withoutSpoolFile(message: string): string {
  return message
    .replace(/: \(in file\/uri [^)]*\)/, '')
    .replace(/: While executing File: data for INSERT was parsed from file/, '');
}

/** HTTP status by exception code, as src/Server/HTTP/exceptionCodeToHTTPStatus.cpp of ClickHouse maps them; 500 otherwise. */
const STATUS: readonly (readonly [status: number, codes: readonly number[]])[] = [
  [401, [194]], // REQUIRED_PASSWORD
  [403, [192, 193, 516, 512, 497]], // UNKNOWN_USER, WRONG_PASSWORD, AUTHENTICATION_FAILED, SET_NON_GRANTED_ROLE, ACCESS_DENIED
  [
    400,
    [
      36, // BAD_ARGUMENTS
      427, // CANNOT_COMPILE_REGEXP
      6, // CANNOT_PARSE_TEXT
      25, // CANNOT_PARSE_ESCAPE_SEQUENCE
      26, // CANNOT_PARSE_QUOTED_STRING
      38, // CANNOT_PARSE_DATE
      41, // CANNOT_PARSE_DATETIME
      72, // CANNOT_PARSE_NUMBER
      246, // CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING (older servers)
      441, // CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING
      675, // CANNOT_PARSE_IPV4
      676, // CANNOT_PARSE_IPV6
      376, // CANNOT_PARSE_UUID
      27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
      15, // DUPLICATE_COLUMN
      44, // ILLEGAL_COLUMN
      8, // THERE_IS_NO_COLUMN
      56, // UNKNOWN_ELEMENT_IN_AST
      58, // UNKNOWN_TYPE_OF_AST_NODE
      167, // TOO_DEEP_AST
      168, // TOO_BIG_AST
      64, // UNEXPECTED_AST_STRUCTURE
      62, // SYNTAX_ERROR
      117, // INCORRECT_DATA
      53, // TYPE_MISMATCH
      321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    ],
  ],
  // UNKNOWN_TABLE, _FUNCTION, _IDENTIFIER, _TYPE, _STORAGE, _DATABASE, _SETTING, _DIRECTION_OF_SORTING,
  // _AGGREGATE_FUNCTION, _FORMAT, _DATABASE_ENGINE, _TYPE_OF_QUERY, _ROLE
  [404, [60, 46, 47, 50, 67, 81, 115, 99, 63, 73, 336, 78, 511]],
  [413, [66]], // QUERY_IS_TOO_LARGE
  [501, [48]], // NOT_IMPLEMENTED
  [503, [209, 76, 439]], // SOCKET_TIMEOUT, CANNOT_OPEN_FILE, CANNOT_SCHEDULE_TASK
  [411, [381]], // HTTP_LENGTH_REQUIRED
  [408, [159]], // TIMEOUT_EXCEEDED
  [415, [764]], // UNSUPPORTED_MEDIA_TYPE
];

const STATUS_BY_CODE = new Map(STATUS.flatMap(([status, codes]) => codes.map((code) => [code, status] as const)));

export function httpStatus(code: number): number {
  return STATUS_BY_CODE.get(code) ?? 500;
}
