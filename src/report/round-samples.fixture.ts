import {
  build,
  faultAt,
  planOf,
  sampleOf,
  switchoverEvents,
  switchoverPort,
} from '../analysis/sample.fixture.js';
import type { PortState } from '../analysis/simulation.fixture.js';
import type { AuditCounts, CommitAudit } from '../result/commits.js';
import type { GeneratorFacts } from '../result/generator.js';
import type { Observed } from '../result/observed.js';
import type { FaultRecord, Result, RoundAnalysis } from '../result/result.js';
import type { RoundDetails, RoundsSummary, Stage, StageKind } from '../result/round.js';

/*
 * Results with all that is told of faults, rounds and commits: made-up runs of the analysis' samples, with the parts laid on
 * that only a real cluster yields.
 */

const N1 = '127.0.1.1:5432';
const N2 = '127.0.1.2:5432';
const N3 = '127.0.1.3:5432';

/** By what each shows. */
export const ROUND_SAMPLES: Readonly<Record<string, () => Result>> = {
  'a crash that lost commits': lossyCrash,
  'a split brain': splitBrain,
  'six rounds': sixRounds,
  'a command': command,
  'a command that could not be undone': commandNotUndone,
  'a disturbed round': disturbed,
  'commits that could not be audited': notAudited,
  'no ledger': () => sampleOf('switchover').result,
};

/** The result of that name. @throws Error when there is none */
export function roundSample(name: string): Result {
  const make = ROUND_SAMPLES[name];
  if (make === undefined) {
    throw new Error(`no sample ${name}`);
  }
  return make();
}

/** `cut-replication` and `kill-node` in one round: three acknowledged commits are gone. */
function lossyCrash(): Result {
  const base = sampleOf('switchover').result;
  const cut = faultAt(18_400, {
    kind: 'cut-replication',
    asked: 'ALTER ROLE replicator NOLOGIN; pg_terminate_backend of 2 walsenders',
    answeredAtMs: 18_431.2,
    answer: 'maximum_lag_on_failover raised to 1 TB, 2 walsenders ended',
    observed: null,
    observedAtMs: null,
    undone: 'gave replicator LOGIN again on n2 and maximum_lag_on_failover 1048576',
    undoneAtMs: 33_100.5,
    healthyAtMs: 36_412.8,
  });
  const kill = faultAt(20_000, {
    kind: 'kill-node',
    etcdLeader: 'n1',
    asked: 'SIGKILL to etcd, patroni and postgres of n1 (pids 4711, 4713, 4716 and 70 of its backends)',
    answeredAtMs: 20_009.9,
    answer: 'all had ended after 6.5 ms',
    undone: 'started etcd and patroni of n1 again',
    undoneAtMs: 33_212,
    healthyAtMs: 36_412.8,
  });
  const result = withRound({ ...base, faults: [cut, kill] }, 1, {
    stages: STAGES,
    prediction: {
      minMs: 20_000,
      maxMs: 33_500,
      parts: [
        {
          name: 'the lease ends',
          minMs: 20_000,
          maxMs: 32_000,
          settings: ['patroni.ttl', 'patroni.loop_wait'],
        },
        { name: 'HAProxy sees it', minMs: 0, maxMs: 6_000, settings: ['haproxy.inter', 'haproxy.rise'] },
      ],
      holds: false,
    },
    dominated:
      'HAProxy took 2.46 s of the 5.17 s to see the new leader; a shorter haproxy.inter or a smaller haproxy.rise would make that less.',
    recovery: {
      firstErrorMs: 308.6,
      lastErrorMs: 7213.4,
      newConnectionMs: 5481.3,
      existingConnectionMs: null,
      to50Ms: 6000,
      to90Ms: 7000,
      to99Ms: null,
    },
    staleness: {
      before: { reads: 900, p50Ms: 0, p99Ms: 21, maxMs: 40, nonMonotonic: 0, stale: 44 },
      during: { reads: 410, p50Ms: 512, p99Ms: 5021, maxMs: 5180, nonMonotonic: 12, stale: 388 },
      after: { reads: 602, p50Ms: 0, p99Ms: 22, maxMs: 60, nonMonotonic: 0, stale: 31 },
    },
    stalenessOnRw: {
      before: { reads: 180, p50Ms: 0, p99Ms: 0, maxMs: 0, nonMonotonic: 0, stale: 0 },
      during: { reads: 45, p50Ms: 0, p99Ms: 812, maxMs: 812, nonMonotonic: 1, stale: 2 },
      after: { reads: 300, p50Ms: 0, p99Ms: 0, maxMs: 0, nonMonotonic: 0, stale: 0 },
    },
    ...stalled(base.analysis.rounds[0] as RoundAnalysis, 43.2),
  });
  return {
    ...result,
    plan: {
      ...result.plan,
      observers: true,
      directWrites: true,
      ledger: 'insert',
      faults: [
        { kind: 'cut-replication', atMs: 18_400, options: {} },
        { kind: 'kill-node', atMs: 20_000, options: {} },
      ],
      target: {
        ...result.plan.target,
        etcd: ['http://127.0.1.1:2379'],
        patroniAccess: ACCESS,
        haproxyAccess: ACCESS,
        etcdAccess: ACCESS,
        direct: { n1: { host: '127.0.0.1', port: 6001 } },
      },
    },
    generator: BUSY_BUT_WELL,
    directWrites: [N1, N2].map((server, index) => ({
      server,
      route: 'rw',
      writes: true,
      acks: 400,
      firstAckMs: index * 25_000 + 12.1,
      lastAckMs: index * 20_000 + 20_298.1,
    })),
    commits: LOSSY,
    observed: OBSERVED,
  };
}

