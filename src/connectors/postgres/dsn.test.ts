import { describe, expect, it } from 'vitest';
import { UsageError } from '../../core/errors.ts';
import { readDsn } from './dsn.ts';

describe('a Postgres DSN', () => {
  it('names host, port, user, password and database, percent-decoded', () => {
    const address = readDsn(new URL('postgres://us%40er:p%2Fw@db.example:6432/my%20db'));
    expect(address).toMatchObject({ host: 'db.example', port: 6432, user: 'us@er', root: 'my db', tls: false });
    expect(address.password.reveal()).toBe('p/w');
  });

  it('may leave out what has a default', () => {
    expect(readDsn(new URL('postgresql://u@[::1]'))).toMatchObject({ host: '::1', port: 5432, root: 'postgres' });
  });

  it('takes libpq’s sslmode', () => {
    expect(readDsn(new URL('postgres://u@h/d?sslmode=require')).tls).toBe(true);
    expect(readDsn(new URL('postgres://u@h/d?sslmode=prefer')).tls).toBe(false);
    expect(() => readDsn(new URL('postgres://u@h/d?sslmode=always'))).toThrow(/sslmode=always.*one of disable/);
  });

  it('is a usage error where it cannot be read', () => {
    expect(() => readDsn(new URL('postgres:///d'))).toThrow(UsageError);
    expect(() => readDsn(new URL('postgres://u:%zz@h/d'))).toThrow(/the password in the DSN is not percent-encoded/);
  });
});
