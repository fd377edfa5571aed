import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../errors.js';
import { type Address, addressesOf, type Endpoint, hostPort } from '../plan/target.js';
import { homeOf } from './home.js';

/** One line of a password file: `host:port:database:user:password`, * for any. */
export interface PasswordLine {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** Lines that are none, and comments, are passed over. A backslash keeps the meaning of : and \ from a field. */
export function parsePasswordFile(text: string): readonly PasswordLine[] {
  return text.split(/\r?\n/).flatMap((line) => {
    if (line.startsWith('#')) {
      return [];
    }
    const fields = [...line.matchAll(/((?:[^:\\]|\\.|\\$)*)(?::|$)/g)].map((match) =>
      (match[1] ?? '').replace(/\\(.)/g, '$1'),
    );
    const [host, port, database, user, password] = fields;
    return host && port && database && user && password ? [{ host, port, database, user, password }] : [];
  });
}

/** What the first line that fits says. */
export function passwordFor(
  lines: readonly PasswordLine[],
  address: Address,
  { user, database }: Pick<Endpoint, 'user' | 'database'>,
): string | undefined {
  const is = (field: string, value: string) => field === '*' || field === value;
  return lines.find(
    (line) =>
      (is(line.host, address.host) || (line.host === 'localhost' && SOCKET_FOLDERS.includes(address.host))) &&
      is(line.port, String(address.port)) &&
      is(line.database, database) &&
      is(line.user, user),
  )?.password;
}

/** Where PostgreSQL's packages have their sockets: a line for localhost means those, too. */
const SOCKET_FOLDERS = ['/var/run/postgresql', '/run/postgresql', '/tmp'];

/**
 * The password that the password file has for an endpoint; undefined when there is no such file or line.
 * @param given the file that was named; ~/.pgpass when undefined
 * @throws UserError when others may read the file, or it has several passwords for one endpoint
 */
export function passwordFromFile(
  endpoint: Endpoint,
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const file = given ?? join(homeOf(env), '.pgpass');
  const content = read(file);
  if (content === undefined) {
    return undefined;
  }
  const lines = parsePasswordFile(content.text);
  const passwords = new Set(
    addressesOf(endpoint).flatMap((address) => passwordFor(lines, address, endpoint) ?? []),
  );
  const [password] = passwords;
  if (password !== undefined && !content.private) {
    throw new UserError(
      `${file} can be read by others, so libpq would not use it.`,
      `Say 'chmod 600 ${file}'.`,
    );
  }
  if (passwords.size > 1) {
    throw new UserError(
      `${file} has several passwords for the addresses ${hostPort(endpoint)} of one endpoint.`,
      'Servers of one cluster share their roles: give the password that holds for all of them.',
    );
  }
  return password;
}

function read(file: string): { readonly text: string; readonly private: boolean } | undefined {
  try {
    const facts = statSync(file);
    if (!facts.isFile()) {
      return undefined; // As libpq: a folder or a device is no password file.
    }
    return { text: readFileSync(file, 'utf8'), private: (facts.mode & 0o077) === 0 };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error) ?? '')) {
      return undefined;
    }
    throw new UserError(`${file} cannot be read: ${messageOf(error)}.`);
  }
}
