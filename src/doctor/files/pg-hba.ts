import { isIP } from 'node:net';
import { type HbaLine, prefixOf } from '../hba.js';
import type { Located } from './located.js';

/** A line of pg_hba.conf. */
export interface HbaRecord extends HbaLine {
  readonly line: number;
  /** As written, its spaces joined. */
  readonly text: string;
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
  const mask = address !== null && isIP(rest[0] ?? '') !== 0 ? rest.shift() : undefined;
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
