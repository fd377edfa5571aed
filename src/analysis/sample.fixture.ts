import type { Plan, ScriptPlan } from '../plan/plan.js';
import type { Event, FaultRecord, Result } from '../result/result.js';
import { analyse } from './analyse.js';
import type { Recording } from './recording.js';
import { type PortState, type Simulation, simulate } from './simulation.fixture.js';

/*
 * Runs as they come out of a real cluster, made up deterministically: for tests, and to look at reports without one.
 */

const N1 = '127.0.1.1:5432';
const N2 = '127.0.1.2:5432';
const N3 = '127.0.1.3:5432';

export interface Sample {
  readonly recording: Recording;
  readonly events: readonly Event[];
  readonly result: Result;
}

type ScriptPart = Omit<ScriptPlan, 'source'> & Partial<Pick<ScriptPlan, 'source'>>;
type PlanPart = Partial<Omit<Plan, 'workload'>> & {
  readonly name?: string;
  readonly options?: Plan['workload']['options'];
  readonly scripts?: readonly ScriptPart[];
};

export function planOf(part: PlanPart = {}): Plan {
  const {
    scripts = [{ name: 'tpcb', weight: 1, route: 'rw', writes: true }],
    name = scripts[0]?.name ?? 'tpcb',
    options = { scale: 10 },
    ...rest
  } = part;
  const endpoint = { host: '127.0.1.4', user: 'postgres', database: 'postgres', sslMode: 'disable' } as const;
  return {
    target: {
      kind: 'lab',
      name: 'demo',
      rw: { ...endpoint, port: 5000 },
      ro: { ...endpoint, port: 5001 },
      patroni: ['http://127.0.1.1:8008', 'http://127.0.1.2:8008', 'http://127.0.1.3:8008'],
      haproxy: { kind: 'url', url: 'http://127.0.1.4:7000/;csv' },
    },
    workload: {
      name,
      options,
      usualOptions: [],
      variables: {},
      scripts: scripts.map((script) => ({ source: { kind: 'text', text: '' }, ...script })),
    },
    clients: 64,
    workers: 2,
    protocol: 'prepared',
    connections: 'per-client',
    transactionsPerConnection: 0,
    durationMs: 40_000,
    transactions: null,
    warmupMs: 0,
    pace: { kind: 'closed' },
    latencyLimitMs: null,
    retry: { contention: 'fail', maxTries: 1 },
    perCommand: false,
    log: null,
    intervalMs: 100,
    seed: 42,
    deadlines: { connectMs: 3000, statementMs: 10_000, transactionMs: 30_000 },
    reconnect: { firstMs: 25, capMs: 500 },
    probes: false,
    observers: false,
    directWrites: false,
    ledger: 'off',
    rounds: null,
    tags: {},
    faults: [{ kind: 'switchover', atMs: 20_000, options: {} }],
    ...rest,
  };
}

export function faultAt(atMs: number, part: Partial<FaultRecord> = {}): FaultRecord {
  return {
    kind: 'switchover',
    plannedAtMs: atMs,
    askedAtMs: atMs + 3.412,
    asked: 'POST http://127.0.1.1:8008/switchover leader=n1 candidate=n2',
    answeredAtMs: atMs + 3021.7,
    answer: '200 Successfully switched over to "n2"',
    observed: 'leader n1 -> n2',
    observedAtMs: atMs + 1934.2,
    failure: null,
    round: 1,
    subject: 'n1',
    etcdLeader: null,
    output: null,
    undone: null,
    undoneAtMs: null,
    undoFailure: null,
    healthyAtMs: null,
    disturbance: null,
    ...part,
  };
}

/** The rw port around a switchover that is asked for at `atMs`: a gap of 5.2 s in the writes. */
export function switchoverPort(atMs: number): PortState[] {
  return [
    { fromMs: 0, state: 'up', server: N1 },
    {
      fromMs: atMs + 312,
      state: 'cut',
      server: N1,
      code: '57P01',
      message: 'terminating connection due to administrator command',
    },
    {
      fromMs: atMs + 330,
      state: 'refuse',
      server: N1,
      code: '57P03',
      message: 'the database system is shutting down',
    },
    {
      fromMs: atMs + 900,
      state: 'refuse',
      code: 'connect_closed',
      message: 'The connection was closed before it was ready.',
    },
    {
      fromMs: atMs + 4600,
      state: 'refuse',
      server: N2,
      code: '25006',
      message: 'cannot execute UPDATE in a read-only transaction',
    },
    { fromMs: atMs + 5480, state: 'up', server: N2 },
  ];
}

