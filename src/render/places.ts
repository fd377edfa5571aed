import type { Topology, TopologyHost } from './topology.js';

/** An absolute path on a host, behind the topology's prefix. */
export function onHost({ directories }: Topology, host: TopologyHost, path: string): string {
  return `${directories.prefix}${path}`.replaceAll('{host}', host.name);
}

/** Database hosts, then those that run HAProxy alone. */
export function allHosts({ hosts, proxies }: Topology): readonly TopologyHost[] {
  return [...new Set([...hosts, ...proxies])];
}

export const PATHS = {
  etcd: '/etc/default/etcd',
  etcdDropIn: '/etc/systemd/system/etcd.service.d/pgha.conf',
  patroni: '/etc/patroni/config.yml',
  patroniUnit: '/etc/systemd/system/patroni.service',
  haproxy: '/etc/haproxy/haproxy.cfg',
  haproxySocket: '/run/haproxy/admin.sock',
  logs: '/var/log/postgresql',
  /** Where Debian has the clusters, one directory for each version; postgres' own. */
  clusters: '/var/lib/postgresql',
  socket: '/var/run/postgresql',
} as const;

/** The user whose directories Debian's packages make. */
export const DEBIAN_USER = 'postgres';

/** Where Patroni writes the passwords that PostgreSQL and its programs take: a directory of the user's own. */
export function passDirectory({ user }: Topology): string {
  return user === DEBIAN_USER ? PATHS.clusters : '/var/lib/patroni';
}
