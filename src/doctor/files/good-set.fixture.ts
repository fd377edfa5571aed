import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FilePaths } from './gather.js';

/*
 * Three virtual machines with PostgreSQL, Patroni and etcd, and one with HAProxy, as someone would write their files by
 * hand: nothing is wrong with them.
 */

export const HOSTS = [
  { name: 'pg1', address: '10.20.0.11' },
  { name: 'pg2', address: '10.20.0.12' },
  { name: 'pg3', address: '10.20.0.13' },
] as const;

type Host = (typeof HOSTS)[number];

/** Texts by path, `pg1/patroni.yml`. */
export type Files = Readonly<Record<string, string>>;

export function goodFiles(): Files {
  return {
    ...Object.fromEntries(
      HOSTS.flatMap((host) => [
        [`${host.name}/patroni.yml`, patroniYml(host)],
        [`${host.name}/etcd`, etcdEnvironment(host)],
      ]),
    ),
    'haproxy.cfg': HAPROXY_CFG,
    'patroni.service': PATRONI_SERVICE,
  };
}

function patroniYml({ name, address }: Host): string {
  return `# /etc/patroni/config.yml of ${name}
scope: shop
namespace: /service/
name: ${name}

restapi:
  listen: ${address}:8008
  connect_address: ${address}:8008
  authentication:
    username: patroni
    password: 'kQ8vXrW2'

etcd3:
  hosts:
    - 10.20.0.11:2379
    - 10.20.0.12:2379
    - 10.20.0.13:2379

bootstrap:
  dcs:
    ttl: 30
    loop_wait: 10
    retry_timeout: 10
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: 200
        wal_level: replica
        max_wal_senders: 10
        max_replication_slots: 10
  initdb:
    - encoding: UTF8
    - data-checksums

postgresql:
  listen: '*:5432'
  connect_address: ${address}:5432
  data_dir: /var/lib/postgresql/18/main
  bin_dir: /usr/lib/postgresql/18/bin
  pgpass: /var/lib/postgresql/.pgpass_patroni
  authentication:
    superuser:
      username: postgres
      password: 'n2Lw0fTz'
    replication:
      username: replicator
      password: 'Vb71kSpq'
    rewind:
      username: rewinder
      password: 'u9GdXe44'
  parameters:
    unix_socket_directories: '/var/run/postgresql'
    password_encryption: scram-sha-256
  pg_hba:
    - local all all peer
    - host all all 127.0.0.1/32 scram-sha-256
    - host replication replicator 127.0.0.1/32 scram-sha-256
    - host replication replicator 10.20.0.11/32 scram-sha-256
    - host replication replicator 10.20.0.12/32 scram-sha-256
    - host replication replicator 10.20.0.13/32 scram-sha-256
    - host all rewinder 10.20.0.0/24 scram-sha-256
    - host all all 10.20.0.10/32 scram-sha-256
    - host all postgres 10.20.0.0/24 scram-sha-256

watchdog:
  mode: automatic
  device: /dev/watchdog

tags:
  nofailover: false
  noloadbalance: false
`;
}

function etcdEnvironment({ name, address }: Host): string {
  const members = HOSTS.map((host) => `${host.name}=http://${host.address}:2380`).join(',');
  return `# /etc/default/etcd of ${name}
ETCD_NAME="${name}"
ETCD_DATA_DIR="/var/lib/etcd/shop"
ETCD_LISTEN_PEER_URLS="http://${address}:2380"
ETCD_LISTEN_CLIENT_URLS="http://${address}:2379,http://127.0.0.1:2379"
ETCD_INITIAL_ADVERTISE_PEER_URLS="http://${address}:2380"
ETCD_ADVERTISE_CLIENT_URLS="http://${address}:2379"
ETCD_INITIAL_CLUSTER="${members}"
ETCD_INITIAL_CLUSTER_TOKEN="shop-7f3a"
ETCD_INITIAL_CLUSTER_STATE="new"
ETCD_HEARTBEAT_INTERVAL=100
ETCD_ELECTION_TIMEOUT=1000
`;
}

const SERVERS = HOSTS.map(({ name, address }) => `    server ${name} ${address}:5432 check port 8008\n`).join(
  '',
);

const HAPROXY_CFG = `global
    maxconn 1000
    stats socket /run/haproxy/admin.sock mode 660 level admin

defaults
    mode tcp
    log global
    retries 2
    timeout connect 4s
    timeout client 30m
    timeout server 30m
    timeout check 5s

listen stats
    mode http
    bind *:7000
    stats enable
    stats uri /
    stats auth watcher:kQ8vXrW2

listen primary
    bind 10.20.0.10:5000
    option httpchk OPTIONS /primary
    http-check expect status 200
    default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
${SERVERS}
listen replicas
    bind 10.20.0.10:5001
    balance roundrobin
    option httpchk OPTIONS /replica
    http-check expect status 200
    default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
${SERVERS}`;

const PATRONI_SERVICE = `[Unit]
Description=Patroni
After=network-online.target

[Service]
Type=simple
User=postgres
Group=postgres
ExecStart=/usr/bin/patroni /etc/patroni/config.yml
KillMode=process
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;

/** Writes them below a new directory. @returns the directory */
export async function written(files: Files): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'doctor-files-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

/** Each file of the set by its kind. */
export function optionsOf(files: Files, directory: string): FilePaths {
  const paths = Object.keys(files);
  const those = (pattern: RegExp) =>
    paths.filter((path) => pattern.test(path)).map((path) => join(directory, path));
  return {
    patroni: those(/patroni[^/]*\.yml$/),
    etcd: those(/etcd(\.yml)?$/),
    haproxy: those(/\.cfg$/),
    units: those(/\.service$/),
  };
}
