import { describe, expect, test } from 'vitest';
import { printType, type LogicalType } from './table.ts';
import { integerRange, parseType, readValue, TYPE_SPELLINGS } from './value.ts';

describe('a type in one word', () => {
  const spelled = TYPE_SPELLINGS.map((spelling) =>
    spelling.replace('n,s', '10,2').replace('(n)', '(6)').replace('…', 'array(text)'),
  );
  test.each(spelled)('%s is read as it is printed', (spelling) => {
    const type = parseType(spelling);
    expect(type).toBeDefined();
    if (type !== undefined && type.kind !== 'text' && type.kind !== 'bytes') expect(printType(type)).toBe(spelling);
  });

  test.each([
    '',
    'int',
    'int7',
    'uint',
    'float',
    'float16',
    'decimal(2,3)',
    'decimal(0)',
    'timestamp',
    'timestamp(10)',
    'text(1,2)',
    'array()',
    'array(x)',
    'map(text,text)',
    ' text',
  ])('%j is none', (spelling) => {
    expect(parseType(spelling)).toBeUndefined();
  });
});

describe('a value as YAML writes it', () => {
  const int64: LogicalType = { kind: 'integer', bits: 64, signed: true };
  const RIGHT: readonly [type: LogicalType, literal: unknown, value: unknown][] = [
    [{ kind: 'bool' }, false, false],
    [int64, 5, 5n],
    [int64, '-9223372036854775808', -9223372036854775808n],
    [{ kind: 'integer', bits: 8, signed: false }, 255, 255n],
    [{ kind: 'decimal' }, 1.5, '1.5'],
    [{ kind: 'decimal' }, '1.50', '1.50'],
    [{ kind: 'float', bits: 64 }, -0, -0],
    [{ kind: 'text' }, '', ''],
    [{ kind: 'bytes' }, '00fF', Buffer.from([0, 255])],
    [{ kind: 'uuid' }, '01234567-89ab-cdef-0123-456789abcdef', '01234567-89ab-cdef-0123-456789abcdef'],
    [{ kind: 'date' }, '2024-02-29', '2024-02-29'],
    [{ kind: 'time', digits: 6 }, '23:59:59.5', '23:59:59.5'],
    [{ kind: 'timestamp', digits: 6 }, '2024-02-29 00:00:00', '2024-02-29 00:00:00'],
    [{ kind: 'instant', digits: 6 }, '2024-02-29 00:00:00Z', '2024-02-29 00:00:00Z'],
    [{ kind: 'json' }, '{"a": 1}', '{"a": 1}'],
    [{ kind: 'array', of: int64 }, [1, null], [1n, null]],
  ];
  test.each(RIGHT)('%j takes %j', (type, literal, value) => {
    expect(readValue({ type, nullable: false }, literal)).toEqual({ ok: true, value });
  });

  const WRONG: readonly [type: LogicalType, literal: unknown][] = [
    [{ kind: 'bool' }, 1],
    [int64, 1.5],
    [int64, '9223372036854775808'],
    [int64, 9007199254740993],
    [int64, true],
    [int64, ['5']],
    [{ kind: 'integer', bits: 8, signed: false }, -1],
    [{ kind: 'decimal' }, 'NaN'],
    [{ kind: 'decimal' }, 1e-7],
    [{ kind: 'float', bits: 64 }, '1'],
    [{ kind: 'text' }, 1],
    [{ kind: 'bytes' }, '0'],
    [{ kind: 'uuid' }, '01234567-89AB-cdef-0123-456789abcdef'],
    [{ kind: 'date' }, '2024-2-29'],
    [{ kind: 'timestamp', digits: 6 }, '2024-02-29T00:00:00'],
    [{ kind: 'instant', digits: 6 }, '2024-02-29 00:00:00'],
    [{ kind: 'json' }, '{a: 1}'],
    [{ kind: 'array', of: int64 }, ['x']],
    [{ kind: 'map', key: int64, value: int64 }, '{}'],
  ];
  test.each(WRONG)('%j does not take %j, and says what it does', (type, literal) => {
    const read = readValue({ type, nullable: true }, literal);
    expect(read.ok).toBe(false);
    expect(read.ok ? '' : read.expected).not.toBe('');
  });

  test('is NULL only where the column may be', () => {
    expect(readValue({ type: int64, nullable: true }, null)).toEqual({ ok: true, value: null });
    expect(readValue({ type: int64, nullable: false }, null).ok).toBe(false);
  });
});

test('integers reach from end to end', () => {
  expect(integerRange({ bits: 16, signed: true })).toEqual([-32768n, 32767n]);
  expect(integerRange({ bits: 64, signed: false })).toEqual([0n, 18446744073709551615n]);
});