/** What Patroni and HAProxy were seen doing in it. */
export function switchoverEvents(atMs: number): Event[] {
  return [
    event(0, 0, 'patroni', 'leader', '', null, 'n1', 'n1 leads'),
    event(0, 0, 'haproxy', 'server_up', 'rw/n1', null, 'UP', 'HAProxy rw/n1 UP'),
    event(0, 0, 'haproxy', 'server_down', 'rw/n2', null, 'DOWN', 'HAProxy rw/n2 DOWN'),
    event(0, 0, 'haproxy', 'server_down', 'rw/n3', null, 'DOWN', 'HAProxy rw/n3 DOWN'),
    event(0, 0, 'haproxy', 'server_down', 'ro/n1', null, 'DOWN', 'HAProxy ro/n1 DOWN'),
    event(0, 0, 'haproxy', 'server_up', 'ro/n2', null, 'UP', 'HAProxy ro/n2 UP'),
    event(0, 0, 'haproxy', 'server_up', 'ro/n3', null, 'UP', 'HAProxy ro/n3 UP'),
    event(atMs + 3, 0, 'fault', 'asked', '', '', null, 'switchover asked'),
    event(atMs + 640, 250, 'patroni', 'state', 'n1', 'running', 'stopping', 'n1 is stopping'),
    event(atMs + 1100, 1000, 'patroni', 'leader_gone', '', 'n1', '', 'n1 leads no more'),
    event(atMs + 1934, 834, 'patroni', 'leader', '', '', 'n2', 'n2 leads'),
    event(atMs + 2110, 250, 'patroni', 'role', 'n2', 'replica', 'primary', 'n2 is primary'),
    event(atMs + 2110, 250, 'patroni', 'timeline', 'n2', '1', '2', 'n2 is on timeline 2'),
    event(atMs + 2310, 100, 'haproxy', 'server_down', 'rw/n1', 'UP', 'DOWN', 'HAProxy rw/n1 DOWN'),
    event(atMs + 4570, 100, 'haproxy', 'server_up', 'rw/n2', 'DOWN', 'UP', 'HAProxy rw/n2 UP'),
    event(atMs + 6900, 100, 'haproxy', 'server_down', 'ro/n2', 'UP', 'DOWN', 'HAProxy ro/n2 DOWN'),
    event(atMs + 7400, 250, 'patroni', 'state', 'n1', 'stopping', 'running', 'n1 is running'),
    event(atMs + 7400, 250, 'patroni', 'role', 'n1', 'primary', 'replica', 'n1 is replica'),
    event(atMs + 9800, 100, 'haproxy', 'server_up', 'ro/n1', 'DOWN', 'UP', 'HAProxy ro/n1 UP'),
  ];
}

function event(
  atMs: number,
  uncertaintyMs: number,
  layer: Event['layer'],
  kind: string,
  subject: string,
  from: string | null,
  to: string | null,
  text: string,
): Event {
  return { atMs, uncertaintyMs, layer, kind, subject, from, to, text };
}

/** 40 s of 64 clients with a switchover in the middle. */
function switchoverSample(): Sample {
  return build(
    {
      plan: planOf({ probes: true }),
      ports: { rw: switchoverPort(20_000), ro: [upFrom(0, N3)] },
      meanServiceMs: 40,
      faults: [faultAt(20_000)],
    },
    switchoverEvents(20_000),
  );
}

