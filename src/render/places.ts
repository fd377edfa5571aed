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
  passFile: '/var/lib/postgresql/.pgpass-patroni',
} as const;

/** The users of what is no role of PostgreSQL. */
export const API_USER = 'patroni';
export const STATS_USER = 'stats';
