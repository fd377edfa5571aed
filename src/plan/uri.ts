import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { UserError } from '../errors.js';
import { parseInteger } from '../units.js';
import { type Conninfo, parseConninfo, URI_FORM } from './conninfo.js';
import { didYouMean } from './nearest.js';
import type { Address, Endpoint } from './target.js';

/**
 * An endpoint as the user gave it. Files were not looked at yet, TLS may still have to be tried, and the password is no
 * part of the endpoint: see postgres/settle.ts.
 */
export interface GivenEndpoint {
  readonly endpoint: Endpoint;
  readonly password: string | undefined;
  /** `prefer`: TLS when the server has it; `allow`: when it takes no connection without. */
  readonly tls: 'settled' | 'prefer' | 'allow';
  /** Where passwords stand, other than in ~/.pgpass. */
  readonly passFile?: string;
  /** sslrootcert=system: the certificates that the operating system trusts. */
  readonly systemRoots?: boolean;
  /** The flag that the address was given by, for messages. */
  readonly flag: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A PostgreSQL connection URI, or libpq's form of keywords; what it leaves out comes from PGHOST, PGUSER and the like,
 * or is libpq's default.
 * @param flag whose value it is, for messages; the URI itself is never repeated in them, for it may hold a password
 * @param folder that the paths in it are relative to; the working directory when absent
 * @throws UserError
 */
export function parseUri(text: string, flag: string, env: Environment, folder = ''): GivenEndpoint {
  const said = inFolder(parseConninfo(text, flag), folder);
  const host = said['host'] || env['PGHOST'];
  if (host === undefined || host === '') {
    throw new UserError(`${flag}: expected a URI with a host, such as ${URI_FORM}.`, 'Or set PGHOST.');
  }
  const user = said['user'] || env['PGUSER'] || userInfo().username;
  const database = said['dbname'] || env['PGDATABASE'] || user;
  return endpointOf({ ...said, host, user, dbname: database }, flag, env);
}

/** The paths of libpq's words. `system` names the authorities of the machine. */
function inFolder(said: Conninfo, folder: string): Conninfo {
  const paths = ['sslrootcert', 'sslcert', 'sslkey', 'passfile'].flatMap((name) => {
    const path = said[name];
    return folder === '' || path === undefined || path === 'system' ? [] : [[name, resolve(folder, path)]];
  });
  return { ...said, ...Object.fromEntries(paths) };
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
  env: Environment,
): GivenEndpoint {
  if (/:\/\/|=/.test(database ?? '')) {
    throw new UserError(
      '--dbname: expected the name of a database.',
      `A whole address is given as --rw ${URI_FORM}.`,
    );
  }
  const own = defaults === 'sysbench' ? 'sbtest' : undefined;
  const name = user ?? (env['PGUSER'] || own || userInfo().username);
  const said: Conninfo & Named = {
    host: host ?? (env['PGHOST'] || 'localhost'),
    user: name,
    dbname: database ?? (env['PGDATABASE'] || own || name),
    ...(port === undefined ? {} : { port }),
    ...(password === undefined ? {} : { password }),
  };
  return endpointOf(said, '--host', env);
}

interface Named {
  readonly host: string;
  readonly user: string;
  readonly dbname: string;
}

function endpointOf(said: Conninfo & Named, flag: string, env: Environment): GivenEndpoint {
  refuseIgnored(env);
  const value = (name: string, variable: string): Value => {
    const own = said[name];
    const text = own ?? (env[variable] || undefined);
    return { name, text, where: own === undefined ? variable : flag };
  };
  const [first, ...otherHosts] = addresses(said.host, value('port', 'PGPORT'), flag);
  const onlySockets = [first, ...otherHosts].every(({ host }) => host.startsWith('/'));
  const attrs = oneOf(value('target_session_attrs', 'PGTARGETSESSIONATTRS'), SESSION_ATTRS);
  const balance = oneOf(value('load_balance_hosts', 'PGLOADBALANCEHOSTS'), ['disable', 'random']);
  const binding = oneOf(value('channel_binding', 'PGCHANNELBINDING'), ['disable', 'prefer', 'require']);
  const rootCert = value('sslrootcert', 'PGSSLROOTCERT');
  const { sslMode, tls } = tlsModeOf(value('sslmode', 'PGSSLMODE'), rootCert.text, onlySockets);
  const files = tlsFilesOf(value, rootCert.text);
  const passFile = value('passfile', 'PGPASSFILE').text;
  return {
    endpoint: {
      ...first,
      user: said.user,
      database: said.dbname,
      sslMode,
      ...(otherHosts.length === 0 ? {} : { otherHosts }),
      ...(attrs === undefined || attrs === 'any' ? {} : { targetSessionAttrs: attrs }),
      ...(balance === 'random' ? { loadBalanceHosts: balance } : {}),
      ...(Object.keys(files).length === 0 ? {} : { tlsFiles: files }),
      ...(binding === undefined || binding === 'prefer' ? {} : { channelBinding: binding }),
    },
    password: said['password'] ?? (env['PGPASSWORD'] || undefined),
    tls,
    ...(passFile === undefined ? {} : { passFile }),
    ...(rootCert.text === 'system' ? { systemRoots: true } : {}),
    flag,
  };
}

interface Value {
  /** libpq's name. */
  readonly name: string;
  readonly text: string | undefined;
  /** The flag or the variable that it comes from. */
  readonly where: string;
}

const SESSION_ATTRS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** libpq would connect elsewhere, or to sessions with other settings. */
function refuseIgnored(env: Environment): void {
  for (const [variable, action] of [
    ['PGSERVICE', 'Unset it, and give what the service file says.'],
    ['PGHOSTADDR', 'Unset it, and give the IP address as the host.'],
    ['PGOPTIONS', "Unset it, and set what it sets with 'ALTER ROLE … SET'."],
  ] as const) {
    if (env[variable]) {
      throw new UserError(`${variable} is set, and pgha-bench does not follow it.`, action);
    }
  }
}

/** One address for each host of the list; one port may serve them all. */
function addresses(hosts: string, port: Value, flag: string): readonly [Address, ...Address[]] {
  const names = hosts.split(',').map((host) => host.trim());
  const ports = (port.text ?? '').split(',');
  if (ports.length !== 1 && ports.length !== names.length) {
    throw new UserError(
      `${port.where}: expected one port, or as many as hosts, which are ${names.length}, found ${ports.length}.`,
    );
  }
  const all = names.map((host, index) => {
    if (host === '' || /[@\s]/.test(host)) {
      throw new UserError(`${flag}: expected the name of a host in each place of the list of hosts.`);
    }
    const text = (ports.length === 1 ? ports[0] : ports[index]) || '5432';
    return { host, port: portOf(text.trim(), port.where) };
  });
  const [first, ...others] = all;
  if (first === undefined) {
    throw new UserError(`${flag}: expected a host.`);
  }
  return [first, ...others];
}

/** A wrong port is not repeated: in a URI it may be a piece of a password. */
function portOf(text: string, where: string): number {
  try {
    return parseInteger(text, where, { min: 1, max: 65_535 });
  } catch {
    throw new UserError(
      `${where === '--host' ? '--port' : where}: expected a port, a whole number from 1 to 65535.`,
    );
  }
}

function tlsModeOf(
  given: Value,
  rootCert: string | undefined,
  onlySockets: boolean,
): { readonly sslMode: Endpoint['sslMode']; readonly tls: GivenEndpoint['tls'] } {
  const mode = oneOf(given, SSL_MODES) ?? (rootCert === 'system' ? 'verify-full' : 'prefer');
  if (rootCert === 'system' && mode !== 'verify-full' && mode !== 'disable') {
    throw new UserError(
      `${given.where}: sslrootcert=system goes with sslmode verify-full alone, found '${mode}'.`,
      'Anybody may have a certificate that the system trusts.',
    );
  }
  if (onlySockets) {
    return { sslMode: 'disable', tls: 'settled' }; // A socket in the file system has no TLS.
  }
  return mode === 'prefer' || mode === 'allow'
    ? { sslMode: 'disable', tls: mode }
    : { sslMode: mode, tls: 'settled' };
}

function tlsFilesOf(
  value: (name: string, variable: string) => Value,
  rootCert: string | undefined,
): NonNullable<Endpoint['tlsFiles']> {
  const certFile = value('sslcert', 'PGSSLCERT').text;
  const keyFile = value('sslkey', 'PGSSLKEY').text;
  return {
    ...(rootCert === undefined || rootCert === 'system' ? {} : { caFile: resolve(rootCert) }),
    ...(certFile === undefined ? {} : { certFile: resolve(certFile) }),
    ...(keyFile === undefined ? {} : { keyFile: resolve(keyFile) }),
  };
}

function oneOf<Word extends string>({ name, text, where }: Value, words: readonly Word[]): Word | undefined {
  if (text === undefined) {
    return undefined;
  }
  const word = words.find((each) => each === text);
  if (word === undefined) {
    const found = /^[\w-]{1,40}$/.test(text) ? `'${text}'` : 'something else';
    throw new UserError(
      `${where}: ${name} must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, found ${found}.${didYouMean(text, words)}`,
    );
  }
  return word;
}