const ACCESS = { user: 'admin', caFile: 'ca.pem', certFile: 'me.pem', keyFile: 'me.key', insecure: false };

function stage(kind: StageKind, part: Partial<Stage>): Stage {
  return {
    kind,
    atMs: null,
    tookMs: null,
    uncertaintyMs: 0,
    source: null,
    missing: null,
    predicted: null,
    ...part,
  };
}

const STAGES: readonly Stage[] = [
  stage('leader_key_gone', {
    atMs: 21_103.4,
    tookMs: 1100,
    uncertaintyMs: 4,
    source: 'etcd watch',
    predicted: { minMs: 20_000, maxMs: 32_000 },
  }),
  stage('leader_key_taken', {
    atMs: 21_934.2,
    tookMs: 830.8,
    uncertaintyMs: 4,
    source: 'etcd watch',
    predicted: { minMs: 0, maxMs: 2000 },
  }),
  stage('promoted', { missing: 'n2 was not asked between its start and the end of its promotion' }),
  stage('proxy_up', {
    atMs: 24_570,
    uncertaintyMs: 100,
    source: 'haproxy rw/n2',
    predicted: { minMs: 0, maxMs: 6000 },
  }),
  stage('first_connection', { atMs: 24_601.7, tookMs: 31.7, uncertaintyMs: 20, source: 'probe' }),
  stage('first_commit', { atMs: 25_481.9, tookMs: 880.2, uncertaintyMs: 20, source: 'load' }),
  stage('steady', {
    atMs: 28_900,
    tookMs: 3418.1,
    uncertaintyMs: 100,
    source: 'load',
    predicted: { minMs: 0, maxMs: null },
  }),
];

const COUNTS: AuditCounts = {
  ackedPresent: 41_212,
  ackedLost: 0,
  unreplicatedPresent: 0,
  unreplicatedLost: 0,
  inDoubtCommitted: 51,
  inDoubtAbsent: 13,
  ghosts: 0,
  duplicates: 0,
  unexpected: 0,
};

const AUDIT: CommitAudit = {
  mode: 'history',
  drawn: 43_871,
  primary: { ...COUNTS, server: N2, timeline: 2, beganMs: 812.5, tookMs: 402.1 },
  replicas: [
    { ...COUNTS, server: N1, same: true },
    { ...COUNTS, server: N3, same: true },
  ],
  uncovered: [],
  invariants: [
    {
      name: 'sum of pgbench_accounts.abalance = sum of pgbench_history.delta',
      holds: true,
      found: '-1204 and -1204',
    },
    {
      name: 'sum of pgbench_branches.bbalance = sum of pgbench_history.delta',
      holds: true,
      found: '-1204 and -1204',
    },
  ],
  losses: [],
  lostFile: null,
  missing: [],
};

const LOSSY: CommitAudit = {
  ...AUDIT,
  mode: 'insert',
  primary: {
    ...COUNTS,
    ackedPresent: 41_209,
    ackedLost: 3,
    unreplicatedPresent: 4,
    unreplicatedLost: 1,
    server: N2,
    timeline: 2,
    beganMs: 812.5,
    tookMs: 402.1,
  },
  replicas: [
    { ...COUNTS, ackedPresent: 41_209, ackedLost: 3, server: N1, same: true },
    { ...COUNTS, ackedPresent: 41_201, ackedLost: 11, server: N3, same: false },
  ],
  losses: [
    {
      count: 3,
      firstAckMs: 20_298.1,
      lastAckMs: 20_310.6,
      servers: [N1],
      walBytes: 12_640,
      forkLsn: 0x3_042e_8508,
      timeline: 1,
    },
  ],
  lostFile: 'lost-commits.tsv',
};

