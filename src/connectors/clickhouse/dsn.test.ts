import { expect, it } from 'vitest';
import { readDsn } from './dsn.ts';

it('reads every part, percent-encoded ones too', () => {
  const address = readDsn(new URL('clickhouse://us%40er:p%2Fw%25@[::1]:18123/my%20db?native=19000'));
  expect({ ...address, password: address.password.reveal() }).toEqual({
    host: '::1',
    port: 18123,
    ports: { http: 18123, native: 19000 },
    user: 'us@er',
    password: 'p/w%',
    tls: false,
    root: 'my db',
  });
});

it('knows what is left out', () => {
  expect(readDsn(new URL('clickhouse://h'))).toMatchObject({
    port: 8123,
    user: 'default',
    root: 'default',
    tls: false,
  });
  expect(readDsn(new URL('clickhouses://h'))).toMatchObject({ port: 8443, tls: true });
  expect(readDsn(new URL('clickhouse://h/db?secure=true'))).toMatchObject({ port: 8443, tls: true });
});

it.each([
  ['clickhouse://h:9000/db', /port 9000 .* native protocol; name its HTTP port, usually 8123/],
  ['clickhouse://h/db?native=x', /native=x is no port/],
  ['clickhouse://h/db?compress=1', /parameter compress is unknown/],
  ['clickhouse:///db', /names no host/],
  ['clickhouse://u:100%@h/db', /password .* percent-encoded/],
])('refuses %s in one line', (dsn, message) => {
  expect(() => readDsn(new URL(dsn))).toThrow(message);
});
