import { expect, test } from 'vitest';
import { imageOf, pinnedImages } from './images.ts';

test('a kind has its pinned image unless the environment names one', () => {
  const pinned = pinnedImages();
  expect(imageOf('mysql', {})).toEqual({ reference: pinned.mysql, pinned: true });
  expect(imageOf('mysql', { E2E_IMAGE_MYSQL: 'mysql-8.0' })).toEqual({
    reference: pinned['mysql-8.0'],
    pinned: true,
  });
  expect(imageOf('mysql', { E2E_IMAGE_MYSQL: 'registry.example/mysql:9.1' })).toEqual({
    reference: 'registry.example/mysql:9.1',
    pinned: false,
  });
  expect(imageOf('mysql', { E2E_IMAGE_MYSQL: '' }).reference).toBe(pinned.mysql);
});

test('a name without an image says which names there are', () => {
  expect(() => imageOf('oracle', {})).toThrow(/no image for oracle: set E2E_IMAGE_ORACLE .*postgres, .*clickhouse/);
});

test('every pinned image says its tag, and a digest is a whole one', () => {
  for (const reference of Object.values(pinnedImages())) {
    expect(reference).toMatch(/^[\w./-]+:[\w.-]+(@sha256:[0-9a-f]{64})?$/);
  }
});
