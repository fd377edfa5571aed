import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { diagnoseFiles } from '../../api/doctor-files.js';
import type { Diagnosis, Severity } from '../finding.js';
import { FILE_CHECKS } from './checks.js';
import { type Files, goodFiles, optionsOf, written } from './good-set.fixture.js';

async function diagnosisOf(files: Files): Promise<Diagnosis> {
  const directory = await written(files);
  try {
    return await diagnoseFiles(optionsOf(files, directory));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Makes one change to the files whose paths fit; fails where there is nothing to change. */
type Change = readonly [path: RegExp, find: string | RegExp, replacement: string];

function changed(changes: readonly Change[]): Files {
  const files: Record<string, string> = { ...goodFiles() };
  for (const [pattern, find, replacement] of changes) {
    const paths = Object.keys(files).filter((path) => pattern.test(path));
    for (const path of paths) {
      const before = files[path] ?? '';
      const after = before.replaceAll(typeof find === 'string' ? find : new RegExp(find, 'gm'), replacement);
      expect(after, `${path} has something to change`).not.toBe(before);
      files[path] = after;
    }
    expect(paths.length).toBeGreaterThan(0);
  }
  return files;
}

const PG1 = /^pg1\/patroni/;
const PG2 = /^pg2\/patroni/;
const PATRONI = /patroni\.yml$/;
const ETCD1 = /^pg1\/etcd/;
const ETCD2 = /^pg2\/etcd/;
const ETCD = /etcd$/;
const HAPROXY = /haproxy\.cfg$/;
const UNIT = /\.service$/;

/** What is planted, what it must be found by, its severity, and words of what is said. */
type Planted = readonly [
  what: string,
  changes: readonly Change[],
  check: string,
  severity: Severity,
  words: string,
];

const PLANTED: readonly Planted[] = [
  [
    'one name on two nodes',
    [[PG2, 'name: pg2', 'name: pg1']],
    'file-unique-names',
    'refuse',
    'name is pg1 in 2 files',
  ],
  [
    'another scope',
    [[PG2, 'scope: shop', 'scope: shop2']],
    'file-one-scope',
    'refuse',
    'shop (pg1, pg3) and shop2 (pg2)',
  ],
  ['another namespace', [[PG2, '/service/', '/db/']], 'file-one-scope', 'refuse', 'namespace differs'],
  ['no scope', [[PATRONI, 'scope: shop\n', '']], 'file-one-scope', 'warn', 'There is no scope'],
  [
    'one address on two nodes',
    [[PG2, '10.20.0.12:8008', '10.20.0.11:8008']],
    'file-unique-addresses',
    'refuse',
    'restapi.connect_address is 10.20.0.11:8008 in 2 files',
  ],
  [
    'nobody to fail over to',
    [[/^pg[23]\/patroni/, 'nofailover: false', 'nofailover: true']],
    'file-candidates',
    'refuse',
    'Of 3 members only pg1',
  ],
  [
    'a key that stands twice',
    [[PG1, 'tags:', 'watchdog:\n  mode: automatic\ntags:']],
    'file-doubled-keys',
    'warn',
    'watchdog stands there for the second time',
  ],
  [
    'connect_address on loopback',
    [[PG2, 'connect_address: 10.20.0.12:8008', 'connect_address: 127.0.0.1:8008']],
    'file-member-addresses',
    'refuse',
    'restapi.connect_address is 127.0.0.1',
  ],
  [
    'connect_address of any',
    [[PG2, 'connect_address: 10.20.0.12:8008', 'connect_address: 0.0.0.0:8008']],
    'file-member-addresses',
    'refuse',
    'restapi.connect_address is 0.0.0.0',
  ],
  [
    'listen on loopback alone',
    [[PG2, "listen: '*:5432'", 'listen: localhost:5432']],
    'file-member-addresses',
    'refuse',
    'postgresql.listen has localhost alone',
  ],
  [
    'an API without authentication',
    [[PATRONI, / {2}authentication:\n {4}username: patroni\n.*\n/, '']],
    'file-restapi-access',
    'warn',
    'neither authentication',
  ],
  ['etcd: of version 2', [[PG2, 'etcd3:', 'etcd:']], 'file-etcd-api', 'refuse', 'version 2'],
  ['no store', [[PG2, 'etcd3:', 'etcd4:']], 'file-etcd-api', 'refuse', 'names no store'],
  [
    'the peer port for clients',
    [[PG2, '10.20.0.13:2379', '10.20.0.13:2380']],
    'file-etcd-hosts',
    'refuse',
    'etcd3 has 10.20.0.13:2380, and etcd there tells clients of port 2379',
  ],
  [
    'timing that does not fit into ttl',
    [[PATRONI, 'retry_timeout: 10', 'retry_timeout: 11']],
    'file-lease-rule',
    'warn',
    'ttl is 30 and loop_wait + 2 × retry_timeout is 32',
  ],
  [
    'ttl below the minimum',
    [
      [PATRONI, 'ttl: 30', 'ttl: 19'],
      [PATRONI, 'loop_wait: 10', 'loop_wait: 2'],
      [PATRONI, 'retry_timeout: 10', 'retry_timeout: 3'],
    ],
    'file-timing-minimums',
    'warn',
    'ttl is 19',
  ],
  [
    'another bootstrap.dcs',
    [[PG2, 'maximum_lag_on_failover: 1048576', 'maximum_lag_on_failover: 1']],
    'file-same-dcs',
    'warn',
    'bootstrap.dcs differs',
  ],
  [
    "a password that is the user's name",
    [[PATRONI, "'n2Lw0fTz'", 'postgres']],
    'file-passwords',
    'warn',
    'The password in postgresql.authentication.superuser is the name of its user',
  ],
  [
    'a password of the samples',
    [[PATRONI, "'Vb71kSpq'", 'rep-pass']],
    'file-passwords',
    'warn',
    'postgresql.authentication.replication is one that is tried first',
  ],
  [
    'no password',
    [[PATRONI, / {6}password: 'n2Lw0fTz'\n/, '']],
    'file-passwords',
    'warn',
    'superuser has no password',
  ],
  [
    'another password on one node',
    [[PG2, 'Vb71kSpq', 'Vb71kSpr']],
    'file-same-passwords',
    'refuse',
    'postgresql.authentication.replication differs',
  ],
  [
    'another user on one node',
    [[PG2, 'username: patroni', 'username: patron']],
    'file-same-passwords',
    'refuse',
    'restapi.authentication differs',
  ],
  [
    'a line of pg_hba that is none',
    [[PG2, 'local all all peer', 'local all all peer\n    - host all all scram-sha-256']],
    'file-hba-lines',
    'refuse',
    'A line of pg_hba is none',
  ],
  [
    'no local line',
    [[PG2, '    - local all all peer\n', '']],
    'file-hba-local',
    'warn',
    'no local line for postgres',
  ],
  [
    'no local line, where Patroni needs it',
    [
      [PG2, '    - local all all peer\n', ''],
      [PG2, '  pg_hba:', '  use_unix_socket: true\n  pg_hba:'],
    ],
    'file-hba-local',
    'refuse',
    'no local line for postgres',
  ],
  [
    'no line for its own replication',
    [[PG2, /^.*replicator 127.0.0.1.*\n/, '']],
    'file-hba-own',
    'warn',
    'turns replicator away from 127.0.0.1 for replication',
  ],
  [
    'no replication line for a member',
    [[PG1, /^.*replicator 10.20.0.12.*\n/, '']],
    'file-hba-replication',
    'refuse',
    'pg_hba of pg1 turns replicator away for replication from pg2, 10.20.0.12',
  ],
  [
    'a replication line of all databases',
    [[PG1, /host replication replicator 10.20.0.12/, 'host all replicator 10.20.0.12']],
    'file-hba-replication',
    'refuse',
    'pg2, 10.20.0.12',
  ],
  [
    'a reject in front',
    [
      [
        PG1,
        '- host replication replicator 10.20.0.11',
        '- host replication all 10.20.0.12/32 reject\n    - host replication replicator 10.20.0.11',
      ],
    ],
    'file-hba-replication',
    'refuse',
    'pg2, 10.20.0.12',
  ],
  [
    'no line for the rewind user',
    [[PG1, /^.*host all rewinder.*\n/, '']],
    'file-hba-rewind',
    'warn',
    'pg_hba of pg1 turns rewinder away from pg2, 10.20.0.12, pg3, 10.20.0.13',
  ],
  [
    'no line for the application',
    [[PG1, /^.*host all all 10.20.0.10.*\n/, '']],
    'file-hba-application',
    'refuse',
    "no line for applications from HAProxy's address 10.20.0.10",
  ],
  [
    'wal_level minimal',
    [[PATRONI, 'wal_level: replica', 'wal_level: minimal']],
    'file-wal-settings',
    'warn',
    'wal_level is minimal',
  ],
  [
    'too few walsenders',
    [[PATRONI, 'max_wal_senders: 10', 'max_wal_senders: 3']],
    'file-wal-settings',
    'warn',
    'max_wal_senders is 3, and there are 3 members',
  ],
  [
    'max_connections of a member',
    [[PG2, 'password_encryption: scram-sha-256', 'max_connections: 500']],
    'file-shared-settings',
    'warn',
    'postgresql.parameters has max_connections 500, and bootstrap.dcs 200',
  ],
  ['fsync off', [[PATRONI, 'wal_level: replica', 'fsync: off']], 'file-durability', 'warn', 'fsync is off'],
  [
    'no pg_rewind',
    [[PATRONI, 'use_pg_rewind: true', 'use_pg_rewind: false']],
    'file-rewind',
    'warn',
    'use_pg_rewind is false',
  ],
  [
    'a socket where psql does not look',
    [[PG2, "'/var/run/postgresql'", "'.'"]],
    'file-socket-directory',
    'note',
    "unix_socket_directories is '.'",
  ],
  [
    'one ETCD_NAME on two nodes',
    [[ETCD2, 'ETCD_NAME="pg2"', 'ETCD_NAME="pg1"']],
    'file-etcd-names',
    'refuse',
    'ETCD_NAME is pg1 in 2 files',
  ],
  [
    'another token',
    [[ETCD2, 'shop-7f3a', 'shop-7f3b']],
    'file-etcd-token',
    'refuse',
    'shop-7f3a (pg1, pg3) and shop-7f3b (pg2)',
  ],
  [
    'initial-cluster-state of its own',
    [[ETCD2, 'STATE="new"', 'STATE="existing"']],
    'file-etcd-state',
    'warn',
    'new (pg1, pg3) and existing (pg2)',
  ],
  [
    'initial-cluster-state of no meaning',
    [[ETCD2, 'STATE="new"', 'STATE="old"']],
    'file-etcd-state',
    'refuse',
    'initial-cluster-state is old',
  ],
  [
    'members without each other',
    [[ETCD2, 'pg1=http://10.20.0.11:2380,', '']],
    'file-etcd-members',
    'refuse',
    'initial-cluster of pg2 lacks pg1',
  ],
  [
    'a name that no node has',
    [[ETCD2, 'CLUSTER="pg1=', 'CLUSTER="pg4=']],
    'file-etcd-members',
    'refuse',
    'lacks pg1 and has pg4',
  ],
  [
    'a peer URL of another port',
    [[ETCD2, 'pg3=http://10.20.0.13:2380', 'pg3=http://10.20.0.13:2381']],
    'file-etcd-peer-urls',
    'refuse',
    'http://10.20.0.13:2381 for pg3, which says of itself http://10.20.0.13:2380',
  ],
  [
    'advertise-client-urls of localhost',
    [[ETCD2, 'ADVERTISE_CLIENT_URLS="http://10.20.0.12', 'ADVERTISE_CLIENT_URLS="http://localhost']],
    'file-etcd-addresses',
    'refuse',
    'advertise-client-urls of pg2 is http://localhost:2379',
  ],
  [
    'advertise-client-urls forgotten',
    [[ETCD2, /^ETCD_ADVERTISE.*\n/, '']],
    'file-etcd-addresses',
    'refuse',
    'not set, which means http://localhost:2379',
  ],
  [
    'etcd that listens on localhost alone',
    [[ETCD2, 'LISTEN_CLIENT_URLS="http://10.20.0.12:2379,', 'LISTEN_CLIENT_URLS="']],
    'file-etcd-addresses',
    'refuse',
    'pg2 tells 10.20.0.12:2379 and listens on 127.0.0.1:2379',
  ],
  [
    'no gateway',
    [[ETCD2, 'ETCD_HEARTBEAT_INTERVAL=100', 'ETCD_ENABLE_GRPC_GATEWAY=false']],
    'file-etcd-gateway',
    'refuse',
    'enable-grpc-gateway is false',
  ],
  [
    'export, which systemd does not know',
    [[ETCD2, 'ETCD_HEARTBEAT_INTERVAL=100', 'export ETCD_HEARTBEAT_INTERVAL=100']],
    'file-etcd-settings',
    'warn',
    "'export ETCD_HEARTBEAT_INTERVAL' is no name",
  ],
  [
    'a setting with a slip',
    [[ETCD2, 'ETCD_HEARTBEAT_INTERVAL', 'ETCD_HEARTBEAT_INTERVALL']],
    'file-etcd-settings',
    'warn',
    'ETCD_HEARTBEAT_INTERVALL is no setting',
  ],
  [
    'an election timeout of two heartbeats',
    [[ETCD, 'ETCD_HEARTBEAT_INTERVAL=100', 'ETCD_HEARTBEAT_INTERVAL=500']],
    'file-etcd-election',
    'refuse',
    'election-timeout is 1000 ms and heartbeat-interval 500 ms',
  ],
  [
    'election timeouts that differ',
    [[ETCD2, 'ETCD_ELECTION_TIMEOUT=1000', 'ETCD_ELECTION_TIMEOUT=2000']],
    'file-etcd-election',
    'warn',
    'pg1 1000 ms, pg2 2000 ms, pg3 1000 ms',
  ],
  [
    'an election timeout above ttl',
    [[ETCD, 'ETCD_ELECTION_TIMEOUT=1000', 'ETCD_ELECTION_TIMEOUT=25000']],
    'file-etcd-election',
    'warn',
    'the election timeout of etcd 25 s',
  ],
  [
    'a line before any section',
    [[HAPROXY, /^global/, 'maxconn 5\nglobal']],
    'file-haproxy-sections',
    'refuse',
    "'maxconn' stands in front",
  ],
  [
    'two ports that are one',
    [[HAPROXY, '10.20.0.10:5001', '10.20.0.10:5000']],
    'file-haproxy-sections',
    'refuse',
    'primary and replicas both bind 10.20.0.10:5000',
  ],
  [
    'servers without check',
    [[HAPROXY, 'server pg2 10.20.0.12:5432 check port 8008', 'server pg2 10.20.0.12:5432']],
    'file-haproxy-checks',
    'refuse',
    'pg2 of primary is not checked',
  ],
  [
    'no httpchk',
    [[HAPROXY, / {4}option httpchk OPTIONS \/replica\n/, '']],
    'file-haproxy-checks',
    'refuse',
    'replicas has no option httpchk',
  ],
  [
    'replicas on the port of the primary',
    [[HAPROXY, '/primary', '/replica']],
    'file-haproxy-path',
    'refuse',
    'primary, by its name and port for writes, asks for /replica',
  ],
  [
    'a path that Patroni does not have',
    [[HAPROXY, '/replica', '/slave']],
    'file-haproxy-path',
    'warn',
    'replicas asks for /slave',
  ],
  [
    'no port for writes',
    [[HAPROXY, /^listen primary\n(.+\n)+/, '']],
    'file-haproxy-roles',
    'refuse',
    'No listener or backend',
  ],
  [
    'checks at another port',
    [[HAPROXY, 'server pg2 10.20.0.12:5432 check port 8008', 'server pg2 10.20.0.12:5432 check port 8009']],
    'file-haproxy-check-port',
    'refuse',
    "pg2 of primary is checked at port 8009, and Patroni's API there is at 8008",
  ],
  [
    'checks at the port of PostgreSQL',
    [[HAPROXY, 'server pg2 10.20.0.12:5432 check port 8008', 'server pg2 10.20.0.12:5432 check']],
    'file-haproxy-check-port',
    'refuse',
    "checked at PostgreSQL's own port",
  ],
  [
    'sessions that stay',
    [[HAPROXY, ' on-marked-down shutdown-sessions', '']],
    'file-haproxy-sessions',
    'warn',
    'primary has no on-marked-down shutdown-sessions for pg1, pg2, pg3',
  ],
  [
    'GET',
    [[HAPROXY, 'OPTIONS /primary', 'GET /primary']],
    'file-haproxy-method',
    'note',
    'primary checks with GET',
  ],
  [
    'a frozen primary that stays',
    [[HAPROXY, 'timeout check 5s', 'timeout check 15s']],
    'file-haproxy-frozen',
    'warn',
    'primary takes up to 54 s to see that a primary is frozen, and 38 s',
  ],
  [
    'a server of another address',
    [[HAPROXY, /server pg2 10.20.0.12:5432/, 'server pg2 10.20.0.22:5432']],
    'file-haproxy-servers',
    'refuse',
    'primary has no server for pg2 (10.20.0.12:5432)',
  ],
  [
    'a server that reads lack',
    [[HAPROXY, /(listen replicas\n(.+\n)+?) {4}server pg2.*\n/, '$1']],
    'file-haproxy-servers',
    'refuse',
    'replicas has no server for pg2 (10.20.0.12:5432)',
  ],
  [
    'a server at another port of a member',
    [[HAPROXY, 'server pg2 10.20.0.12:5432', 'server pg2 10.20.0.12:5433']],
    'file-haproxy-servers',
    'note',
    'pg2 (10.20.0.12:5433) of primary is the host of a member',
  ],
  [
    'a server that no file has',
    [[HAPROXY, '    server pg3', '    server pg4 10.20.0.14:5432 check port 8008\n    server pg3']],
    'file-haproxy-servers',
    'warn',
    'pg4 (10.20.0.14:5432) of primary is no member',
  ],
  [
    'names that are not those of the members',
    [[HAPROXY, 'server pg2', 'server node2']],
    'file-haproxy-names',
    'note',
    'node2 of primary is pg2',
  ],
  [
    'room for 100',
    [[HAPROXY, 'maxconn 1000', 'maxconn 100']],
    'file-haproxy-maxconn',
    'warn',
    'maxconn of global is 100, and PostgreSQL takes 200',
  ],
  [
    'room for 100 at each server',
    [[HAPROXY, ' check port', ' maxconn 100 check port']],
    'file-haproxy-maxconn',
    'warn',
    'maxconn of the servers of primary is 100',
  ],
  [
    'a short timeout',
    [[HAPROXY, 'timeout client 30m', 'timeout client 10s']],
    'file-haproxy-timeouts',
    'warn',
    'timeout client of primary is 10 s',
  ],
  [
    'no timeout',
    [[HAPROXY, '    timeout connect 4s\n', '']],
    'file-haproxy-timeouts',
    'warn',
    'primary has no timeout connect',
  ],
  [
    'mode http',
    [[HAPROXY, 'bind 10.20.0.10:5000', 'mode http\n    bind 10.20.0.10:5000']],
    'file-haproxy-mode',
    'refuse',
    'mode of primary is http',
  ],
  [
    'statistics for everybody',
    [[HAPROXY, /^ *stats auth.*\n/, '']],
    'file-haproxy-stats',
    'note',
    'for whoever asks',
  ],
  [
    'no statistics',
    [[HAPROXY, /^ *stats.*\n/, '']],
    'file-haproxy-stats',
    'warn',
    'neither a page of statistics nor a stats socket',
  ],
  ['Patroni as root', [[UNIT, 'User=postgres\n', '']], 'file-unit-patroni', 'refuse', 'runs Patroni as root'],
  [
    'Patroni that takes PostgreSQL with it',
    [[UNIT, 'KillMode=process\n', '']],
    'file-unit-patroni',
    'warn',
    'which means control-group',
  ],
  [
    'a unit that starts PostgreSQL',
    [[UNIT, '/usr/bin/patroni /etc/patroni/config.yml', '/usr/lib/postgresql/18/bin/postgres -D /data']],
    'file-unit-postgres',
    'refuse',
    'starts PostgreSQL',
  ],
];

describe('a good set of files', () => {
  it('has nothing wrong', async () => {
    const { findings, checks } = await diagnosisOf(goodFiles());
    expect(findings).toEqual([]);
    const skipped = checks.flatMap((check) => (check.outcome === 'skipped' ? check.reason : []));
    expect(new Set(skipped)).toEqual(new Set([expect.stringContaining('no host was looked at')]));
  });

  it.each<readonly [string, readonly Change[]]>([
    ['a namespace that is left out on one node', [[PG2, 'namespace: /service/\n', '']]],
    ['an API that listens everywhere', [[PATRONI, /listen: 10.*:8008/, 'listen: 0.0.0.0:8008']]],
    ['networks instead of addresses in pg_hba', [[PATRONI, /10.20.0.1[0-3]\/32/, '10.20.0.0/24']]],
    ['a mask instead of a prefix', [[PATRONI, /10.20.0.12\/32/, '10.20.0.12 255.255.255.255']]],
    [
      'nobody let in without TLS',
      [
        [PATRONI, '- host all all 127', '- hostnossl all all 0.0.0.0/0 reject\n    - host all all 127'],
        [PATRONI, '- hostnossl', '- hostnossl replication all 0.0.0.0/0 reject\n    - hostnossl'],
        [PATRONI, /- host (?=\w+ \w+ (10|127))/, '- hostssl '],
      ],
    ],
    ['names in pg_hba, which DNS knows', [[PATRONI, /10.20.0.12\/32/, 'pg2.shop.example']]],
    [
      'checks said in the newer words',
      [[HAPROXY, 'httpchk OPTIONS /primary', 'httpchk\n    http-check send meth OPTIONS uri /primary']],
    ],
    [
      'web pages behind the same HAProxy, of the same hosts',
      [
        [
          HAPROXY,
          'listen primary',
          'frontend www\n    mode http\n    bind :443\n    default_backend web\nbackend web\n    mode http\n    timeout server 5s\n    server w1 10.20.0.30:8080\n    server w2 10.20.0.11:8080 check\nbackend app\n    mode http\n    option httpchk\n    server a1 10.20.0.31:80 check\n\nlisten primary',
        ],
      ],
    ],
    [
      "certificates of each member's own, and a section in another order",
      [
        [PATRONI, /^name: (\w+)$/, 'name: $1\nx-cert: &cert /etc/patroni/$1.pem'],
        [PATRONI, 'username: replicator', 'username: replicator\n      sslcert: *cert'],
        [
          PG2,
          "      username: rewinder\n      password: 'u9GdXe44'",
          "      password: 'u9GdXe44'\n      username: rewinder",
        ],
      ],
    ],
    [
      'names of hosts in haproxy.cfg, which DNS knows',
      [[HAPROXY, /10.20.0.1(\d):5432/, 'db$1.shop.example:5432']],
    ],
    ['PgBouncer on the hosts of the members', [[HAPROXY, ':5432 check', ':6432 check']]],
    [
      'a member by its tag out of the reads, and out of their servers',
      [
        [PG2, 'noloadbalance: false', 'noloadbalance: true'],
        [HAPROXY, /(listen replicas\n(.+\n)+?) {4}server pg2.*\n/, '$1'],
      ],
    ],
    [
      'a member that never leads, out of the servers for writes',
      [
        [PG2, 'nofailover: false', 'nofailover: true'],
        [HAPROXY, /(listen primary\n(.+\n)+?) {4}server pg2.*\n/, '$1'],
      ],
    ],
    ['flags in DAEMON_ARGS', [[ETCD, /^ETCD_NAME="(.*)"/, 'DAEMON_ARGS="--name $1"']]],
    [
      'timeouts of a defaults section with a name',
      [
        [HAPROXY, /^defaults/, 'defaults tcp'],
        [HAPROXY, /^listen (\w+)/, 'listen $1 from tcp'],
      ],
    ],
  ])('has nothing wrong with %s', async (_, changes) => {
    expect((await diagnosisOf(changed(changes))).findings).toEqual([]);
  });

  it('has nothing wrong in any file alone, as far as that can be told', async () => {
    for (const [path, text] of Object.entries(goodFiles())) {
      expect((await diagnosisOf({ [path]: text })).findings, path).toEqual([]);
    }
  });
});

describe('one planted defect', () => {
  it.each(PLANTED)('%s', async (_, changes, check, severity, words) => {
    const { findings } = await diagnosisOf(changed(changes));
    expect([...new Set(findings.map((finding) => finding.check))]).toEqual([check]);
    expect(findings[0]).toMatchObject({ severity, found: expect.stringContaining(words) });
  });

  it('is planted for every check that needs no host and one file', () => {
    const planted = new Set(PLANTED.map(([, , check]) => check));
    const left = FILE_CHECKS.map(({ id }) => id).filter((id) => !planted.has(id));
    expect(left).toEqual([
      'file-etcd-quorum',
      'file-etcd-data',
      'file-postgres-service',
      'file-config-dir',
      'file-programs',
      'file-certificates',
      'file-watchdog',
      'file-patronictl',
    ]);
  });

  it('is told with the line of its file', async () => {
    const { findings } = await diagnosisOf(changed([[PG2, 'retry_timeout: 10', 'retry_timeout: 99']]));
    const lease = findings.find(({ check }) => check === 'file-lease-rule');
    const line = (goodFiles()['pg2/patroni.yml'] ?? '')
      .split('\n')
      .findIndex((each) => each.includes('ttl: 30'));
    expect(lease?.subject).toMatch(new RegExp(`pg2/patroni\\.yml:${line + 1}$`));
  });

  it('is told without any password', async () => {
    const files = changed([
      [PG1, "'n2Lw0fTz'", 'zalando'],
      [PG2, "'Vb71kSpq'", 'replicator'],
      [HAPROXY, 'maxconn 1000', 'maxconn 5'],
    ]);
    const { findings } = await diagnosisOf(files);
    const said = JSON.stringify(findings);
    expect(findings.length).toBeGreaterThan(3);
    expect(said).not.toMatch(/zalando|n2Lw0fTz|Vb71kSpq|kQ8vXrW2|u9GdXe44/);
  });
});

describe('etcd of two members', () => {
  it('has no majority without one of them', async () => {
    const files = Object.fromEntries(
      Object.entries(goodFiles())
        .filter(([path]) => ETCD1.test(path) || ETCD2.test(path))
        .map(([path, text]) => [path, text.replace(',pg3=http://10.20.0.13:2380', '')]),
    );
    const { findings } = await diagnosisOf(files);
    expect(findings).toMatchObject([{ check: 'file-etcd-quorum', found: 'etcd has 2 members.' }]);
  });
});
