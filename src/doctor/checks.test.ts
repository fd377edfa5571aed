import { describe, expect, it } from 'vitest';
import type { HaproxyLine } from '../cluster/haproxy.js';
import { LIVE_CHECKS } from './checks.js';
import { diagnose, type Severity } from './finding.js';
import {
  cluster,
  config,
  type Defect,
  etcd,
  etcdKey,
  etcdNode,
  HBA,
  haproxy,
  healthy,
  line,
  member,
  node,
  ours,
  patroni,
  patroniNode,
  proxies,
  ro,
  rw,
  self,
  setting,
} from './healthy.fixture.js';
import type { WriteProbe } from './write-probe.js';

const PROBED: WriteProbe = { ack: { value: 1 }, visible: [], left: null, wasInterrupted: false };

/** What is wrong, the check that must find it, and words of what it says. */
const DEFECTS: readonly (readonly [check: string, severity: Severity, found: string, defect: Defect])[] = [
  [
    'failover-candidate',
    'refuse',
    'No replica may take over: n2 has the tag nofailover, n3 has the tag failover_priority 0.',
    both(member('n2', { tags: { nofailover: true } }), member('n3', { tags: { failover_priority: 0 } })),
  ],
  ['failover-candidate', 'refuse', 'n2 is not synchronous', config({ synchronous_mode: true })],
  [
    'failover-candidate',
    'refuse',
    'The leader has no replica.',
    patroni((old) => ({
      ...old,
      cluster:
        'value' in old.cluster
          ? { value: { ...old.cluster.value, members: old.cluster.value.members.slice(0, 1) } }
          : old.cluster,
    })),
  ],
  ['failsafe-idle', 'refuse', 'n1 runs in failsafe mode', self('n1', { failsafeActive: true })],
  [
    'members-answer',
    'refuse',
    'n1 does not answer at http://127.0.4.1:8008 (timeout).',
    patroniNode('n1', { self: { unknown: 'timeout' } }),
  ],
  [
    'members-answer',
    'warn',
    'n3 does not answer at http://127.0.4.3:8008 (connect ECONNREFUSED).',
    patroni((old) => ({
      ...old,
      members: old.members.map((each) =>
        each.name === 'n3' ? { ...each, self: { unknown: 'connect ECONNREFUSED' } } : each,
      ),
    })),
  ],
  [
    'may-change',
    'refuse',
    'Patroni at http://n1:8008 asks for a user and a password, and none was given.',
    patroni((old) => ({
      ...old,
      refusal: {
        value:
          'Patroni at http://n1:8008 asks for a user and a password, and none was given. Give --patroni-user NAME.',
      },
    })),
  ],
  ['no-scheduled-change', 'refuse', 'A switchover is scheduled.', cluster({ scheduledSwitchover: true })],
  ['no-scheduled-change', 'refuse', 'A restart of n2 is scheduled.', self('n2', { scheduledRestart: true })],
  ['not-paused', 'refuse', 'The cluster is paused.', cluster({ pause: true })],
  ['one-leader', 'refuse', 'Nobody holds the leader key.', member('n1', { role: 'replica' })],
  ['one-leader', 'refuse', 'n1 and n2 lead at the same time.', member('n2', { role: 'leader' })],
  [
    'one-leader',
    'refuse',
    'n1 holds the leader key, and its PostgreSQL is replica.',
    self('n1', { role: 'replica' }),
  ],
  ['one-leader', 'refuse', 'PostgreSQL of the leader n1 is starting.', self('n1', { state: 'starting' })],
  [
    'patroni-versions',
    'warn',
    'versions of Patroni: n1 3.0.2, n2 3.3.0, n3 3.0.2.',
    self('n2', { version: '3.3.0' }),
  ],
  [
    'patroni-versions',
    'warn',
    'versions of PostgreSQL: n1 15.18, n2 15.17',
    self('n2', { serverVersion: 150_017 }),
  ],
  ['pending-restart', 'warn', 'n2 waits for a restart', self('n2', { pendingRestart: true })],
  ['replica-lag', 'refuse', 'n3 lags by 2000000 bytes', patroniNode('n3', { reachedLater: 69_437_000 })],
  ['replicas-stream', 'refuse', 'n2 does not stream: it is stopped.', self('n2', { state: 'stopped' })],
  ['replicas-stream', 'refuse', 'n2 does not stream: it is running.', self('n1', { replication: [] })],
  ['replicas-stream', 'refuse', 'n3 is on timeline 2, and the leader on 1.', self('n3', { timeline: 2 })],
  ['system-identifier', 'refuse', 'n2 42', self('n2', { systemIdentifier: '42' })],
  [
    'unique-addresses',
    'refuse',
    'n1 and n2 have the same restapi.connect_address',
    member('n2', { apiUrl: 'http://127.0.4.1:8008' }),
  ],
  [
    'unique-addresses',
    'refuse',
    'n1 and n2 have the same postgresql.connect_address',
    member('n2', { host: '127.0.4.1' }),
  ],
  [
    'unique-addresses',
    'refuse',
    'n1 tells the others to reach it at 127.0.4.1.',
    member('n2', { host: '10.0.0.2' }),
  ],
  ['watchdog-works', 'warn', 'n1 cannot activate its watchdog.', self('n1', { watchdogFailed: true })],

  [
    'api-quick',
    'warn',
    'The REST API of n1 takes 700 ms to answer, and HAProxy waits 1000 ms.',
    patroni((old) => ({
      ...old,
      members: old.members.map((each) => (each.name === 'n1' ? { ...each, answeredMs: 700 } : each)),
    })),
  ],
  [
    'keeps-wal',
    'warn',
    'use_slots is false',
    both(
      config({ postgresql: { use_pg_rewind: true, use_slots: false } }),
      setting('wal_keep_size', '0'),
      node('n1', { slots: [] }),
    ),
  ],
  [
    'patroni-minimums',
    'warn',
    'ttl is 8, and Patroni 4.1.4 takes no less than 20.',
    both(
      self('n1', { version: '4.1.4' }),
      self('n2', { version: '4.1.4' }),
      self('n3', { version: '4.1.4' }),
    ),
  ],
  [
    'supported-pair',
    'warn',
    'Patroni 3.0.2 does not know PostgreSQL 17.',
    self('n1', { serverVersion: 170_002 }),
  ],
  [
    'sync-strict',
    'note',
    'synchronous_mode_strict is off',
    both(config({ synchronous_mode: true }), member('n2', { role: 'sync_standby' })),
  ],
  ['timing-rule', 'warn', 'ttl is 8, and loop_wait + 2 × retry_timeout is 11.', config({ loop_wait: 5 })],
  ['uses-rewind', 'warn', 'use_pg_rewind is off.', config({ postgresql: { use_pg_rewind: false } })],
  ['uses-rewind', 'note', 'not in the dynamic configuration', config({ postgresql: {} })],
  [
    'uses-rewind',
    'warn',
    'n1 has neither data_checksums nor wal_log_hints',
    both(node('n1', { settings: new Map() })),
  ],

  [
    'etcd-advertised',
    'refuse',
    'etcd n1 advertises http://127.0.0.1:2379.',
    etcd((old) => ({
      ...old,
      members: {
        value: [
          { id: '1', name: 'n1', clientUrls: ['http://127.0.0.1:2379'] },
          { id: '2', name: 'n2', clientUrls: ['http://10.0.0.2:2379'] },
          { id: '3', name: 'n3', clientUrls: ['http://10.0.0.3:2379'] },
        ],
      },
    })),
  ],
  [
    'etcd-alarms',
    'refuse',
    'etcd n2 has raised the alarm NOSPACE.',
    etcd((old) => ({ ...old, alarms: { value: [{ memberId: '2', alarm: 'NOSPACE' }] } })),
  ],
  [
    'etcd-clusters-apart',
    'refuse',
    "a member x of the scope 'other' at 127.0.4.3:5432",
    etcdKey('/service/other/members/x', '{"conn_url":"postgres://127.0.4.3:5432/postgres"}'),
  ],
  [
    'etcd-database-size',
    'warn',
    '1800 MB of 2048 MB',
    etcdNode('n1', { is: { dbSizeBytes: 1800 * 1_048_576 } }),
  ],
  [
    'etcd-disk',
    'warn',
    'One in a hundred writes of etcd n3',
    etcdNode('n3', { counts: { fsyncP99Ms: 256 } }),
  ],
  [
    'etcd-healthy',
    'warn',
    'etcd n3 is out of touch with the quorum.',
    etcdNode('n3', { healthy: { value: false } }),
  ],
  ['etcd-healthy', 'warn', 'etcd n3 does not answer', etcdNode('n3', { status: { unknown: 'refused' } })],
  [
    'etcd-healthy',
    'refuse',
    'does not speak version 3',
    etcdNode('n3', { status: { unknown: 'answered 404' } }),
  ],
  [
    'etcd-initialize',
    'refuse',
    'etcd says that the cluster is 42',
    etcdKey('/service/pgha/initialize', '42'),
  ],
  [
    'etcd-lease',
    'warn',
    'etcd has granted the leader key 15 s',
    etcd((old) => ({ ...old, leaseTtlS: { value: 15 } })),
  ],
  [
    'etcd-odd',
    'warn',
    'etcd has 1 member.',
    etcd((old) => ({ ...old, members: { value: [{ id: '1', name: 'n1', clientUrls: [] }] } })),
  ],
  [
    'etcd-of-patroni',
    'warn',
    "no keys of the scope 'pgha'",
    etcd((old) => ({ ...old, prefix: { value: null } })),
  ],
  ['etcd-one-cluster', 'refuse', 'belong to different clusters', etcdNode('n3', { is: { clusterId: '7' } })],
  ['etcd-one-cluster', 'warn', 'follow different leaders', etcdNode('n3', { is: { leaderId: '3' } })],
  ['etcd-one-cluster', 'warn', 'run different versions', etcdNode('n3', { is: { version: '3.5.16' } })],

  [
    'archiving-works',
    'warn',
    'archive_command of n1 failed 7 times',
    node('n1', { archiver: { failed: 7, failing: true, lastFailed: '000000010000000000000004' } }),
  ],
  [
    'clocks',
    'warn',
    'The clock of n2 is 150 ms ahead.',
    node('n2', { clock: { host: 'n2', offsetMs: 150, uncertaintyMs: 2 } }),
  ],
  [
    'clocks',
    'refuse',
    'The clock of n2 is 5000 ms behind.',
    node('n2', { clock: { host: 'n2', offsetMs: -5000, uncertaintyMs: 2 } }),
  ],
  ['durable', 'warn', 'fsync is off on n3.', setting('fsync', 'off', ['n3'])],
  [
    'hba-replication',
    'warn',
    'no line that lets n2 (127.0.4.2) replicate',
    node('n1', { hba: { value: HBA.slice(0, 1) } }),
  ],
  [
    'hba-replication',
    'refuse',
    'Line 9 of pg_hba.conf of n1 is wrong',
    node('n1', {
      hba: {
        value: [
          ...HBA,
          { line: 9, type: '', databases: [], address: null, netmask: null, method: null, error: 'nonsense' },
        ],
      },
    }),
  ],
  [
    'nodes-alike',
    'warn',
    'shared_buffers differs: n1 256MB, n2 1GB, n3 256MB.',
    setting('shared_buffers', '1GB', ['n2']),
  ],
  [
    'other-walsenders',
    'warn',
    "'pg_receivewal' receives WAL from n1",
    node('n1', { senders: [{ name: 'pg_receivewal', state: 'streaming', slotKind: null }] }),
  ],
  [
    'other-walsenders',
    'warn',
    'n1 has the logical slot cdc, which nobody uses.',
    node('n1', {
      slots: [{ name: 'cdc', kind: 'logical', active: false, walStatus: 'reserved', retainedBytes: 1 }],
    }),
  ],
  ['prepared-transactions', 'warn', '2 prepared transactions of n1', node('n1', { prepared: 2 })],
  ['replay-goes-on', 'warn', 'The replay of n2 is paused.', node('n2', { replayPaused: true })],
  [
    'replay-goes-on',
    'warn',
    'recovery_min_apply_delay is 1h on n2.',
    setting('recovery_min_apply_delay', '1h', ['n2']),
  ],
  [
    'slots-used',
    'warn',
    'The slot old of n1 is used by nobody and holds 3 MB of WAL.',
    node('n1', {
      slots: [
        { name: 'old', kind: 'physical', active: false, walStatus: 'reserved', retainedBytes: 3 * 1_048_576 },
      ],
    }),
  ],
  [
    'slots-used',
    'warn',
    'The WAL that the slot n2 of n1 needs is gone.',
    node('n1', {
      slots: [{ name: 'n2', kind: 'physical', active: true, walStatus: 'lost', retainedBytes: null }],
    }),
  ],
  ['sync-standbys', 'warn', "synchronous_standby_names is 'n2'", setting('synchronous_standby_names', 'n2')],
  ['sync-standbys', 'warn', 'n1 waits for no standby', config({ synchronous_mode: true })],
  ['wal-level', 'refuse', 'wal_level is minimal on n1.', setting('wal_level', 'minimal', ['n1'])],
  ['wal-senders', 'refuse', 'max_wal_senders is 3 on n1', setting('max_wal_senders', '3', ['n1'])],

  [
    'connections',
    'refuse',
    'n2 has 31 connections left',
    node('n2', { connections: { max: 40, reserved: 3, used: 6 } }),
  ],
  ['connections', 'refuse', 'Our role may have 20 connections', rw({ roleLimit: 20 })],
  ['connections', 'refuse', 'Our database may have 20 connections', rw({ databaseLimit: 20 })],
  [
    'load-not-read-only',
    'refuse',
    'default_transaction_read_only is on',
    ours('default_transaction_read_only', 'on'),
  ],
  ['load-timeouts', 'warn', 'statement_timeout is 5s for our user.', ours('statement_timeout', '5s')],
  ['little-logging', 'warn', 'log_statement is all for our user.', ours('log_statement', 'all')],
  ['pooler', 'warn', 'A pooler in transaction mode', rw({ pooler: 'transaction' })],
  ['ro-is-standby', 'warn', 'leads to a primary (127.0.4.2:5432)', ro({ standby: false })],
  ['ro-is-standby', 'note', 'leads to the replicas, and to the leader n1.', line('ro/n1', { status: 'UP' })],
  [
    'ro-is-standby',
    'refuse',
    'The read-only endpoint leads to another cluster',
    ro({ systemIdentifier: '42' }),
  ],
  ['rw-is-leader', 'refuse', 'The read-write endpoint leads to a standby', rw({ standby: true })],
  ['rw-is-leader', 'refuse', 'leads to another cluster than --patroni', rw({ systemIdentifier: '42' })],
  [
    'rw-is-leader',
    'refuse',
    'No server listens on 10.0.0.9:5000.',
    (evidence) => ({
      ...evidence,
      postgres: {
        ...evidence.postgres,
        rw: { unknown: 'No server listens on 10.0.0.9:5000. Check the address.' },
      },
    }),
  ],
  ['sync-commit', 'warn', 'synchronous_commit is off for our user.', ours('synchronous_commit', 'off')],
  [
    'write-probe',
    'refuse',
    'could not be read on n2: the row was not there',
    (evidence) => ({
      ...evidence,
      writeProbe: {
        value: {
          ...PROBED,
          visible: [{ name: 'n2', answer: { unknown: 'the row was not there' } }],
        },
      },
    }),
  ],
  [
    'write-probe',
    'refuse',
    'A write through rw is not acknowledged: no answer within 5 s.',
    (evidence) => ({
      ...evidence,
      writeProbe: { value: { ...PROBED, ack: { unknown: 'no answer within 5 s' } } },
    }),
  ],
  [
    'write-probe',
    'warn',
    'The table pgha_bench_doctor_1 is left',
    (evidence) => ({
      ...evidence,
      writeProbe: { value: { ...PROBED, left: { table: 'pgha_bench_doctor_1', reason: 'no route' } } },
    }),
  ],

  [
    'haproxy-asks-role',
    'refuse',
    'only whether rw/n2 takes connections',
    line('rw/n2', { checkStatus: 'L4OK' }),
  ],
  ['haproxy-asks-role', 'refuse', 'HAProxy does not check ro/n2.', line('ro/n2', { status: 'no check' })],
  [
    'haproxy-brown-out',
    'warn',
    'HAProxy leaves a frozen server after up to 50 s, and the next leader is UP after 16 s at most.',
    haproxy((old) => ({
      ...old,
      checks: {
        'haproxy.inter': '3s',
        'haproxy.fastinter': '1s',
        'haproxy.fall': 3,
        'haproxy.rise': 4,
        'haproxy.timeout_check': '15s',
      },
    })),
  ],
  [
    'haproxy-check-port',
    'refuse',
    'HAProxy sends rw/n1 to n1, and asks n2 whether it may.',
    haproxy((old) => ({
      ...old,
      checkAddresses: {
        value: [
          {
            proxy: 'rw',
            server: 'n1',
            host: '127.0.4.1',
            port: 5432,
            checkHost: '127.0.4.2',
            checkPort: 8008,
          },
        ],
      },
    })),
  ],
  ['haproxy-in-service', 'warn', 'rw/n2 is in MAINT.', line('rw/n2', { status: 'MAINT' })],
  [
    'haproxy-one-process',
    'warn',
    '2 processes of HAProxy run: 1, 2.',
    haproxy((old) => ({ ...old, pids: { value: [1, 2] } })),
  ],
  [
    'haproxy-ro',
    'refuse',
    'HAProxy has no server UP for ro: n1 DOWN (503), n2 DOWN (200), n3 DOWN (200).',
    both(line('ro/n2', { status: 'DOWN' }), line('ro/n3', { status: 'DOWN' })),
  ],
  ['haproxy-room', 'warn', 'HAProxy takes 100 connections for rw', line('rw', { sessionLimit: 100 })],
  ['haproxy-room', 'warn', 'HAProxy takes 100 connections for rw/n1', line('rw/n1', { sessionLimit: 100 })],
  [
    'haproxy-room',
    'warn',
    'HAProxy takes 100 connections for the process',
    haproxy((old) => ({ ...old, info: { value: new Map([['Maxconn', '100']]) } })),
  ],
  [
    'haproxy-room',
    'warn',
    'HAProxy takes 100 connections for pg_primary',
    haproxy((old) => ({
      ...old,
      stats: {
        value: ('value' in old.stats ? old.stats.value : []).map((each) =>
          each.kind === 'frontend' && each.proxy === 'rw'
            ? { ...each, proxy: 'pg_primary', sessionLimit: 100 }
            : each,
        ),
      },
    })),
  ],
  ['haproxy-rw', 'refuse', 'HAProxy has no server UP for rw', line('rw/n1', { status: 'DOWN' })],
  ['haproxy-rw', 'refuse', 'HAProxy has 2 servers UP for rw', line('rw/n2', { status: 'UP 1/2' })],
  [
    'haproxy-rw',
    'refuse',
    'HAProxy sends rw to n2, and n1 leads.',
    both(line('rw/n1', { status: 'DOWN' }), line('rw/n2', { status: 'UP' })),
  ],
  [
    'haproxy-servers',
    'refuse',
    'rw/n2 is 10.9.9.9:5432, which is no member',
    line('rw/n2', { address: '10.9.9.9:5432', status: 'UP' }),
  ],
  [
    'haproxy-servers',
    'warn',
    'rw/n2 is 10.9.9.9:5432, which is no member of the cluster now, and is DOWN.',
    line('rw/n2', { address: '10.9.9.9:5432' }),
  ],
  ['haproxy-servers', 'warn', 'rw has no server for n2', line('rw/n2', { address: '127.0.4.3:5432' })],

  [
    'ephemeral-ports',
    'warn',
    'This machine has 200 ports',
    generator({ ephemeralPorts: { value: 200 }, timeWait: { value: 150 } }),
  ],
  ['open-files', 'warn', 'A process may have 128 files open here', generator({ openFiles: { value: 128 } })],
  [
    'disk-space',
    'warn',
    '95 MB of 95367 MB are free at /data.',
    (evidence) => ({
      ...evidence,
      host: {
        value: {
          disks: [{ name: 'n1', directory: '/data', free: { value: { freeBytes: 1e8, totalBytes: 1e11 } } }],
          serviceEnabled: { value: false },
        },
      },
    }),
  ],
  [
    'one-starter',
    'warn',
    'postgresql.service is enabled',
    (evidence) => ({ ...evidence, host: { value: { disks: [], serviceEnabled: { value: true } } } }),
  ],
];

