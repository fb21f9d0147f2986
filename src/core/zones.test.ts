import { expect, test } from 'vitest';
import { TIME_ZONES, timeZoneFor } from './zones.ts';

test('every zone comes up, and the same one for the same seed', () => {
  const seen = new Set(Array.from({ length: 200 }, (_, seed) => timeZoneFor('engine', String(seed))));
  expect([...seen].sort()).toEqual([...TIME_ZONES].sort());
  expect(timeZoneFor('engine', '7')).toBe(timeZoneFor('engine', '7'));
});

test('the servers and the engine of one run need not have one zone', () => {
  const differ = Array.from({ length: 50 }, (_, seed) => String(seed)).filter(
    (seed) => timeZoneFor('engine', seed) !== timeZoneFor('postgres server', seed),
  );
  expect(differ.length).toBeGreaterThan(25);
});