/** By what each shows. Made when first asked for; the same object afterwards. */
export const SAMPLES: Readonly<Record<string, () => Sample>> = onceEach({
  switchover: switchoverSample,
  'no fault': () =>
    build({ plan: planOf({ faults: [] }), ports: { rw: [upFrom(0)] }, meanServiceMs: 40 }, quietEvents()),
  'lost forever': () =>
    build(
      {
        plan: planOf(),
        ports: { rw: switchoverPort(20_000).slice(0, 4) },
        meanServiceMs: 40,
        faults: [
          faultAt(20_000, { observed: null, observedAtMs: null, answeredAtMs: null, answer: 'ETIMEDOUT' }),
        ],
      },
      switchoverEvents(20_000).slice(0, 9),
    ),
  'nothing acknowledged': () =>
    build(
      {
        plan: planOf({ durationMs: 8000, faults: [], clients: 4 }),
        ports: {
          rw: [{ fromMs: 0, state: 'refuse', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' }],
        },
        meanServiceMs: 20,
      },
      [],
    ),
  'fault at the very beginning': () =>
    build(
      {
        plan: planOf({ faults: [{ kind: 'switchover', atMs: 300, options: {} }], durationMs: 15_000 }),
        ports: { rw: switchoverPort(300) },
        meanServiceMs: 40,
        faults: [faultAt(300)],
      },
      switchoverEvents(300),
    ),
  'one slow client': () =>
    build(
      {
        plan: planOf({ clients: 1, workers: 1 }),
        ports: { rw: switchoverPort(20_000) },
        meanServiceMs: 480,
        faults: [faultAt(20_000)],
      },
      switchoverEvents(20_000),
    ),
  'writes and reads': () =>
    build(
      {
        plan: planOf({
          probes: true,
          seed: 1,
          scripts: [
            { name: 'tpcb', weight: 3, route: 'rw', writes: true },
            { name: 'select-only', weight: 7, route: 'ro', writes: false },
          ],
        }),
        ports: {
          rw: switchoverPort(20_000),
          ro: [
            upFrom(0, N3),
            { fromMs: 26_900, state: 'cut', server: N2, code: '57P01', message: 'terminating connection' },
            upFrom(26_930, N3),
          ],
        },
        meanServiceMs: 25,
        faults: [faultAt(20_000)],
      },
      switchoverEvents(20_000),
    ),
  'ten milliseconds': () =>
    build(
      {
        plan: planOf({ durationMs: 10, faults: [], clients: 2 }),
        ports: { rw: [upFrom(0)] },
        meanServiceMs: 2,
      },
      [],
    ),
  'one hour': () =>
    build(
      {
        plan: planOf({
          durationMs: 3_600_000,
          clients: 4,
          faults: [{ kind: 'switchover', atMs: 1_800_000, options: {} }],
        }),
        ports: { rw: switchoverPort(1_800_000) },
        meanServiceMs: 100,
        faults: [faultAt(1_800_000)],
      },
      switchoverEvents(1_800_000),
    ),
  'fixed rate': () =>
    build(
      {
        plan: planOf({
          probes: true,
          pace: { kind: 'open', stages: [{ durationMs: null, fromTps: 500, toTps: 500 }] },
          latencyLimitMs: 50,
          warmupMs: 10_000,
          retry: { contention: 'fail', maxTries: 5 },
        }),
        ports: { rw: switchoverPort(20_000), ro: [upFrom(0, N3)] },
        meanServiceMs: 20,
        retriedShare: 0.002,
        faults: [faultAt(20_000)],
      },
      switchoverEvents(20_000),
    ),
  stages: () =>
    build(
      {
        plan: planOf({
          durationMs: 60_000,
          faults: [{ kind: 'switchover', atMs: 25_000, options: {} }],
          pace: {
            kind: 'open',
            stages: [
              { durationMs: 20_000, fromTps: 100, toTps: 800 },
              { durationMs: 20_000, fromTps: 800, toTps: 800 },
              { durationMs: 20_000, fromTps: 200, toTps: 200 },
            ],
          },
        }),
        ports: { rw: switchoverPort(25_000) },
        meanServiceMs: 15,
        faults: [faultAt(25_000)],
      },
      switchoverEvents(25_000),
    ),
  'a mix of eleven scripts': () =>
    build(
      {
        plan: planOf({
          name: 'sysbench-mix',
          options: SYSBENCH_OPTIONS,
          probes: true,
          perCommand: true,
          pace: { kind: 'open', stages: [{ durationMs: null, fromTps: 1200, toTps: 1200 }] },
          latencyLimitMs: 100,
          connections: 'per-script',
          retry: { contention: 'restart', maxTries: 0 },
          scripts: ELEVEN.map((name, index) => ({
            name,
            weight: 1,
            route: index < 7 ? 'rw' : 'ro',
            writes: index < 7,
          })),
        }),
        ports: { rw: switchoverPort(20_000), ro: [upFrom(0, N3)] },
        meanServiceMs: 12,
        retriedShare: 0.001,
        commands: ELEVEN.map((name) => ['BEGIN', `SELECT c FROM sbtest1 WHERE id = $1 -- ${name}`, 'COMMIT']),
        faults: [faultAt(20_000)],
      },
      switchoverEvents(20_000),
    ),
  'reads without a read-only port': () =>
    build(
      {
        plan: withoutReadOnly(
          planOf({
            durationMs: null,
            transactions: { count: 1000, per: 'client' },
            faults: [],
            perCommand: true,
            transactionsPerConnection: 1,
            scripts: [{ name: 'select-only', weight: 1, route: 'rw', writes: false }],
          }),
        ),
        ports: { rw: [upFrom(0)] },
        meanServiceMs: 5,
        commands: [SELECT_ONLY],
        doneAtMs: 5000,
      },
      quietEvents(),
    ),
  interrupted: () =>
    build(
      {
        plan: planOf(),
        ports: { rw: [upFrom(0)] },
        meanServiceMs: 40,
        faults: [notDone(20_000, 'the run was interrupted before it')],
        interruptedAtMs: 11_234,
      },
      quietEvents(),
    ),
});

const ELEVEN = [
  'oltp_read_write',
  'oltp_write_only',
  'oltp_update_index',
  'oltp_update_non_index',
  'oltp_insert',
  'oltp_delete',
  'bulk_insert',
  'oltp_read_only',
  'oltp_point_select',
  'select_random_points',
  'select_random_ranges',
];

const SYSBENCH_OPTIONS = {
  tables: 4,
  'table-size': 10_000,
  'point-selects': 10,
  'simple-ranges': 1,
  'sum-ranges': 1,
  'order-ranges': 1,
  'distinct-ranges': 1,
  'range-size': 100,
  'skip-trx': false,
  'rand-type': 'special',
};

const SELECT_ONLY = [
  '\\set aid random(1, 100000 * :scale)',
  'SELECT abalance FROM pgbench_accounts WHERE aid = :aid;',
];

function withoutReadOnly(plan: Plan): Plan {
  const { ro: _, ...target } = plan.target;
  return { ...plan, target };
}

function onceEach(makers: Readonly<Record<string, () => Sample>>): Record<string, () => Sample> {
  const made = new Map<string, Sample>();
  const once = (name: string, make: () => Sample): Sample => {
    const sample = made.get(name) ?? make();
    made.set(name, sample);
    return sample;
  };
  return Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, () => once(name, make)]));
}

