import type { EtcdStatus } from '../cluster/etcd.js';
import type { HaproxyLine } from '../cluster/haproxy.js';
import type { JsonObject } from '../cluster/json.js';
import type { ClusterMember, PatroniMember } from '../cluster/patroni.js';
import type { Answer } from './answer.js';
import type { EtcdEvidence, EtcdMetrics, EtcdNode } from './etcd-evidence.js';
import type { LiveEvidence } from './evidence.js';
import type { HaproxyEvidence } from './haproxy-evidence.js';
import type { PatroniEvidence, PatroniNode } from './patroni-evidence.js';
import type { EndpointLook, Settings } from './postgres-endpoint.js';
import type { HbaRule, NodeFacts } from './postgres-evidence.js';

/** As it was read from a lab, shortened: n1 leads, n2 and n3 follow. */
export function healthy(): LiveEvidence {
  return {
    clients: 64,
    lookers: { port: 38, server: 40 },
    hurt: [],
    patroni: { value: PATRONI },
    etcd: { value: ETCD },
    postgres: {
      rw: { value: RW },
      ro: { value: { ...RW, standby: true, address: '127.0.4.2' } },
      nodes: NAMES.map((name, index) => ({
        name,
        address: { host: `127.0.4.${index + 1}`, port: 5432 },
        answer: { value: name === 'n1' ? PRIMARY : STANDBY },
      })),
    },
    haproxy: { value: HAPROXY },
    generator: { openFiles: { value: 20_000 }, ephemeralPorts: { value: 28_232 }, timeWait: { value: 12 } },
    host: {
      value: {
        disks: [{ name: 'n1', directory: '/data', free: { value: { freeBytes: 50e9, totalBytes: 100e9 } } }],
        serviceEnabled: { value: false },
      },
    },
    writeProbe: {
      value: {
        ack: { value: 2 },
        visible: [{ name: 'n2', answer: { value: 3 } }],
        left: null,
        wasInterrupted: false,
      },
    },
  };
}

const NAMES = ['n1', 'n2', 'n3'] as const;
type Name = (typeof NAMES)[number];
const ID = '7713341038094138796';

const SELF: PatroniMember = {
  name: null,
  scope: 'pgha',
  version: '3.0.2',
  role: 'primary',
  state: 'running',
  serverVersion: 150_018,
  timeline: 1,
  postmasterStartTime: '2026-11-28 21:42:39.163017+00:00',
  systemIdentifier: ID,
  walLocation: 71_437_000,
  receivedLocation: null,
  replayedLocation: null,
  replicationState: null,
  replication: ['n2', 'n3'].map((applicationName) => ({
    applicationName,
    clientAddress: '127.0.0.1',
    state: 'streaming',
    syncState: 'async',
  })),
  pause: false,
  pendingRestart: false,
  scheduledRestart: false,
  watchdogFailed: false,
  clusterUnlocked: false,
  failsafeActive: false,
  dcsLastSeen: 1_795_902_172,
};

const PATRONI: PatroniEvidence = {
  cluster: {
    value: {
      scope: 'pgha',
      pause: false,
      scheduledSwitchover: false,
      members: NAMES.map((name, index) => ({
        name,
        role: name === 'n1' ? 'leader' : 'replica',
        state: 'running',
        apiUrl: `http://127.0.4.${index + 1}:8008`,
        host: `127.0.4.${index + 1}`,
        port: 5432,
        timeline: 1,
        lag: name === 'n1' ? null : 0,
        tags: {},
      })),
    },
  },
  config: {
    value: {
      ttl: 8,
      loop_wait: 2,
      retry_timeout: 3,
      maximum_lag_on_failover: 1_048_576,
      postgresql: { use_pg_rewind: true, use_slots: true },
    },
  },
  refusal: { value: null },
  members: NAMES.map((name, index) => ({
    name,
    apiUrl: `http://127.0.4.${index + 1}:8008`,
    answeredMs: 4,
    reachedLater: name === 'n1' ? null : 71_437_000,
    self: {
      value: name === 'n1' ? SELF : { ...SELF, role: 'replica', replication: [], walLocation: null },
    },
  })),
};

const ETCD: EtcdEvidence = {
  members: {
    value: NAMES.map((name, index) => ({
      id: String(index + 1),
      name,
      clientUrls: [`http://127.0.4.${index + 1}:2379`],
    })),
  },
  alarms: { value: [] },
  prefix: { value: '/service/pgha/' },
  keys: {
    value: new Map([
      ['/service/pgha/initialize', ID],
      ['/service/pgha/leader', 'n1'],
      ['/service/pgha/members/n1', '{"conn_url":"postgres://127.0.4.1:5432/postgres"}'],
    ]),
  },
  leaseTtlS: { value: 8 },
  nodes: NAMES.map((name, index) => ({
    name,
    url: `http://127.0.4.${index + 1}:2379`,
    status: {
      value: {
        id: String(index + 1),
        leaderId: '2',
        version: '3.4.23',
        raftTerm: 2,
        clusterId: '764290430661798878',
        dbSizeBytes: 36_864,
      },
    },
    healthy: { value: true },
    metrics: { value: { fsyncP99Ms: 8, quotaBytes: 2_147_483_648 } },
  })),
};

