import { userInfo } from 'node:os';
import { UserError } from '../errors.js';
import type { Endpoint } from './target.js';

/** An endpoint as the user gave it: TLS may still have to be tried, and the password is not part of the endpoint. */
export interface GivenEndpoint {
  readonly endpoint: Endpoint;
  readonly password: string | undefined;
  /** `prefer`, `allow`: TLS when the server has it. */
  readonly tls: 'settled' | 'try';
}

const FORM = 'postgresql://user:password@host:port/database';

/**
 * A PostgreSQL connection URI; what it leaves out comes from PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, or is
 * libpq's default.
 * @param flag whose value it is, for messages; the URI itself is never repeated in them, for it may hold a password
 * @throws UserError
 */
export function parseUri(
  text: string,
  flag: string,
  env: Readonly<Record<string, string | undefined>>,
): GivenEndpoint {
  const url = parsed(text, flag);
  const user = decoded(url.username, flag) || env['PGUSER'] || userInfo().username;
  const database = decoded(url.pathname.slice(1), flag) || env['PGDATABASE'] || user;
  const password = decoded(url.password, flag) || env['PGPASSWORD'];
  for (const name of url.searchParams.keys()) {
    if (name !== 'sslmode') {
      throw new UserError(`${flag}: the option '${name}' is not supported in a URI.`, 'Known: sslmode.');
    }
  }
  const sslMode = url.searchParams.get('sslmode') ?? env['PGSSLMODE'] ?? 'prefer';
  const tls = sslMode === 'prefer' || sslMode === 'allow' ? 'try' : 'settled';
  return {
    endpoint: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? 5432 : Number(url.port),
      user,
      database,
      sslMode: tls === 'try' ? 'disable' : settledMode(sslMode, flag),
    },
    password,
    tls,
  };
}

function parsed(text: string, flag: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UserError(`${flag}: expected a URI such as ${FORM}.`);
  }
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') {
    throw new UserError(
      `${flag}: expected a URI such as ${FORM}, found one that begins with '${url.protocol}'.`,
    );
  }
  if (url.hostname === '') {
    throw new UserError(`${flag}: expected a URI with a host, such as ${FORM}.`);
  }
  return url;
}

function decoded(text: string, flag: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new UserError(
      `${flag}: a % in the URI must be followed by two hexadecimal digits (%25 for % itself).`,
    );
  }
}

function settledMode(mode: string, flag: string): Endpoint['sslMode'] {
  if (mode === 'disable' || mode === 'require' || mode === 'verify-ca' || mode === 'verify-full') {
    return mode;
  }
  throw new UserError(
    `${flag}: sslmode must be disable, allow, prefer, require, verify-ca or verify-full, found '${mode}'.`,
  );
}
