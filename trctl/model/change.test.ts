import { expect, test } from 'vitest';
import { parsePosition, printPosition } from './change.ts';

test('a log position survives printing and parsing', () => {
  for (const text of ['0/0', '0/1A2B3C4D', '16/B374D848', 'FFFFFFFF/FFFFFFFF']) {
    expect(printPosition(parsePosition(text))).toBe(text);
  }
  expect(parsePosition('1/0') - parsePosition('0/FFFFFFFF')).toBe(1n);
  expect(() => parsePosition('nowhere')).toThrow('not a log position');
});
