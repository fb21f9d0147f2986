import { expect, test } from 'vitest';
import { selectTables } from './select.ts';
import { slotName } from './slot.ts';

const tables = [
  ['public', 'orders'],
  ['public', '__consumer_keeper'],
  ['public', 'Or.d"ers'],
  ['my shop', 'orders'],
].map(([schema = '', name = '']) => ({ id: { schema, name }, partition: false }));
const taken = (...args: [string[], string[], string[]]): string[] =>
  selectTables(tables, ...args).map(({ id }) => `${id.schema}/${id.name}`);

test('all user tables are taken when none is named, without what engines keep for themselves', () => {
  expect(taken([], [], [])).toEqual(['public/orders', 'public/Or.d"ers', 'my shop/orders']);
});

test('names are taken plain, quoted, or as a whole schema', () => {
  expect(taken(['orders', 'public.Or.d"ers'], [], [])).toEqual(['public/orders', 'public/Or.d"ers']);
  expect(taken(['"public"."Or.d""ers"', 'my shop.*'], [], [])).toEqual(['public/Or.d"ers', 'my shop/orders']);
  expect(taken([], ['my shop.orders'], [])).toEqual(['my shop/orders']);
  expect(taken([], [], ['public.*'])).toEqual(['my shop/orders']);
});

test('names that mean no table are told, with the nearest', () => {
  expect(() => taken(['public.order'], [], [])).toThrow("Missed: [public.order]; did you mean 'public.orders'?");
});

test('a slot has a name that Postgres takes, and two ids never share one', () => {
  expect(slotName('', 'orders_1')).toBe('orders_1');
  expect(slotName('s1', 'orders')).toBe('s1');
  for (const id of ['Orders', 'orders!', 'x'.repeat(100)]) expect(slotName('', id)).toMatch(/^[a-z0-9_]{1,63}$/);
  expect(slotName('', 'a-b')).not.toBe(slotName('', 'a.b'));
});
