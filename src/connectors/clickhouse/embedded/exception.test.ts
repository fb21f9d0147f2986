import { describe, expect, it } from 'vitest';
import { fromEngine, httpStatus } from './exception.ts';

describe('exceptions of the engine', () => {
  it.each([
    ['Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE)', 60, 'UNKNOWN_TABLE', 'Unknown table'],
    [
      'Code: 62. DB::Exception: Syntax error: a (b) c. (SYNTAX_ERROR) (version 26.7.2.1)',
      62,
      'SYNTAX_ERROR',
      'Syntax error: a (b) c',
    ],
    [
      'Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format X. (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT)',
      73,
      'UNKNOWN_FORMAT',
      'Unknown format X',
    ],
    ['two\nlines', 1002, 'UNKNOWN_EXCEPTION', 'two\nlines'],
  ])('%j is read', (text, code, symbol, message) => {
    expect(fromEngine(new Error(text))).toMatchObject({ code, symbol, message });
  });

  it('loses the file that rows went through', () => {
    const text =
      'Code: 27. DB::Exception: Cannot parse input: (at row 1)\n: (in file/uri /data/http-spool/x): While executing ParallelParsingBlockInputFormat: While executing File: data for INSERT was parsed from file. (CANNOT_PARSE_INPUT_ASSERTION_FAILED)';
    const { message } = fromEngine(new Error(text));
    expect(message).toBe('Cannot parse input: (at row 1)\n: While executing ParallelParsingBlockInputFormat');
  });

  it('are worded as a server does', () => {
    const exception = fromEngine(new Error('Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE)'));
    expect(exception.describe('1.2')).toBe(
      'Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE) (version 1.2 (embedded chdb))',
    );
  });

  it.each([
    [60, 404],
    [62, 400],
    [164, 500],
    [516, 403],
    [194, 401],
    [48, 501],
    [159, 408],
    [999, 500],
  ])('code %i has HTTP status %i', (code, status) => {
    expect(httpStatus(code)).toBe(status);
  });
});