function both(...defects: readonly Defect[]): Defect {
  return (evidence) => defects.reduce((before, defect) => defect(before), evidence);
}

const NODES = ['n1', 'n2', 'n3'] as const;

function down(proxy: string): Defect {
  return both(...NODES.map((name) => line(`${proxy}/${name}`, { status: 'DOWN' })));
}

const statsPage: Defect = withLines((lines) => [
  ...lines,
  ...lines
    .filter(({ kind }) => kind === 'frontend')
    .map((each) => ({ ...each, proxy: 'stats', sessionLimit: 10 })),
]);

function without(name: string): Defect {
  return withLines((lines) => lines.filter(({ proxy, server }) => `${proxy}/${server}` !== name));
}

function withLines(change: (lines: readonly HaproxyLine[]) => readonly HaproxyLine[]): Defect {
  return haproxy((old) => ({
    ...old,
    stats: 'value' in old.stats ? { value: change(old.stats.value) } : old.stats,
  }));
}

function generator(change: Partial<ReturnType<typeof healthy>['generator']>): Defect {
  return (evidence) => ({ ...evidence, generator: { ...evidence.generator, ...change } });
}

describe('the checks of a running target', () => {
  it('find nothing where all is well, and look at everything', () => {
    const { findings, checks } = diagnose('lab', LIVE_CHECKS, healthy());
    expect(findings).toEqual([]);
    expect(checks.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  });

  it.each(DEFECTS)('%s (%s): %s', (check, severity, found, defect) => {
    const { findings } = diagnose('lab', LIVE_CHECKS, defect(healthy()));
    const own = findings.filter((finding) => finding.check === check);
    expect(own.map((finding) => `${finding.severity}: ${finding.found}`).join('\n')).toContain(found);
    expect(own.map((finding) => finding.severity)).toContain(severity);
    for (const { found: text, why, fix } of own) {
      expect(text).toMatch(/^[^\n]+\.$/);
      expect(why).toMatch(/^(etcd|[A-Z])[^\n]+\.$/);
      expect(fix).toMatch(/^[^\n]+$/);
    }
  });

  it('have each a defect above that it finds', () => {
    const tested = new Set(DEFECTS.map(([check]) => check));
    expect(LIVE_CHECKS.map(({ id }) => id).filter((id) => !tested.has(id))).toEqual([]);
  });

  it('have names of their own, and are sorted within a file', () => {
    const ids = LIVE_CHECKS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^[a-z]+(-[a-z]+)*$/.test(id))).toBe(true);
  });

  it('say why they were not made where nothing could be read', () => {
    const nothing = { unknown: 'it did not answer' };
    const evidence = {
      ...healthy(),
      patroni: nothing,
      etcd: nothing,
      haproxy: nothing,
      host: nothing,
      writeProbe: nothing,
      generator: { openFiles: nothing, ephemeralPorts: nothing, timeWait: nothing },
      postgres: {
        nodes: [{ name: 'n1', address: { host: 'x', port: 1 }, answer: nothing }],
        rw: nothing,
        ro: nothing,
      },
    };
    const { findings, checks } = diagnose('lab', LIVE_CHECKS, evidence);
    // That nobody can write is a finding.
    expect(findings.map(({ check }) => check)).toEqual(['rw-is-leader']);
    const made = checks.filter(({ outcome }) => outcome === 'ok').map(({ check }) => check);
    expect(made).toEqual([]);
  });

  it('say nothing of Patroni where there is none', () => {
    const evidence = {
      ...healthy(),
      patroni: { unknown: 'not given' },
      host: { value: { disks: [], serviceEnabled: { value: true } } },
    };
    const { findings } = diagnose('server', LIVE_CHECKS, evidence);
    expect(findings).toEqual([]);
  });

  it.each<readonly [string, Defect]>([
    [
      'a listener for synchronous replicas, of which there are none',
      both(proxies('replicas_sync'), down('replicas_sync')),
    ],
    [
      'a listener that checks the ports of something else on the same hosts',
      both(
        proxies('etcd'),
        ...NODES.map((name) => line(`etcd/${name}`, { checkStatus: 'L4OK', status: 'UP' })),
      ),
    ],
    ['a frontend of the page of statistics that takes few connections', statsPage],
    [
      'a replica that is behind and neither leads nor is read from',
      both(
        member('n2', { tags: { nofailover: true, noloadbalance: true } }),
        setting('recovery_min_apply_delay', '1h', ['n2']),
        patroniNode('n2', { reachedLater: 0 }),
        (evidence) => ({
          ...evidence,
          writeProbe: { value: { ...PROBED, visible: [{ name: 'n2', answer: { unknown: 'not there' } }] } },
        }),
      ),
    ],
    [
      'members without a server at ports that are not for them',
      both(
        member('n2', { tags: { nofailover: true } }),
        without('rw/n2'),
        member('n3', { tags: { noloadbalance: true } }),
        without('ro/n3'),
      ),
    ],
    ['a lag that /cluster reckons of positions of different times', member('n3', { lag: 2_000_000 })],
    [
      'a failure of an archiver that was switched off',
      both(
        setting('archive_mode', 'off', ['n1']),
        node('n1', { archiver: { failed: 7, failing: true, lastFailed: '04' } }),
      ),
    ],
    [
      'slots that use_slots has nothing to do with: they are there',
      both(config({ postgresql: { use_pg_rewind: true, use_slots: false } }), setting('wal_keep_size', '0')),
    ],
    [
      'more clients than connections behind a pooler',
      (evidence) => ({ ...rw({ pooler: 'session' })(evidence), clients: 500, haproxy: { unknown: 'none' } }),
    ],
  ])('find nothing in %s', (_, change) => {
    const { findings } = diagnose('lab', LIVE_CHECKS, change(healthy()));
    expect(findings).toEqual([]);
  });

  it('refuse nothing of a proxy that the load does not come by', () => {
    const others = both(
      proxies('standbys', 'primary'),
      down('standbys'),
      down('primary'),
      line('primary/n2', { status: 'no check' }),
    );
    const { findings } = diagnose('lab', LIVE_CHECKS, others(healthy()));
    expect(findings.map(({ check, severity, subject }) => [check, severity, subject])).toEqual([
      ['haproxy-asks-role', 'warn', 'primary/n2'],
      ['haproxy-rw', 'warn', 'primary'],
      ['haproxy-ro', 'note', 'standbys'],
    ]);
  });

  it('go by the namespace that etcd has the keys in', () => {
    const elsewhere = etcd((old) => ({
      ...old,
      prefix: { value: '/db/prod/pgha/' },
      keys: { value: new Map([['/db/prod/pgha/initialize', '42']]) },
    }));
    const { findings } = diagnose('lab', LIVE_CHECKS, elsewhere(healthy()));
    expect(findings.map(({ check, fix }) => [check, fix.includes('/db/prod/pgha/initialize')])).toEqual([
      ['etcd-initialize', true],
    ]);
  });

  it('take what was interrupted for nothing that is wrong', () => {
    const writeProbe = { value: { ...PROBED, ack: { unknown: 'given up' }, wasInterrupted: true } };
    const { findings } = diagnose('lab', LIVE_CHECKS, { ...healthy(), writeProbe });
    expect(findings).toEqual([]);
  });

  it('say that a node was not looked at where the others are well', () => {
    const evidence = healthy();
    const nodes = evidence.postgres.nodes.map((each) =>
      each.name === 'n3' ? { ...each, answer: { unknown: 'no route' } } : each,
    );
    const { checks } = diagnose('lab', LIVE_CHECKS, {
      ...evidence,
      postgres: { ...evidence.postgres, nodes },
    });
    expect(checks.find(({ check }) => check === 'durable')).toEqual({
      check: 'durable',
      layer: 'postgres',
      outcome: 'skipped',
      reason: 'n3: no route',
    });
  });
});
