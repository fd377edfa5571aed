import { describe, expect, it } from 'vitest';
import type { Event, FaultRecord } from '../result/result.js';
import type { Stage, StageKind } from '../result/round.js';
import { analyse } from './analyse.js';
import { eventOf, leaderByPatroni, leaderKey, serverIs } from './events.fixture.js';
import { every, type Made, recordingOf } from './made.fixture.js';
import { CLUSTER, faultAt, planOf } from './sample.fixture.js';

/** Killed at 20 s; the lease runs out, n2 takes over, HAProxy sees it, and the probes are served. */
const BEFORE = [
  serverIs('up', 'rw/n1', 0),
  serverIs('down', 'rw/n2', 0),
  serverIs('down', 'rw/n3', 0),
  serverIs('down', 'ro/n1', 0),
  serverIs('up', 'ro/n2', 0),
  serverIs('up', 'ro/n3', 0),
];
const PROMOTED = eventOf('postgres', 'promoted', 'n2', 42_300, { uncertaintyMs: 210, to: 'primary' });
const UP = serverIs('up', 'rw/n2', 46_000);
const ETCD = leaderKey([0, 'n1'], [41_500, null], [41_520.5, 'n2']);

const KILLED: Partial<FaultRecord> = { kind: 'kill-node', askedAtMs: 20_000, subject: 'n1' };

interface Run extends Partial<Made> {
  readonly events: readonly Event[];
  readonly fault?: Partial<FaultRecord>;
}

function stagesOf({ events, fault = {}, ...made }: Run) {
  const served = [...every(20, 0, 20_010), ...every(20, 46_115, 60_000)];
  const recording = recordingOf({
    plan: planOf({ durationMs: 60_000, probes: true }),
    acksMs: [[...every(7, 0, 20_005), ...every(7, 46_120, 60_000)]],
    failures: [{ atMs: 20_020 }, { atMs: 46_080 }],
    faults: [faultAt(20_000, { ...KILLED, ...fault })],
    events: events.toSorted((a, b) => a.atMs - b.atMs),
    probes: [
      { route: 'rw', kind: 'service', acksMs: served, failuresMs: every(20, 20_030, 46_100) },
      {
        route: 'rw',
        kind: 'connect',
        acksMs: [...every(20, 19_900, 20_010), ...every(20, 46_105, 50_000)],
        failuresMs: every(20, 20_030, 46_085),
      },
    ],
    ...made,
  });
  const round = analyse(recording).analysis.rounds.at(-1);
  if (round === undefined) {
    throw new Error('there was a round');
  }
  const stages = new Map(round.stages.map((stage) => [stage.kind, stage]));
  return {
    round,
    of(kind: StageKind): Stage {
      const stage = stages.get(kind);
      if (stage === undefined) {
        throw new Error(`no stage ${kind}`);
      }
      return stage;
    },
  };
}

describe('stages of a crash', () => {
  const { round, of } = stagesOf({ events: [...BEFORE, ...ETCD, PROMOTED, UP] });

  it('are in order, each from the one before it, with who saw it', () => {
    expect(round.stages.map(({ kind, atMs, tookMs, source }) => [kind, atMs, tookMs, source])).toEqual([
      ['leader_key_gone', 41_500, 21_500, 'etcd watch'],
      ['leader_key_taken', 41_520.5, 20.5, 'etcd watch'],
      ['promoted', 42_300, 779.5, 'postgres n2'],
      ['proxy_up', 46_000, 3700, 'haproxy rw/n2'],
      ['first_connection', 46_105, 105, 'probe'],
      ['first_commit', 46_115, 10, 'probe'],
      ['steady', 46_115, 0, 'load'],
    ]);
    expect(round.stages.every(({ missing }) => missing === null)).toBe(true);
  });

  it('are told by etcd and PostgreSQL where Patroni saw them, too', () => {
    const patroni = leaderByPatroni([0, 'n1'], [41_510, ''], [41_515, 'n2']);
    const role = eventOf('patroni', 'role', 'n2', 42_250, { to: 'primary' });
    const both = stagesOf({ events: [...BEFORE, ...patroni, role, ...ETCD, PROMOTED, UP] });
    expect(both.round.stages).toEqual(round.stages);
  });

  it('say how exactly each is known', () => {
    expect(of('leader_key_gone').uncertaintyMs).toBe(0);
    expect(of('promoted').uncertaintyMs).toBe(210);
    expect(of('proxy_up').uncertaintyMs).toBe(100);
    // From the try before the one that was served.
    expect(of('first_connection').uncertaintyMs).toBe(25);
    expect(of('first_commit').uncertaintyMs).toBe(round.writeDowntime?.resolutionMs);
  });

  it('have the range that the settings predict', () => {
    expect(of('leader_key_gone').predicted).toEqual({ minMs: 19_000, maxMs: 30_500 });
    expect(of('proxy_up').predicted).toEqual({ minMs: 2000, maxMs: 6000 });
    expect(of('steady').predicted).toBeNull();
    expect(round.prediction).toMatchObject({ minMs: 22_000, maxMs: 39_000, holds: true });
  });

  it('name what dominated, and the setting', () => {
    expect(round.dominated).toBe(
      'Waiting for the leader key to expire took 21.5 s of 26.1 s: a smaller patroni.ttl (now 30) shortens it.',
    );
    const slow = stagesOf({
      events: [...BEFORE, ...leaderKey([0, 'n1'], [21_000, null], [21_010, 'n2']), UP],
    });
    // Nobody saw the promotion, which lies in between.
    expect(slow.round.dominated).toBe(
      'HAProxy took 25.0 s of 26.1 s to see n2 up; what happened within it was not seen.',
    );
    const promoted = { ...PROMOTED, atMs: 21_300 };
    const seen = stagesOf({
      events: [...BEFORE, ...leaderKey([0, 'n1'], [21_000, null], [21_010, 'n2']), promoted, UP],
    });
    expect(seen.round.dominated).toBe(
      'HAProxy took 24.7 s of 26.1 s to see n2 up: a smaller haproxy.inter (now 3s) or haproxy.rise (now 2) shortens it.',
    );
  });
});

