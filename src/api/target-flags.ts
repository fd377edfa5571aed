import type { Flags } from './flags.js';

/** Parts of the address of the read-write endpoint, as sysbench calls them. */
export const OF_SYSBENCH = ['pgsql-host', 'pgsql-port', 'pgsql-user', 'pgsql-password', 'pgsql-db'] as const;

/** And as pgbench does. */
export const OF_PGBENCH = ['host', 'port', 'username', 'dbname'] as const;

/** Options of every command that needs a target. */
export const TARGET_FLAGS = {
  target: { group: 'Target:', describe: "one that pgha-bench.yaml names [its default]; 'none': no file" },
  'target-file': { group: 'Target:', describe: 'FILE of targets [pgha-bench.yaml, here or above]' },
  rw: { group: 'Target:', describe: 'read-write endpoint, postgresql://user@host:port/db' },
  ro: { group: 'Target:', describe: 'read-only endpoint; see docs/connecting.md' },
  host: { alias: 'h', group: 'Target:', describe: 'of the read-write endpoint, where --rw is absent' },
  port: { alias: 'p', group: 'Target:', describe: 'and its port [5432]' },
  username: { alias: 'U', group: 'Target:', describe: 'and user' },
  dbname: { alias: 'd', group: 'Target:', describe: 'and database; or --pgsql-host … as in sysbench' },
  ...hiddenFlags([...OF_SYSBENCH, 'db-driver']),
  patroni: { group: 'Target:', describe: "one member's REST API, http://host:8008" },
  'patroni-user': {
    group: 'Target:',
    describe: 'of its basic auth; the password: PGHA_BENCH_PATRONI_PASSWORD',
  },
  'patroni-ca': { group: 'Target:', describe: 'PEM file: who signed its certificate' },
  'patroni-cert': { group: 'Target:', describe: 'PEM file: certificate to show it' },
  'patroni-key': { group: 'Target:', describe: 'PEM file: and its key' },
  'patroni-insecure': {
    isSwitch: true,
    group: 'Target:',
    describe: 'accept any certificate of it',
  },
  haproxy: { group: 'Target:', describe: 'its statistics: URL of the page, or socket' },
  'haproxy-user': {
    group: 'Target:',
    describe: 'of the page; the password: PGHA_BENCH_HAPROXY_PASSWORD',
  },
  'haproxy-ca': { group: 'Target:', describe: 'PEM file: who signed its certificate' },
  'haproxy-insecure': { isSwitch: true, group: 'Target:', describe: 'accept any certificate of it' },
  'haproxy-check': {
    group: 'Target:',
    describe: "'inter 3s fall 3 rise 2': its checks, for predictions",
  },
  etcd: { group: 'Target:', describe: 'client URLs, http://host:2379[,…]' },
  'etcd-user': { group: 'Target:', describe: 'of etcd; the password: PGHA_BENCH_ETCD_PASSWORD' },
  'etcd-ca': { group: 'Target:', describe: 'PEM file: who signed its certificates' },
  'etcd-cert': { group: 'Target:', describe: 'PEM file: certificate to show it' },
  'etcd-key': { group: 'Target:', describe: 'PEM file: and its key' },
  'etcd-insecure': { isSwitch: true, group: 'Target:', describe: 'accept any certificate of it' },
  direct: {
    group: 'Target:',
    describe: "n1=host:port[,…]: members' PostgreSQL, where Patroni's addresses do not lead there",
  },
  lab: { group: 'Target:', describe: 'name of a lab, where no address is given [default]' },
} as const satisfies Flags;

function hiddenFlags(names: readonly string[]): Flags {
  return Object.fromEntries(
    names.map((name) => [name, { group: 'Target:', describe: "as sysbench's", hidden: true }]),
  );
}