const OBSERVED: Observed = {
  observers: [
    { layer: 'patroni', watched: true, missing: null },
    { layer: 'haproxy', watched: true, missing: null },
    {
      layer: 'etcd',
      watched: false,
      missing: 'would have shown when the leader key went and came back, to the ms; give --etcd URL',
    },
    { layer: 'postgres', watched: true, missing: null },
  ],
  clocks: [
    { host: '127.0.1.1', offsetMs: 0.2, uncertaintyMs: 0.4 },
    { host: '127.0.1.2', offsetMs: -31.4, uncertaintyMs: 1.1 },
  ],
  series: [
    { subject: 'n2', name: 'replay_lag_bytes', unit: 'bytes', atMs: [0, 200, 400], values: [0, 1024, null] },
    { subject: 'n1', name: 'wal_lsn', unit: 'bytes', atMs: [0, 200, 400], values: [1e6, 2e6, null] },
    { subject: 'n2', name: 'wal_lsn', unit: 'bytes', atMs: [0, 200, 400], values: [1e6, 2e6, 2e6] },
  ],
  history: [
    {
      timeline: 1,
      forkLsn: 0x3_042e_8508,
      reason: 'no recovery target specified',
      at: '2025-11-23T14:56:23.184Z',
      newLeader: 'n2',
    },
  ],
};

const BUSY_BUT_WELL: GeneratorFacts = {
  cpuUserMs: 5120.4,
  cpuSystemMs: 6033.1,
  threads: ['main', 'worker 1', 'worker 2'].map((name, index) => ({
    name,
    cpuMs: index === 0 ? 2113.4 : 11_040.2,
    waitedForCpuMs: 812.6,
    delayP50Us: 212,
    delayP99Us: 1870,
    delayMaxUs: 43_200,
    gcCount: 118,
    gcTotalMs: 96.4,
    gcMaxMs: 4.1,
    gcWatchedMs: 62_300,
  })),
  verdict: 'The generator kept up.',
  healthy: true,
};

/** A frozen primary that woke up and went on acknowledging. */
function splitBrain(): Result {
  const base = lossyCrash();
  const fault = faultAt(20_000, {
    kind: 'freeze-node',
    asked: 'SIGSTOP to etcd, patroni and postgres of n1 for 10 s',
    answer: null,
    answeredAtMs: null,
    undone: 'SIGCONT to 73 processes of n1',
    undoneAtMs: 30_004.8,
  });
  const result = withRound({ ...base, faults: [fault] }, 0, {
    splitBrain: {
      winner: N2,
      loser: N1,
      fromMs: 30_005.2,
      toMs: 30_417.9,
      overlapMs: 412.7,
      acksOnLoser: 37,
      evidence: 'direct_writes',
    },
    prediction: { minMs: 3_100, maxMs: 9_000, parts: [], holds: true },
    recovery: { ...NO_RECOVERY, newConnectionMs: 5481.3, existingConnectionMs: 31_204.4 },
    newConnections: { rw: null, ro: null },
    ...stalled(base.analysis.rounds[0] as RoundAnalysis, 3.2),
  });
  return {
    ...result,
    plan: { ...result.plan, ledger: 'history' },
    generator: {
      ...BUSY_BUT_WELL,
      verdict:
        'The generator was overloaded: worker 2 had 98 % of a core, and its clients waited up to 212 ms for it.',
      healthy: false,
    },
    commits: {
      ...AUDIT,
      primary: {
        ...COUNTS,
        ghosts: 1,
        duplicates: 2,
        unexpected: 3,
        server: N2,
        timeline: null,
        beganMs: 0,
        tookMs: 1,
      },
      invariants: AUDIT.invariants.map((each, index) => ({ ...each, holds: index > 0 })),
      replicas: [],
      missing: ['n3 was not asked: connect ECONNREFUSED 127.0.1.3:5432.'],
    },
  };
}

const NO_RECOVERY: RoundDetails['recovery'] = {
  firstErrorMs: null,
  lastErrorMs: null,
  newConnectionMs: null,
  existingConnectionMs: null,
  to50Ms: null,
  to90Ms: null,
  to99Ms: null,
};

const ROUNDS = 6;
const ROUND_MS = 30_000;

