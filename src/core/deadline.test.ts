import { expect, test } from 'vitest';
import { Deadline, done, notYet, until, within } from './deadline.ts';
import { BarrierTimeout } from './errors.ts';

test('a wait returns what its look found', async () => {
  let looks = 0;
  const found = await until('the third look', Deadline.after(5_000), () => {
    looks += 1;
    return Promise.resolve(looks === 3 ? done('here') : notYet(`look ${looks}`));
  });
  expect(found).toBe('here');
  expect(looks).toBe(3);
});

test('a wait that expires says what it waited for, how long and what it last saw', async () => {
  const waiting = until('the slot to be active', Deadline.after(60), () => Promise.resolve(notYet('slot inactive')));
  await expect(waiting).rejects.toThrow(BarrierTimeout);
  await expect(waiting).rejects.toThrow(/waited 0\.\d s for the slot to be active; last seen: slot inactive/);
});

test('a wait looks at least once, even when its time is over', async () => {
  await expect(until('now', Deadline.after(0), () => Promise.resolve(done(7)))).resolves.toBe(7);
});

test('a wait ends with the reason of a caller that gives up, not as a time-out', async () => {
  const caller = new AbortController();
  const waiting = until('for ever', Deadline.after(60_000, caller.signal), () => {
    caller.abort(new Error('Ctrl-C'));
    return Promise.resolve(notYet('nothing'));
  });
  await expect(waiting).rejects.toThrow('Ctrl-C');
});

test('work that outlives its deadline is told of by name; work that ends in time is not', async () => {
  await expect(within('the tide', Deadline.after(30), new Promise(() => undefined))).rejects.toThrow(/for the tide/);
  await expect(within('the tide', Deadline.after(5_000), Promise.resolve('in'))).resolves.toBe('in');
});

test('a deadline counts down and its signal fires at its end', async () => {
  const deadline = Deadline.after(40);
  expect(deadline.expired).toBe(false);
  await new Promise((resolve) => deadline.signal().addEventListener('abort', resolve));
  expect(deadline.leftMs).toBeLessThan(5);
});
