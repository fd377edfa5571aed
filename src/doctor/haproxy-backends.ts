import type { HaproxyLine } from '../cluster/haproxy.js';
import type { ClusterMember } from '../cluster/patroni.js';
import { type Address, hostPort, type Route } from '../plan/target.js';
import { sideByName as sideOfName } from './proxy-side.js';

/** A proxy that sends to members of the cluster. */
export interface Backend {
  readonly proxy: string;
  /** Whom its clients are to get; null where neither its name nor its servers tell. */
  readonly side: Route | null;
  /** The endpoint of the target that leads to it; null where none does, or nobody can tell. */
  readonly endpoint: Route | null;
  readonly servers: readonly HaproxyLine[];
}

/** Where an endpoint of the target is, and where it leads. */
export interface Path {
  readonly addresses: readonly Address[];
  /** Proxy of HAProxy that a connection of ours was seen at; null where that was not seen. */
  readonly proxy: string | null;
}

export type Paths = Readonly<Record<Route, Path | null>>;

export function backendsOf(
  lines: readonly HaproxyLine[],
  members: readonly ClusterMember[],
  paths: Paths,
): readonly Backend[] {
  const servers = lines.filter(({ kind }) => kind === 'server');
  const proxies = [...new Set(servers.map(({ proxy }) => proxy))];
  const ours = proxies
    .map((proxy) => ({ proxy, servers: servers.filter((server) => server.proxy === proxy) }))
    .filter(({ servers: own }) => own.some((server) => memberOf(server, members) !== undefined));
  const sided = ours.map((backend) => ({
    ...backend,
    side: sideOf(backend, members, ours.length === 1) ?? seenAt(backend.proxy, paths),
  }));
  return sided.map((backend) => ({
    ...backend,
    endpoint: seenAt(backend.proxy, paths) ?? takenFor(backend, sided, members, paths),
  }));
}

/** By its address; by its name, where HAProxy does not tell the address. */
export function memberOf(
  { server, address }: HaproxyLine,
  members: readonly ClusterMember[],
): ClusterMember | undefined {
  return members.find((member) =>
    address === null ? member.name === server : address === addressOf(member),
  );
}

export function isUp({ status }: HaproxyLine): boolean {
  return status.startsWith('UP') || status === 'no check';
}

/** Of a proxy, by its name; also of a frontend, which has no servers. */
export function sideByName(proxy: string): Route | null {
  return isOfSync(proxy) ? null : sideOfName(proxy);
}

type Sideless = Pick<Backend, 'proxy' | 'servers'>;

function sideOf(backend: Sideless, members: readonly ClusterMember[], isOnly: boolean): Route | null {
  if (isOfSync(backend.proxy)) {
    return null;
  }
  return sideByName(backend.proxy) ?? (isOnly ? 'rw' : sideByServers(backend.servers, members));
}

/** For synchronous or asynchronous replicas alone, beside the one for all: it may well have nobody to send to. */
function isOfSync(proxy: string): boolean {
  return /(^|[^a-z])a?sync([^a-z]|$)/i.test(proxy);
}

/**
 * One whose only server UP is the leader is for writes; one where others are UP, too, cannot be told from a wrong one. One
 * with a single server leads past the roles, to that server.
 */
function sideByServers(servers: readonly HaproxyLine[], members: readonly ClusterMember[]): Route | null {
  const up = servers.filter(isUp).map((server) => memberOf(server, members)?.role);
  if (servers.length === 1) {
    return null;
  }
  if (up.length === 1 && up[0] === 'leader') {
    return 'rw';
  }
  return up.length > 0 && !up.includes('leader') ? 'ro' : null;
}

function seenAt(proxy: string, paths: Paths): Route | null {
  return (['rw', 'ro'] as const).find((route) => paths[route]?.proxy === proxy) ?? null;
}

/** Where nobody saw it: the only proxy of its side, unless the endpoint goes past HAProxy to the members themselves. */
function takenFor(
  { side }: Pick<Backend, 'side'>,
  all: readonly Pick<Backend, 'side'>[],
  members: readonly ClusterMember[],
  paths: Paths,
): Route | null {
  const path = side === null ? null : paths[side];
  if (path === null || path.proxy !== null || all.filter((other) => other.side === side).length !== 1) {
    return null;
  }
  const isPast = path.addresses.some((address) =>
    members.some((member) => addressOf(member) === hostPort(address)),
  );
  return isPast ? null : side;
}

function addressOf({ host, port }: ClusterMember): string {
  return hostPort({ host: host ?? '', port: port ?? 0 });
}
