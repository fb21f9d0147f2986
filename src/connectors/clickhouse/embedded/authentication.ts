// Who asks: user and password (over HTTP from headers, basic authentication or URL parameters), checked against the one
// user there is. Wording and precedence are ClickHouse's (authenticateUserByHTTP.cpp, AccessControl.cpp).
import { createHash, timingSafeEqual } from 'node:crypto';
import { ClickHouseException } from './exception.ts';
import type { Request } from './request.ts';

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** @throws ClickHouseException AUTHENTICATION_FAILED unless the request is the account's. */
export function authenticate(request: Request, account: Account): void {
  verify(credentials(request), account);
}

/** @throws ClickHouseException AUTHENTICATION_FAILED unless `given` is the account. */
export function verify(given: Account, account: Account): void {
  if (same(given.user, account.user) && same(given.password, account.password)) return;
  const help =
    given.user === 'default'
      ? '\n\nIf you have installed ClickHouse and forgot password you can reset it in the configuration file.\n' +
        'The password for default user is typically located at /etc/clickhouse-server/users.d/default-password.xml\n' +
        'and deleting this file will reset the password.\n' +
        'See also /etc/clickhouse-server/users.xml on the server where ClickHouse is installed.\n\n'
      : '';
  throw failed(
    `${given.user}: Authentication failed: password is incorrect, or there is no user with such name.${help}`,
  );
}

function failed(message: string): ClickHouseException {
  return new ClickHouseException(516, 'AUTHENTICATION_FAILED', message);
}

function same(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function credentials(request: Request): Account {
  const user = request.header('x-clickhouse-user') ?? '';
  const password = request.header('x-clickhouse-key') ?? '';
  const authorization = request.header('authorization');
  const { parameters } = request;
  const inUrl = parameters.has('user') || parameters.has('password') || parameters.has('quota_key');
  if (user !== '' || password !== '') {
    if (authorization !== undefined) {
      throw failed(
        'Invalid authentication: it is not allowed to use X-ClickHouse HTTP headers and Authorization HTTP header simultaneously',
      );
    }
    if (inUrl) {
      throw failed(
        'Invalid authentication: it is not allowed to use X-ClickHouse HTTP headers and authentication via parameters simultaneously',
      );
    }
    return { user: user === '' ? 'default' : user, password };
  }
  if (authorization !== undefined) {
    if (inUrl) {
      throw failed(
        'Invalid authentication: it is not allowed to use Authorization HTTP header and authentication via parameters simultaneously',
      );
    }
    const [scheme = '', value = ''] = authorization.split(' ');
    if (scheme.toLowerCase() !== 'basic') {
      throw failed(`Invalid authentication: '${scheme}' HTTP Authorization scheme is not supported`);
    }
    const decoded = Buffer.from(value, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    return { user: decoded.slice(0, Math.max(0, colon)), password: decoded.slice(colon + 1) };
  }
  return { user: parameters.get('user') ?? 'default', password: parameters.get('password') ?? '' };
}