/** The sample of that name. @throws Error when there is none */
export function sampleOf(name: string): Sample {
  const make = SAMPLES[name];
  if (make === undefined) {
    throw new Error(`no sample ${name}`);
  }
  return make();
}

export function upFrom(fromMs: number, server = N1): PortState {
  return { fromMs, state: 'up', server };
}

export function notDone(atMs: number, failure: string): FaultRecord {
  return faultAt(atMs, {
    askedAtMs: null,
    asked: null,
    answeredAtMs: null,
    answer: null,
    observed: null,
    observedAtMs: null,
    failure,
  });
}

function quietEvents(): Event[] {
  return switchoverEvents(0).slice(0, 7);
}

export function build(simulation: Simulation, events: readonly Event[]): Sample {
  const recording = simulate({ cluster: CLUSTER, ...simulation, events });
  const { notes, ...analysed } = analyse(recording);
  return {
    recording,
    events,
    result: {
      format: 'pgha-bench/result',
      version: 1,
      tool: {
        version: '0.1.0',
        node: 'v20.20.2',
        platform: 'linux x64',
        cpus: 2,
        memoryBytes: 8 * 1024 ** 3,
      },
      run: {
        id: 'a1b2c3d4',
        startedAt: '2025-11-23T14:56:01.250Z',
        status: simulation.interruptedAtMs === undefined ? 'completed' : 'interrupted',
        elapsedMs: recording.elapsedMs,
      },
      generator: {
        cpuUserMs: 5120.4,
        cpuSystemMs: 6033.1,
        threads: [],
        verdict: 'The generator kept up.',
        healthy: true,
      },
      plan: recording.plan,
      cluster: recording.cluster,
      clients: recording.clients,
      events,
      gates: [],
      faults: recording.faults,
      commits: null,
      observed: { observers: [], clocks: [], series: [], history: [] },
      notes,
      ...analysed,
    },
  };
}

export const CLUSTER: Result['cluster'] = {
  postgres: '15.14',
  patroni: '3.0.2',
  haproxy: '2.6.12-1+deb12u4',
  scope: 'demo',
  ways: { rw: { kind: 'proxy', servers: [N1] }, ro: { kind: 'proxy', servers: [N2] } },
  members: [
    { name: 'n1', role: 'leader', address: N1, apiUrl: 'http://127.0.1.1:8008' },
    { name: 'n2', role: 'replica', address: N2, apiUrl: 'http://127.0.1.2:8008' },
    { name: 'n3', role: 'replica', address: N3, apiUrl: 'http://127.0.1.3:8008' },
  ],
  settings: {
    'patroni.ttl': 30,
    'patroni.loop_wait': 10,
    'patroni.retry_timeout': 10,
    'patroni.maximum_lag_on_failover': 1_048_576,
    'patroni.synchronous_mode': false,
    'patroni.pause': false,
    'postgres.synchronous_commit': 'on',
    'postgres.fsync': 'off',
    'postgres.max_connections': '300',
    'haproxy.inter': '3s',
    'haproxy.fall': 3,
    'haproxy.rise': 2,
  },
};