describe('settings that a fault of the same round has changed', () => {
  const planned = (set: Readonly<Record<string, string>>) => ({
    ...planOf({ durationMs: 60_000, probes: true }),
    faults: [
      { kind: 'config', atMs: 19_000, options: set },
      { kind: 'kill-node', atMs: 20_000, options: {} },
    ],
  });
  const killed = faultAt(20_000, KILLED);
  const events = [...BEFORE, ...ETCD, PROMOTED, UP];
  const withConfig = (config: Partial<FaultRecord>, options = { ttl: '12', loop_wait: '2' }) =>
    stagesOf({
      events,
      plan: planned(options),
      faults: [faultAt(19_000, { kind: 'config', subject: null, ...config }), killed],
    });

  it('are those that predict it, and those that are named', () => {
    const { round, of } = withConfig({});
    expect(of('leader_key_gone').predicted).toEqual({ minMs: 9000, maxMs: 12_500 });
    expect(round.prediction).toMatchObject({ minMs: 12_000, maxMs: 21_000, holds: false });
    expect(round.dominated).toContain('a smaller patroni.ttl (now 12)');
  });

  it('are not taken from one that failed, or belongs to another round', () => {
    for (const record of [{ failure: 'Patroni failed' }, { askedAtMs: null }, { round: 0 }]) {
      expect(withConfig(record).of('leader_key_gone').predicted).toEqual({ minMs: 19_000, maxMs: 30_500 });
    }
  });
});

describe('where etcd is not watched', () => {
  it('Patroni tells of the key once a second, and of the role', () => {
    const role = eventOf('patroni', 'role', 'n2', 42_400, {
      uncertaintyMs: 250,
      from: 'replica',
      to: 'master',
    });
    const old = eventOf('patroni', 'role', 'n1', 0, { to: 'master' });
    const patroni = leaderByPatroni([0, 'n1'], [41_900, ''], [42_900, 'n2']);
    const { of } = stagesOf({ events: [...BEFORE, old, ...patroni, role, UP] });
    expect(of('leader_key_gone')).toMatchObject({ atMs: 41_900, uncertaintyMs: 1000, source: 'patroni' });
    expect(of('leader_key_taken')).toMatchObject({ atMs: 42_900, uncertaintyMs: 1000, source: 'patroni' });
    // Seen earlier than what came before it: who looks once a second sees late.
    expect(of('promoted')).toMatchObject({ atMs: 42_400, tookMs: -500, source: 'patroni n2' });
    // The time of a stage that was seen late is not counted twice.
    const late = [
      leaderByPatroni([0, 'n1'], [21_900, ''], [45_990, 'n2']),
      { ...role, atMs: 21_400 },
      UP,
    ].flat();
    expect(stagesOf({ events: [...BEFORE, ...late] }).round.dominated).toContain(
      'The race for the leader key took 24.1 s',
    );
  });

  it('a short time without a leader is missing, and the next step has taken both', () => {
    const { of } = stagesOf({
      events: [...BEFORE, ...leaderByPatroni([0, 'n1'], [42_900, 'n2']), PROMOTED, UP],
    });
    expect(of('leader_key_gone')).toMatchObject({
      atMs: null,
      missing: expect.stringContaining('too short'),
    });
    expect(of('leader_key_taken')).toMatchObject({
      tookMs: 22_900,
      predicted: { minMs: 19_000, maxMs: 32_500 },
    });
  });

  it('and Patroni neither, there is no way to tell, which is not the same as no change', () => {
    const { round, of } = stagesOf({ events: [] });
    expect(of('leader_key_gone').missing).toBe('neither etcd nor Patroni was watched');
    expect(of('first_commit')).toMatchObject({ atMs: 46_115, tookMs: 10 });
    expect(round.dominated).toBeNull();
  });
});

