import { userInfo } from 'node:os';
import { UserError } from '../errors.js';
import { parseInteger } from '../units.js';
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
  const address = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    user,
    database,
  };
  return withTls(address, password, url.searchParams.get('sslmode') ?? env['PGSSLMODE'], flag);
}

/** The parts of an address as pgbench's and sysbench's users give them, one by one. */
export interface AddressParts {
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
}

/**
 * An endpoint of its parts; what is left out comes from PGHOST, PGPORT and the rest, or is the default.
 * @param defaults of user and database: `libpq`, those of the operating system's user; `sysbench`, sbtest
 * @throws UserError
 */
export function endpointOfParts(
  { host, port, user, password, database }: AddressParts,
  defaults: 'libpq' | 'sysbench',
  env: Readonly<Record<string, string | undefined>>,
): GivenEndpoint {
  if (/:\/\/|=/.test(database ?? '')) {
    throw new UserError(
      '--dbname: expected the name of a database.',
      `A whole address is given as --rw ${FORM}.`,
    );
  }
  const own = defaults === 'sysbench' ? 'sbtest' : undefined;
  const name = user ?? (env['PGUSER'] || own || userInfo().username);
  const address = {
    host: host ?? (env['PGHOST'] || 'localhost'),
    port: parseInteger(port ?? (env['PGPORT'] || '5432'), '--port', { min: 1, max: 65_535 }),
    user: name,
    database: database ?? (env['PGDATABASE'] || own || name),
  };
  // A socket in the file system has no TLS.
  const sslMode = address.host.startsWith('/') ? 'disable' : env['PGSSLMODE'];
  return withTls(address, password ?? env['PGPASSWORD'], sslMode, 'PGSSLMODE');
}

function withTls(
  address: Omit<Endpoint, 'sslMode'>,
  password: string | undefined,
  sslMode: string | undefined,
  flag: string,
): GivenEndpoint {
  if (sslMode === undefined || sslMode === 'prefer' || sslMode === 'allow') {
    return { endpoint: { ...address, sslMode: 'disable' }, password, tls: 'try' };
  }
  return { endpoint: { ...address, sslMode: settledMode(sslMode, flag) }, password, tls: 'settled' };
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
