import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';

type Entry = readonly [keyLow: number, keyHigh: number, row: bigint, sign: 1 | -1];

function enterAll(ledger: Ledger, entries: readonly Entry[]): void {
  for (const [low, high, row, sign] of entries) {
    ledger.add(low, high, Number(row & 0xffff_ffffn), Number(row >> 32n), sign);
  }
}

/** The same account kept by the platform's own map. */
function expected(entries: readonly Entry[]): Map<string, { sum: bigint; balance: number }> {
  const account = new Map<string, { sum: bigint; balance: number }>();
  for (const [low, high, row, sign] of entries) {
    const key = `${low === 0 && high === 0 ? 1 : low}:${high}`;
    const entry = account.get(key) ?? { sum: 0n, balance: 0 };
    entry.sum = BigInt.asUintN(64, entry.sum + BigInt(sign) * row);
    entry.balance += sign;
    account.set(key, entry);
  }
  for (const [key, entry] of account) if (entry.sum === 0n && entry.balance === 0) account.delete(key);
  return account;
}

// Few distinct low words, so that probes collide, wrap around and shift back.
const entry = fc.tuple(
  fc.constantFrom(0, 1, 2, 14, 15, 16, 31, 0xffff_ffff),
  fc.constantFrom(0, 1, 5, 0xffff_ffff),
  fc.constantFrom(0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, 2n ** 64n - 1n),
  fc.constantFrom<1 | -1>(1, -1),
);

describe('the ledger', () => {
  it('keeps the account that a plain map keeps, through growth, wrap-around and removal', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 200 }), (entries) => {
        const ledger = new Ledger(16);
        enterAll(ledger, entries);
        const account = expected(entries);
        expect(ledger.size).toBe(account.size);
        for (const [key, { sum, balance }] of account) {
          const [low = 0, high = 0] = key.split(':').map(Number);
          const slot = ledger.find(low, high);
          expect(slot).not.toBe(-1);
          expect((BigInt(ledger.sumHigh(slot)) << 32n) | BigInt(ledger.sumLow(slot))).toBe(sum);
          expect(ledger.balance(slot)).toBe(balance);
          expect(ledger.keyHigh(slot)).toBe(high);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is empty after every row has come from both sides in any order', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 100 }), fc.infiniteStream(fc.nat()), (entries, random) => {
        const both = [
          ...entries,
          ...entries.map(([low, high, row, sign]): Entry => [low, high, row, sign === 1 ? -1 : 1]),
        ];
        const shuffled = both
          .map((one) => [random.next().value as number, one] as const)
          .sort(([a], [b]) => a - b)
          .map(([, one]) => one);
        const ledger = new Ledger(16);
        enterAll(ledger, shuffled);
        expect(ledger.size).toBe(0);
      }),
    );
  });

  it('drops a range of the hash space and keeps the rest findable', () => {
    const ledger = new Ledger(16);
    for (let key = 1; key <= 1000; key += 1) ledger.add(key * 7, key, key, 0, 1);
    ledger.dropFrom(501);
    expect(ledger.size).toBe(500);
    expect(ledger.find(7, 1)).not.toBe(-1);
    expect(ledger.find(500 * 7, 500)).not.toBe(-1);
    expect(ledger.find(501 * 7, 501)).toBe(-1);
  });

  it('does not take a row and one less of it for balance', () => {
    const ledger = new Ledger(16);
    ledger.add(5, 5, 0, 0, 1);
    expect(ledger.size).toBe(1);
    ledger.add(5, 5, 9, 9, -1);
    expect(ledger.balance(ledger.find(5, 5))).toBe(0);
    expect(ledger.size).toBe(1);
  });
});
