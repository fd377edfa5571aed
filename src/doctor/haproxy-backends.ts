import type { HaproxyLine } from '../cluster/haproxy.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { hostPort } from '../plan/target.js';

/** A proxy that sends to members of the cluster. */
export interface Backend {
  readonly proxy: string;
  /** Whom its clients are to get; null where neither its name nor its servers tell. */
  readonly side: 'rw' | 'ro' | null;
  readonly servers: readonly HaproxyLine[];
}

export function backendsOf(
  lines: readonly HaproxyLine[],
  members: readonly ClusterMember[],
): readonly Backend[] {
  const servers = lines.filter(({ kind }) => kind === 'server');
  const proxies = [...new Set(servers.map(({ proxy }) => proxy))];
  const ours = proxies
    .map((proxy) => ({ proxy, servers: servers.filter((server) => server.proxy === proxy) }))
    .filter(({ servers: own }) => own.some((server) => memberOf(server, members) !== undefined));
  return ours.map((backend) => ({
    ...backend,
    side: sideByName(backend.proxy) ?? (ours.length === 1 ? 'rw' : sideByServers(backend.servers, members)),
  }));
}

/** By its address; by its name, where HAProxy does not tell the address. */
export function memberOf(
  { server, address }: HaproxyLine,
  members: readonly ClusterMember[],
): ClusterMember | undefined {
  return members.find(({ name, host, port }) =>
    address === null ? name === server : address === hostPort({ host: host ?? '', port: port ?? 0 }),
  );
}

export function isUp({ status }: HaproxyLine): boolean {
  return status.startsWith('UP') || status === 'no check';
}

function sideByName(proxy: string): Backend['side'] {
  // HAProxy's names have no form: these are parts of those that people give.
  if (/(^|[^a-z])(rw|read[-_]?write|primary|master|leader|writes?)([^a-z]|$)/i.test(proxy)) {
    return 'rw';
  }
  return /(^|[^a-z])(ro|read[-_]?only|replicas?|standbys?|slaves?|a?sync|reads?)([^a-z]|$)/i.test(proxy)
    ? 'ro'
    : null;
}

/** One whose only server UP is the leader is for writes; one where others are UP, too, cannot be told from a wrong one. */
function sideByServers(servers: readonly HaproxyLine[], members: readonly ClusterMember[]): Backend['side'] {
  const up = servers.filter(isUp).map((server) => memberOf(server, members)?.role);
  if (up.length === 1 && up[0] === 'leader') {
    return 'rw';
  }
  return up.length > 0 && !up.includes('leader') ? 'ro' : null;
}