const SETTINGS: Settings = new Map(
  Object.entries({
    data_checksums: 'on',
    default_transaction_read_only: 'off',
    fsync: 'on',
    full_page_writes: 'on',
    log_statement: 'none',
    max_replication_slots: '10',
    max_wal_senders: '10',
    recovery_min_apply_delay: '0',
    shared_buffers: '256MB',
    statement_timeout: '0',
    synchronous_commit: 'on',
    synchronous_standby_names: '',
    wal_level: 'replica',
    wal_log_hints: 'on',
  }),
);

export const HBA: readonly HbaRule[] = [
  { line: 1, type: 'local', databases: ['all'], address: null, netmask: null, method: 'trust', error: null },
  {
    line: 2,
    type: 'host',
    databases: ['replication'],
    address: '127.0.0.0',
    netmask: '255.0.0.0',
    method: 'scram-sha-256',
    error: null,
  },
];

const PRIMARY: NodeFacts = {
  standby: false,
  version: 150_018,
  systemIdentifier: ID,
  settings: SETTINGS,
  connections: { max: 300, reserved: 3, used: 6 },
  slots: ['n2', 'n3'].map((name) => ({
    name,
    kind: 'physical',
    active: true,
    walStatus: 'reserved',
    retainedBytes: 0,
  })),
  senders: ['n2', 'n3'].map((name) => ({ name, state: 'streaming', slotKind: 'physical' })),
  archiver: { failed: 0, failing: false, lastFailed: null },
  prepared: 0,
  replayPaused: null,
  clock: { host: 'n1', offsetMs: 0.1, uncertaintyMs: 0.4 },
  hba: { value: HBA },
};

const STANDBY: NodeFacts = { ...PRIMARY, standby: true, slots: [], senders: null, replayPaused: false };

const RW: EndpointLook = {
  standby: false,
  address: '127.0.4.1',
  port: 5432,
  systemIdentifier: ID,
  settings: SETTINGS,
  roleLimit: null,
  databaseLimit: null,
  pooler: 'none',
};

const LINE: HaproxyLine = {
  kind: 'server',
  proxy: 'rw',
  server: 'n1',
  status: 'UP',
  sessions: 0,
  sessionsTotal: 0,
  sessionLimit: null,
  queued: 0,
  lastChangeS: 24,
  downtimeS: 0,
  checkStatus: 'L7OK',
  checkCode: 200,
  checkDurationMs: 2,
  failedChecks: 0,
  downs: 0,
  connectErrors: 0,
  rise: 1,
  fall: 2,
  retries: 0,
  address: '127.0.4.1:5432',
};

const HAPROXY: HaproxyEvidence = {
  stats: {
    value: (['rw', 'ro'] as const).flatMap((proxy) => [
      {
        ...LINE,
        kind: 'frontend',
        proxy,
        server: 'FRONTEND',
        status: 'OPEN',
        sessionLimit: 1125,
        address: null,
      },
      ...NAMES.map((server, index) => ({
        ...LINE,
        proxy,
        server,
        address: `127.0.4.${index + 1}:5432`,
        ...((proxy === 'rw') === (server === 'n1')
          ? {}
          : { status: 'DOWN', checkStatus: 'L7STS', checkCode: 503 }),
      })),
    ]),
  },
  info: { value: new Map([['Maxconn', '1125']]) },
  checkAddresses: {
    value: (['rw', 'ro'] as const).flatMap((proxy) =>
      NAMES.map((server, index) => ({
        proxy,
        server,
        host: `127.0.4.${index + 1}`,
        port: 5432,
        checkHost: `127.0.4.${index + 1}`,
        checkPort: 8008,
      })),
    ),
  },
  checks: {
    'haproxy.inter': '500ms',
    'haproxy.fastinter': '200ms',
    'haproxy.fall': 2,
    'haproxy.rise': 1,
    'haproxy.timeout_check': '1s',
  },
  pids: { value: [24_270] },
  paths: {
    rw: { addresses: [{ host: '127.0.4.250', port: 5000 }], proxy: 'rw' },
    ro: { addresses: [{ host: '127.0.4.250', port: 5001 }], proxy: 'ro' },
  },
};

/* The same with a defect. */

export type Defect = (evidence: LiveEvidence) => LiveEvidence;

function changed<T>(answer: Answer<T>, change: (value: T) => T): Answer<T> {
  return 'value' in answer ? { value: change(answer.value) } : answer;
}