describe('where the leader stays', () => {
  const events = [...BEFORE, ...leaderKey([0, 'n1'])];

  it('its steps are missing, and all the time is that until it can be reached', () => {
    const { round, of } = stagesOf({ events, fault: { kind: 'kill-postgres' } });
    for (const kind of ['leader_key_gone', 'leader_key_taken', 'promoted', 'proxy_up'] as const) {
      expect(of(kind)).toMatchObject({ atMs: null, source: null, missing: 'the leader did not change' });
    }
    expect(of('first_connection')).toMatchObject({ tookMs: 26_105, predicted: null });
    expect(round.dominated).toBe(
      'It took 26.1 s of 26.1 s until a new connection was served: a smaller patroni.loop_wait (now 10) shortens it.',
    );
  });

  it('what is predicted is compared with the way back', () => {
    const settings = { ...CLUSTER.settings, 'patroni.primary_start_timeout': 300 };
    const { round, of } = stagesOf({
      events,
      fault: { kind: 'kill-postgres' },
      cluster: { ...CLUSTER, settings },
    });
    expect(of('first_connection').predicted).toEqual({ minMs: 0, maxMs: 25_500 });
    expect(round.prediction?.holds).toBe(false);
    // It was given up, and another leads.
    const changed = stagesOf({
      events: [...BEFORE, ...ETCD, PROMOTED, UP],
      fault: { kind: 'kill-postgres' },
      cluster: { ...CLUSTER, settings },
    });
    expect(changed.of('first_connection')).toMatchObject({ tookMs: 105, predicted: null });
  });
});

describe('the prediction', () => {
  it('neither holds nor not, while writes are still away and may come back in time', () => {
    const acksMs = [every(7, 0, 40_005)];
    const fault = { askedAtMs: 40_000 };
    const open = (kind: string) =>
      stagesOf({
        events: [],
        acksMs,
        failures: [{ atMs: 40_020 }, { atMs: 59_980 }],
        probes: [],
        fault: { ...fault, kind },
      }).round;
    expect(open('kill-node').writeDowntime).toMatchObject({ outage: true, toMs: null });
    expect(open('kill-node').prediction?.holds).toBeNull();
    expect(open('switchover').prediction?.holds).toBe(false);
  });
});

describe('HAProxy’s view', () => {
  const handed = [...ETCD, PROMOTED];

  it('is that of the backend that had the old leader, whatever it is called', () => {
    const events = [
      serverIs('up', 'replicas/n2', 0),
      serverIs('up', 'replicas/n3', 0),
      serverIs('up', 'primary/n1', 0),
      serverIs('down', 'primary/n2', 0),
      serverIs('down', 'replicas/n2', 44_000),
      serverIs('up', 'replicas/n2', 45_000),
      serverIs('up', 'primary/n2', 45_500),
    ];
    expect(stagesOf({ events: [...handed, ...events] }).of('proxy_up')).toMatchObject({
      atMs: 45_500,
      source: 'haproxy primary/n2',
    });
  });

  it('knows servers that are called by their address, as in Patroni’s sample', () => {
    const events = [
      serverIs('up', 'batman/postgresql_127.0.1.1_5432', 0),
      serverIs('down', 'batman/postgresql_127.0.1.2_5432', 0),
      serverIs('up', 'batman/postgresql_127.0.1.2_5432', 45_500),
    ];
    expect(stagesOf({ events: [...handed, ...events] }).of('proxy_up')).toMatchObject({ atMs: 45_500 });
  });

  it('says why it is missing', () => {
    expect(stagesOf({ events: handed }).of('proxy_up').missing).toBe('HAProxy was not watched');
    const up = [serverIs('up', 'rw/n1', 0), serverIs('up', 'rw/n2', 0)];
    expect(stagesOf({ events: [...handed, ...up] }).of('proxy_up').missing).toBe(
      'HAProxy had rw/n2 up before and after',
    );
    expect(stagesOf({ events: [...handed, ...BEFORE] }).of('proxy_up').missing).toBe(
      'HAProxy was not seen to take rw/n2 for up',
    );
  });
});

describe('what happens outside the round', () => {
  it('is not part of it', () => {
    const later = faultAt(50_000, { ...KILLED, round: 2, askedAtMs: 50_000 });
    const recording = recordingOf({
      plan: planOf({ durationMs: 60_000 }),
      acksMs: [every(7, 0, 60_000)],
      faults: [faultAt(20_000, { ...KILLED, kind: 'kill-replica' }), later],
      events: [...leaderKey([0, 'n1'], [10_000, 'n2'], [10_100, 'n1'], [50_500, null], [50_600, 'n2'])],
    });
    const [first, second] = analyse(recording).analysis.rounds;
    expect(first?.stages[0]?.missing).toBe('the leader did not change');
    expect(second?.stages[0]).toMatchObject({ atMs: 50_500, tookMs: 500 });
  });
});