/** The same switchover six times in 180 s; the fourth was disturbed. */
function sixRounds(): Result {
  const starts = Array.from({ length: ROUNDS }, (_, index) => 15_000 + index * ROUND_MS);
  const rw = starts.flatMap((atMs, index) => {
    const states = switchoverPort(atMs + index * 137).slice(index === 0 ? 0 : 1);
    return index % 2 === 0 ? states : states.map(turned);
  });
  const faults = starts.map((atMs, index) =>
    faultAt(atMs + index * 137, {
      round: index + 1,
      subject: index % 2 === 0 ? 'n1' : 'n2',
      disturbance: index === 3 ? DISTURBANCE : null,
    }),
  );
  const { result } = build(
    {
      plan: planOf({
        durationMs: ROUNDS * ROUND_MS,
        probes: true,
        ledger: 'history',
        rounds: ROUNDS,
        faults: [{ kind: 'switchover', atMs: 15_000, options: {} }],
      }),
      ports: { rw, ro: [{ fromMs: 0, state: 'up', server: N3 }] },
      meanServiceMs: 60,
      faults,
    },
    switchoverEvents(15_000),
  );
  const rounds = result.analysis.rounds.map((round, index) => ({
    ...round,
    invalid: index === 3 ? DISTURBANCE : null,
    ...stalled(round, index === 1 ? 31 : 0),
  }));
  return { ...result, analysis: { ...result.analysis, rounds, summaries: [SUMMARY] }, commits: AUDIT };
}

const DISTURBANCE = 'n3 was restarted by something else 2.1 s after the fault';

/** The other way round. */
function turned(state: PortState): PortState {
  if (state.server === undefined) {
    return state;
  }
  return { ...state, server: state.server === N1 ? N2 : N1 };
}

const SUMMARY: RoundsSummary = {
  kind: 'switchover',
  valid: 5,
  invalid: 1,
  writeDowntimeMs: { n: 5, min: 5091.4, median: 5182.3, max: 5299.8, interval: { from: 5091.4, to: 5299.8 } },
  readDowntimeMs: null,
  steadyAfterMs: { n: 4, min: 6100, median: 7240, max: 9310, interval: null },
};

const EXEC = {
  kind: 'exec',
  asked: 'iptables -I INPUT -p tcp --dport 5432 -s 127.0.1.1 -j DROP && tc qdisc show dev lo',
  answer: null,
  answeredAtMs: null,
  output: { exitCode: 0, text: 'qdisc noqueue 0: root refcnt 2\n' },
} satisfies Partial<FaultRecord>;

function command(): Result {
  const { result } = sampleOf('switchover');
  const fault = faultAt(20_000, {
    ...EXEC,
    undone: 'ran iptables -D INPUT 1',
    undoneAtMs: 31_000,
    healthyAtMs: 31_200.2,
  });
  return { ...result, faults: [fault], plan: { ...result.plan, ledger: 'history' }, commits: AUDIT };
}

function commandNotUndone(): Result {
  const { result } = sampleOf('switchover');
  const text = Array.from({ length: 20 }, (_, i) => `line ${i + 1} of what it had to say`).join('\n');
  const fault = faultAt(20_000, {
    ...EXEC,
    output: { exitCode: 3, text },
    failure: 'The command ended with exit code 3.',
    undoFailure: 'iptables: Bad rule (does a matching rule exist in that chain?)',
  });
  return { ...result, faults: [fault] };
}

function disturbed(): Result {
  const { result } = sampleOf('writes and reads');
  const [fault] = result.faults as [FaultRecord];
  const faults = [{ ...fault, disturbance: DISTURBANCE }];
  const missing = { missing: 'etcd was not watched' };
  return withRound({ ...result, faults }, 0, {
    invalid: DISTURBANCE,
    stages: [
      stage('leader_key_gone', missing),
      stage('leader_key_taken', missing),
      stage('promoted', { atMs: 22_110, uncertaintyMs: 250, source: 'patroni n2' }),
    ],
  });
}

function notAudited(): Result {
  const { result } = sampleOf('lost forever');
  return {
    ...result,
    plan: { ...result.plan, ledger: 'history' },
    commits: {
      ...AUDIT,
      primary: null,
      replicas: [],
      invariants: [],
      missing: [
        'No write was acknowledged within 30 s after the load, so that nothing could be told to be lost.',
      ],
    },
  };
}

/** The result with one round, that of the fault of this index, and what is told of it. */
function withRound(result: Result, fault: number, details: Partial<RoundAnalysis>): Result {
  const [round] = result.analysis.rounds as [RoundAnalysis];
  return { ...result, analysis: { ...result.analysis, rounds: [{ ...round, fault, ...details }] } };
}

/** With a generator that stood still for so long in the outage of writes. */
function stalled({ writeDowntime }: RoundAnalysis, stallMs: number): Partial<RoundAnalysis> {
  return {
    writeDowntime: writeDowntime === null ? null : { ...writeDowntime, stallMs },
    generatorStallMs: writeDowntime?.outage ? stallMs : null,
  };
}
