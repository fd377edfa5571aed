import type { Located } from './located.js';
import { isInNetwork, isLoopback } from './network-address.js';

/** A line of pg_hba.conf. */
export interface HbaRecord {
  readonly line: number;
  /** As written, its spaces joined. */
  readonly text: string;
  /** `local`, `host`, `hostssl`, … */
  readonly type: string;
  readonly databases: readonly string[];
  readonly users: readonly string[];
  /** `10.0.0.0/24`, `all`, `samenet`, a name; null for `local`. */
  readonly address: string | null;
  readonly method: string;
}

export interface HbaFile {
  readonly records: readonly HbaRecord[];
  /** What PostgreSQL would not take, and why. */
  readonly wrong: readonly Located<string>[];
}

const TYPES = ['local', 'host', 'hostssl', 'hostnossl', 'hostgssenc', 'hostnogssenc'];
const METHODS = [
  ...['trust', 'reject', 'scram-sha-256', 'md5', 'password', 'gss', 'sspi', 'ident', 'peer', 'ldap'],
  ...['radius', 'cert', 'pam', 'bsd', 'oauth'],
];

/** Reads lines of pg_hba.conf, as Patroni's `pg_hba` lists them. */
export function parseHba(lines: readonly Located<string>[]): HbaFile {
  const records: HbaRecord[] = [];
  const wrong: Located<string>[] = [];
  for (const { value, line } of lines) {
    const fields = fieldsOf(value);
    if (fields.length === 0 || fields[0]?.startsWith('include')) {
      continue;
    }
    const record = recordOf(fields, line);
    if (typeof record === 'string') {
      wrong.push({ value: record, line });
    } else {
      records.push(record);
    }
  }
  return { records, wrong };
}

/** Words without their quotes; what comes behind `#` is a comment. A comma holds a list together. */
function fieldsOf(text: string): readonly string[] {
  const fields: string[] = [];
  const comma = text.replace(/\s*,\s*/g, ',');
  for (const [word, comment] of comma.matchAll(/(#.*$)|(?:"[^"]*"|[^\s"#])+/g)) {
    if (comment !== undefined) {
      break;
    }
    fields.push(word);
  }
  return fields;
}

function recordOf(fields: readonly string[], line: number): HbaRecord | string {
  const [type = '', databases = '', users = '', ...rest] = fields;
  if (!TYPES.includes(type)) {
    return `'${type}' is no type of connection`;
  }
  const address = type === 'local' ? null : (rest.shift() ?? '');
  const mask = address !== null && /^(\d+\.){3}\d+$/.test(rest[0] ?? '') ? rest.shift() : undefined;
  const method = rest[0] ?? '';
  if (!METHODS.includes(method)) {
    return method === '' ? 'a method is missing' : `'${method}' is no method`;
  }
  return {
    line,
    text: fields.join(' '),
    type,
    databases: listOf(databases),
    users: listOf(users),
    address: address === null || mask === undefined ? unquotedWord(address) : `${address}/${prefixOf(mask)}`,
    method,
  };
}

const listOf = (text: string) => text.split(',').map((word) => unquotedWord(word) ?? '');

function unquotedWord(word: string | null): string | null {
  return word === null ? null : word.replaceAll('"', '');
}

function prefixOf(mask: string): number {
  const bits = mask.split('.').map((part) => Number(part).toString(2).padStart(8, '0'));
  return bits.join('').lastIndexOf('1') + 1;
}

/** Who wants in. The replication protocol is the database `replication`, which `all` does not mean. */
export interface Visitor {
  readonly database: string;
  readonly user: string;
  /** Where from; null for the socket. */
  readonly address: string | null;
}

/** What the first line that fits says, as PostgreSQL goes by it; `unknown` where a name would have to be looked up. */
export function hbaAnswer(records: readonly HbaRecord[], visitor: Visitor): 'in' | 'out' | 'unknown' {
  for (const record of records) {
    if (!namesDatabase(record, visitor.database) || !namesUser(record, visitor.user)) {
      continue;
    }
    const covers = coversAddress(record, visitor.address);
    if (covers === undefined) {
      return 'unknown';
    }
    if (covers) {
      return record.method === 'reject' ? 'out' : 'in';
    }
  }
  return 'out';
}

function namesDatabase({ databases }: HbaRecord, database: string): boolean {
  return databases.includes(database) || (database !== 'replication' && databases.includes('all'));
}

function namesUser({ users }: HbaRecord, user: string): boolean {
  // A group or a pattern may well mean this user.
  return users.some((each) => each === 'all' || each === user || /^[+/]/.test(each));
}

function coversAddress({ address }: HbaRecord, from: string | null): boolean | undefined {
  if (address === null || from === null) {
    return address === from;
  }
  if (address === 'all') {
    return true;
  }
  if (address === 'samehost') {
    return isLoopback(from) ? true : undefined;
  }
  return address === 'samenet' || address.startsWith('.') ? undefined : isInNetwork(from, address);
}
