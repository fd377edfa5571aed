import { UserError } from '../errors.js';
import { didYouMean } from './nearest.js';

/** What an address says, by libpq's names; never to be repeated in a message, for it may hold a password. */
export type Conninfo = Readonly<Record<string, string>>;

export const URI_FORM = 'postgresql://user:password@host:port/database';

/** What an address may say. The rest of libpq's words is in {@link REFUSED}, with the reason. */
const KNOWN = [
  'host',
  'port',
  'user',
  'password',
  'passfile',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'channel_binding',
  'target_session_attrs',
  'load_balance_hosts',
];

const REFUSED: Readonly<Record<string, string>> = {
  application_name: 'Leave it out: pgha-bench sets it, to tell its own sessions from others.',
  connect_timeout: 'Use --connect-timeout, which holds for all addresses of a connection together.',
  hostaddr: 'Give the IP address as the host.',
  options: "Leave it out, and set what it sets with 'ALTER ROLE … SET'.",
  service: 'Leave it out, and give what the service file says.',
  sslpassword: 'Give a key file without a passphrase.',
};

/**
 * Reads a connection URI, with one host or several, or the form `host=… port=…`. What is said twice holds as it was
 * said last.
 * @param flag whose value it is, for messages
 * @throws UserError
 */
export function parseConninfo(text: string, flag: string): Conninfo {
  if (/^postgres(ql)?:\/\//.test(text)) {
    return parseUriForm(text.slice(text.indexOf('//') + 2), flag);
  }
  if (/^\s*[a-z_]+\s*=/.test(text)) {
    return parseKeywords(text, flag);
  }
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0];
  throw new UserError(
    scheme === undefined
      ? `${flag}: expected a URI such as ${URI_FORM}.`
      : `${flag}: expected a URI such as ${URI_FORM}, found one that begins with '${scheme}'.`,
  );
}

/** @param text behind `postgresql://` */
function parseUriForm(text: string, flag: string): Conninfo {
  const [main = '', ...queries] = text.split('?');
  const [authority = '', ...path] = main.split('/');
  const at = authority.indexOf('@');
  const hosts = authority.slice(at + 1);
  // What a reader of the URI may take for the host is then a part of the password.
  const inQuery = at < 0 && queries.some((query) => query.includes('@'));
  if (hosts.includes('@') || path.join('/').includes('@') || inQuery) {
    throw new UserError(`${flag}: expected one @ at most, in front of the host.`, ENCODE);
  }
  const [user = '', ...password] = at < 0 ? [] : authority.slice(0, at).split(':');
  return {
    ...said('user', decoded(user, flag)),
    ...said('password', decoded(password.join(':'), flag)),
    ...hostList(hosts, flag),
    ...said('dbname', decoded(path.join('/'), flag)),
    ...parseQuery(queries.join('?'), flag),
  };
}

const ENCODE = 'Write @ / : ? of a user or a password as %40 %2F %3A %3F.';

function said(name: string, value: string): Conninfo {
  return value === '' ? {} : { [name]: value };
}

/** `h1:5432,[::1],%2Frun%2Fpg:5433` as libpq's lists of host and port. */
function hostList(text: string, flag: string): Conninfo {
  if (text === '') {
    return {};
  }
  const parts = text.split(',').map((part) => {
    const [, bracketed, plain, port = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(part) ?? [];
    const host = bracketed ?? plain;
    if (host === undefined) {
      throw new UserError(`${flag}: expected HOST:PORT,HOST:PORT with numbers as ports.`, ENCODE);
    }
    return { host: decoded(host, flag), port };
  });
  const ports = parts.map(({ port }) => port);
  return {
    host: parts.map(({ host }) => host).join(','),
    ...(ports.every((port) => port === '') ? {} : { port: ports.join(',') }),
  };
}

function parseQuery(text: string, flag: string): Conninfo {
  const values: Record<string, string> = {};
  for (const part of text === '' ? [] : text.split('&')) {
    const [name = '', ...value] = part.split('=');
    store(values, decoded(name, flag), decoded(value.join('='), flag), flag);
  }
  return values;
}

/** libpq's other form: `host=a,b port=5432 password='with \' and blanks'`. */
function parseKeywords(text: string, flag: string): Conninfo {
  const values: Record<string, string> = {};
  const pair =
    /\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?(?=\s|$))\s*/sy;
  while (pair.lastIndex < text.length) {
    const [, name, quoted, bare = ''] = pair.exec(text) ?? [];
    if (name === undefined) {
      throw new UserError(
        `${flag}: expected NAME=VALUE NAME=VALUE, with quotes (') around a value that holds blanks.`,
      );
    }
    store(values, name, (quoted ?? bare).replace(/\\(.)/gs, '$1'), flag);
  }
  return values;
}

function store(values: Record<string, string>, name: string, value: string, flag: string): void {
  const reason = REFUSED[name];
  if (reason !== undefined) {
    throw new UserError(`${flag}: '${name}' is not taken from an address.`, reason);
  }
  if (name === 'ssl' && value === 'true') {
    values['sslmode'] = 'require'; // JDBC's word, which libpq takes, too.
  } else if (!KNOWN.includes(name)) {
    throw new UserError(
      `${flag}: the option '${shown(name)}' is not supported in an address.${didYouMean(name, KNOWN)}`,
      `Known: ${KNOWN.join(', ')}.`,
    );
  } else if (value !== '') {
    values[name] = value;
  } else {
    delete values[name];
  }
}

/** A name that is none may be a piece of a password. */
function shown(name: string): string {
  return /^[A-Za-z_]{1,40}$/.test(name) ? name : '…';
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
