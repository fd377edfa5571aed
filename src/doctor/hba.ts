import { isInNetwork, isLoopback } from './files/network-address.js';
import type { HbaRule } from './postgres-evidence.js';

/** What decides of a line of pg_hba.conf, from a file or as the server shows it. */
export interface HbaLine {
  /** `local`, `host`, `hostssl`, … */
  readonly type: string;
  readonly databases: readonly string[];
  readonly users: readonly string[];
  /** `10.0.0.0/24`, `all`, `samenet`, a name; null for `local`. */
  readonly address: string | null;
  readonly method: string | null;
}

/** Who wants in. The replication protocol is the database `replication`, which `all` does not mean. */
export interface Visitor {
  readonly database: string;
  /** Null where it is not known: somebody. */
  readonly user: string | null;
  /** Where from; null for the socket. */
  readonly address: string | null;
}

export type HbaAnswer = 'in' | 'out' | 'unknown';

/**
 * What pg_hba.conf says to a visitor. For each way of coming the first line that fits decides, and a client tries the ways
 * that it has: one that is turned away without encryption gets in with it.
 * @returns `unknown` where a name would have to be looked up
 */
export function hbaAnswer(lines: readonly HbaLine[], visitor: Visitor): HbaAnswer {
  const ways = visitor.address === null ? [SOCKET] : NETWORK;
  const answers = ways.map((types) =>
    firstAnswer(
      lines.filter(({ type }) => types.includes(type)),
      visitor,
    ),
  );
  return answers.find((each) => each === 'in') ?? answers.find((each) => each === 'unknown') ?? 'out';
}

/** The types of lines that are for a connection through the socket; plain, with TLS, and with GSSAPI's encryption. */
const SOCKET = ['local'];
const NETWORK = [
  ['host', 'hostnossl', 'hostnogssenc'],
  ['host', 'hostssl', 'hostnogssenc'],
  ['host', 'hostnossl', 'hostgssenc'],
];

function firstAnswer(lines: readonly HbaLine[], visitor: Visitor): HbaAnswer {
  for (const line of lines) {
    if (!namesDatabase(line, visitor.database) || !namesUser(line, visitor.user)) {
      continue;
    }
    const covers = coversAddress(line, visitor.address);
    if (covers === undefined) {
      return 'unknown';
    }
    if (covers) {
      return isReject(line) ? 'out' : 'in';
    }
  }
  return 'out';
}

const isReject = ({ method }: HbaLine) => method === 'reject';

function namesDatabase({ databases }: HbaLine, database: string): boolean {
  return databases.includes(database) || (database !== 'replication' && databases.includes('all'));
}

/** A group or a pattern may well mean this user: it lets in, and turns nobody away who is not known to be of it. */
function namesUser(line: HbaLine, user: string | null): boolean {
  return line.users.some(
    (each) => each === 'all' || each === user || (!isReject(line) && (user === null || /^[+/]/.test(each))),
  );
}

function coversAddress({ address }: HbaLine, from: string | null): boolean | undefined {
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

/** A line as the server shows it; one without users is of a server that was not asked for them. */
export type ShownRule = HbaRule & { readonly users?: readonly string[] };

/**
 * Whether pg_hba.conf lets a host replicate.
 * @param user who replicates; null where it is not known
 * @returns null where that cannot be told: a name where an address would be
 */
export function coversReplication(
  rules: readonly ShownRule[],
  host: string,
  user: string | null = null,
): boolean | null {
  const lines = rules.map(({ users = ['all'], address, netmask, ...rule }) => ({
    ...rule,
    users,
    address: address === null || netmask === null ? address : `${address}/${prefixOf(netmask)}`,
  }));
  const answer = hbaAnswer(lines, { database: 'replication', user, address: host });
  return answer === 'unknown' ? null : answer === 'in';
}

/** Bits of a mask, `255.255.0.0`, `ffff:ffff::`. */
export function prefixOf(netmask: string): number {
  const bits = netmask.includes(':')
    ? netmask.split(':').map((part) => Number.parseInt(part || '0', 16))
    : netmask.split('.').map(Number);
  return bits.reduce((sum, part) => sum + part.toString(2).replaceAll('0', '').length, 0);
}