export function patroni(change: (patroni: PatroniEvidence) => PatroniEvidence): Defect {
  return (evidence) => ({ ...evidence, patroni: changed(evidence.patroni, change) });
}

export function cluster(change: {
  readonly pause?: boolean;
  readonly scheduledSwitchover?: boolean;
}): Defect {
  return patroni((old) => ({ ...old, cluster: changed(old.cluster, (value) => ({ ...value, ...change })) }));
}

/** What /cluster tells of a member. */
export function member(wanted: Name, change: Partial<ClusterMember>): Defect {
  return patroni((old) => ({
    ...old,
    cluster: changed(old.cluster, (value) => ({
      ...value,
      members: value.members.map((each) => (each.name === wanted ? { ...each, ...change } : each)),
    })),
  }));
}

/** What is known of a member's Patroni. */
export function patroniNode(wanted: Name, change: Partial<PatroniNode>): Defect {
  return patroni((old) => ({
    ...old,
    members: old.members.map((each) => (each.name === wanted ? { ...each, ...change } : each)),
  }));
}

/** What a member tells of itself. */
export function self(wanted: Name, change: Partial<PatroniMember>): Defect {
  return patroni((old) => ({
    ...old,
    members: old.members.map((each) =>
      each.name === wanted
        ? { ...each, self: changed(each.self, (value) => ({ ...value, ...change })) }
        : each,
    ),
  }));
}

export function config(change: JsonObject): Defect {
  return patroni((old) => ({ ...old, config: changed(old.config, (value) => ({ ...value, ...change })) }));
}

export function etcd(change: (etcd: EtcdEvidence) => EtcdEvidence): Defect {
  return (evidence) => ({ ...evidence, etcd: changed(evidence.etcd, change) });
}

export function etcdNode(
  wanted: Name,
  change: Partial<EtcdNode> & { readonly is?: Partial<EtcdStatus>; readonly counts?: Partial<EtcdMetrics> },
): Defect {
  const { is = {}, counts = {}, ...rest } = change;
  return etcd((old) => ({
    ...old,
    nodes: old.nodes.map((each) =>
      each.name === wanted
        ? {
            ...each,
            status: changed(each.status, (value) => ({ ...value, ...is })),
            metrics: changed(each.metrics, (value) => ({ ...value, ...counts })),
            ...rest,
          }
        : each,
    ),
  }));
}

export function etcdKey(key: string, value: string): Defect {
  return etcd((old) => ({ ...old, keys: changed(old.keys, (keys) => new Map([...keys, [key, value]])) }));
}

export function node(wanted: Name, change: Partial<NodeFacts>): Defect {
  return (evidence) => ({
    ...evidence,
    postgres: {
      ...evidence.postgres,
      nodes: evidence.postgres.nodes.map((each) =>
        each.name === wanted
          ? { ...each, answer: changed(each.answer, (facts) => ({ ...facts, ...change })) }
          : each,
      ),
    },
  });
}

/** A setting of one node, or of all. */
export function setting(name: string, value: string, of: readonly Name[] = NAMES): Defect {
  return (evidence) =>
    of.reduce(
      (before, each) => node(each, { settings: new Map([...SETTINGS, [name, value]]) })(before),
      evidence,
    );
}

export function rw(change: Partial<EndpointLook>): Defect {
  return (evidence) => ({
    ...evidence,
    postgres: { ...evidence.postgres, rw: changed(evidence.postgres.rw, (look) => ({ ...look, ...change })) },
  });
}

/** A setting as our user has it. */
export function ours(name: string, value: string): Defect {
  return rw({ settings: new Map([...SETTINGS, [name, value]]) });
}

export function ro(change: Partial<EndpointLook>): Defect {
  return (evidence) => ({
    ...evidence,
    postgres: { ...evidence.postgres, ro: changed(evidence.postgres.ro, (look) => ({ ...look, ...change })) },
  });
}

export function haproxy(change: (haproxy: HaproxyEvidence) => HaproxyEvidence): Defect {
  return (evidence) => ({ ...evidence, haproxy: changed(evidence.haproxy, change) });
}

/** More proxies: each as that of reads, with another name. */
export function proxies(...names: readonly string[]): Defect {
  return haproxy((old) => ({
    ...old,
    stats: changed(old.stats, (lines) => [
      ...lines,
      ...names.flatMap((proxy) =>
        lines.filter((each) => each.proxy === 'ro').map((each) => ({ ...each, proxy })),
      ),
    ]),
  }));
}

/** One line of its statistics; `rw` alone is the frontend. */
export function line(name: string, change: Partial<HaproxyLine>): Defect {
  const [proxy, server = 'FRONTEND'] = name.split('/');
  return haproxy((old) => ({
    ...old,
    stats: changed(old.stats, (lines) =>
      lines.map((each) => (each.proxy === proxy && each.server === server ? { ...each, ...change } : each)),
    ),
  }));
}
