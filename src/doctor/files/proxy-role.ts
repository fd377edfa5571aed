import { isIP } from 'node:net';
import type { Address } from '../../plan/target.js';
import { type Side, sideByName } from '../proxy-side.js';
import type { HaproxyConfigFile, HaproxyProxy, Server } from './haproxy-config.js';
import { sameAddress } from './network-address.js';
import type { PatroniFile } from './patroni-file.js';

/** What a proxy is for: writes, reads, or nothing of PostgreSQL's. */
export type ProxyRole = Side | null;

const RW_PATHS = /^\/(primary|master|leader|read-write|standby[-_]leader)?$/;
const RO_PATHS =
  /^\/(replica|read-only|sync|synchronous|async|asynchronous|quorum|read-only-sync|read-only-quorum|health)$/;

/** By the path that its servers are asked for. */
export function roleOfPath(path: string): ProxyRole {
  const bare = path.replace(/\?.*$/, '');
  if (RW_PATHS.test(bare)) {
    return 'rw';
  }
  return RO_PATHS.test(bare) ? 'ro' : null;
}

/** By its names and those of the frontends before it, else by the ports of Patroni's samples. */
export function roleOfName({ name, frontends, binds }: HaproxyProxy): ProxyRole {
  const ports = binds.map(({ value }) => value.port);
  const byPort = ports.includes(5000) === ports.includes(5001) ? null : ports.includes(5000) ? 'rw' : 'ro';
  return sideByName(name, ...frontends) ?? byPort;
}

/** What it is for: its names say what is meant, and where they say nothing, what is asked for. */
export function roleOf(proxy: HaproxyProxy): ProxyRole {
  return roleOfName(proxy) ?? (proxy.httpCheck === null ? null : roleOfPath(proxy.httpCheck.path));
}

/** Proxies whose servers are PostgreSQL; an HAProxy may carry web pages besides, from the same hosts. */
export function postgresProxies(
  { proxies }: HaproxyConfigFile,
  patroni: readonly PatroniFile[],
): readonly HaproxyProxy[] {
  return proxies.filter(
    ({ kind, servers, httpCheck }) =>
      kind !== 'frontend' &&
      servers.length > 0 &&
      (isPatronis(httpCheck?.path) || servers.some(({ address }) => isPostgres(address, patroni))),
  );
}

/** Web pages are asked for `/` and `/health`, too. */
function isPatronis(path: string | undefined): boolean {
  return path !== undefined && !/^\/(health)?(\?|$)/.test(path) && roleOfPath(path) !== null;
}

/** Of PostgreSQL and PgBouncer. */
const PORTS = [5432, 6432];

function isPostgres(address: Address | undefined, patroni: readonly PatroniFile[]): boolean {
  const members = patroni.flatMap(({ postgres }) => postgres.connect?.value ?? []);
  // A name may stand for any of them.
  const isMember = (host: string) =>
    members.length === 0 || isIP(host) === 0 || members.some((member) => isHost(member.host, host));
  return (
    address !== undefined &&
    isMember(address.host) &&
    (PORTS.includes(address.port) || members.some(({ port }) => port === address.port))
  );
}

/**
 * The member that a server leads to, whatever listens there: a pooler on its host is a way to it. Members of one host, and
 * servers of one, are told apart by their ports.
 */
export function memberAt(
  { address }: Server,
  { servers }: HaproxyProxy,
  patroni: readonly PatroniFile[],
): PatroniFile | undefined {
  if (address === undefined) {
    return undefined;
  }
  const there = patroni.filter(({ postgres }) => isHost(postgres.connect?.value.host ?? '', address.host));
  const exact = there.find(
    ({ postgres }) => postgres.connect !== undefined && sameAddress(postgres.connect.value, address),
  );
  const beside = servers.filter((server) => isHost(server.address?.host ?? '', address.host));
  return exact ?? (there.length === 1 && beside.length === 1 ? there[0] : undefined);
}

const isHost = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
