import { describe, expect, it } from 'vitest';
import { bucketOf } from '../histogram.js';
import type { HeartbeatFrame } from '../load/frame.js';
import type { RoundAnalysis } from '../result/result.js';
import { analyse } from './analyse.js';
import { errorClassOf } from './error-class.js';
import { every, type Made, recordingOf } from './made.fixture.js';
import { faultAt, planOf } from './sample.fixture.js';

/** Writes are away from 20.005 to 25.120 s, and come back by half, all and all. */
const ASKED = faultAt(20_000, { askedAtMs: 20_000 });
const PLAN = planOf({ durationMs: 60_000, probes: true });
const ACKS = [...every(5, 0, 20_005), ...every(10, 25_120, 30_000), ...every(5, 30_000, 60_000)];

function run(made: Partial<Made> = {}): { round: RoundAnalysis; notes: readonly string[] } {
  const recording = recordingOf({
    plan: PLAN,
    acksMs: [ACKS],
    failures: [{ atMs: 20_020 }, { atMs: 22_000, code: '40001' }, { atMs: 25_090.5, code: '25006' }],
    faults: [ASKED],
    ...made,
  });
  const { analysis, notes } = analyse(recording);
  const [round] = analysis.rounds;
  if (round === undefined) {
    throw new Error('there was a round');
  }
  return { round, notes };
}

describe('recovery', () => {
  it('tells when throughput was back at each share of the median before', () => {
    const { recovery } = run().round;
    // 200 per s before, 100 from 25.120 on: the first whole second of them begins with the next bucket. A second of 180
    // begins when 0.8 of it lies behind 30.000.
    expect(recovery.to50Ms).toBe(5200);
    expect(recovery.to90Ms).toBe(9800);
    expect(recovery.to99Ms).toBe(10_000);
  });

  it('counts the errors that tell of an outage, from the request on', () => {
    expect(run().round.recovery).toMatchObject({ firstErrorMs: 20, lastErrorMs: 5090.5 });
    const quiet = run({ failures: [{ atMs: 22_000, code: '40001' }, { atMs: 19_000 }] }).round.recovery;
    expect([quiet.firstErrorMs, quiet.lastErrorMs]).toEqual([null, null]);
  });

  it('of a load that is not steady again has no time for what it did not reach', () => {
    const acks = [...every(5, 0, 20_005), ...every(8, 25_120, 60_000)];
    expect(run({ acksMs: [acks] }).round.recovery).toMatchObject({
      to50Ms: 5120,
      to90Ms: null,
      to99Ms: null,
    });
    // One that was never away has nothing to come back from.
    expect(run({ acksMs: [every(5, 0, 60_000)], failures: [] }).round.recovery.to50Ms).toBeNull();
  });

  it('asks for the share of the plan where the rate changes', () => {
    // Half of the rate is planned from 25 s on, and all of it comes.
    const stages = [
      { durationMs: 25_000, fromTps: 200, toTps: 200 },
      { durationMs: 35_000, fromTps: 100, toTps: 100 },
    ];
    const plan = { ...PLAN, pace: { kind: 'open', stages } as const };
    const acks = [...every(5, 0, 20_005), ...every(10, 25_120, 60_000)];
    expect(run({ plan, acksMs: [acks] }).round.recovery).toMatchObject({ to90Ms: 5120 });
  });
});

describe('connections', () => {
  const service = {
    route: 'rw',
    kind: 'service',
    acksMs: [...every(20, 0, 20_004), ...every(20, 25_130, 60_000)],
    failuresMs: every(20, 20_020, 25_100),
  } as const;

  it('that are new are told from those that survived', () => {
    const connect = {
      route: 'rw',
      kind: 'connect',
      acksMs: [
        ...every(1000, 500, 19_900),
        ...every(20, 19_980, 20_004),
        ...every(20, 25_142, 28_000),
        ...every(1000, 28_500, 60_000),
      ],
      failuresMs: every(20, 20_020, 25_120),
    } as const;
    const { round } = run({ probes: [{ ...service, keptMs: [19_990, 25_170, 25_190] }, connect] });
    expect(round.newConnections.rw).toMatchObject({
      outage: true,
      fromMs: 20_000,
      toMs: 25_142,
      durationMs: 5142,
    });
    expect(round.newConnections.ro).toBeNull();
    expect(round.recovery).toMatchObject({ newConnectionMs: 5142, existingConnectionMs: 5170 });
    // None that was there before the outage was served behind it.
    expect(
      run({ probes: [{ ...service, keptMs: [19_990] }] }).round.recovery.existingConnectionMs,
    ).toBeNull();
    // One that was made since is only kept for the fault after it.
    const since = { ...service, keptMs: [40_000], keptSinceMs: 25_130 };
    expect(run({ probes: [since] }).round.recovery.existingConnectionMs).toBeNull();
  });

  it('are tried seldom while all is well: an outage is one though it is shorter than the pauses before', () => {
    const connect = {
      route: 'rw',
      kind: 'connect',
      acksMs: [...every(1000, 500, 20_000), ...every(20, 20_300, 22_000), ...every(1000, 22_500, 60_000)],
      failuresMs: [20_040, 20_100, 20_200],
    } as const;
    const { rw } = run({ probes: [service, connect] }).round.newConnections;
    expect(rw).toMatchObject({ outage: true, fromMs: 19_500, toMs: 20_300, durationMs: 800 });
    // It was well until somewhere between 19.500 and the end of the bucket of the first failure.
    expect(rw?.resolutionMs).toBe(600 + 25);
    const well = { ...connect, acksMs: every(1000, 500, 60_000), failuresMs: [] };
    expect(run({ probes: [service, well] }).round.newConnections.rw).toMatchObject({ outage: false });
    // Nor without a steady part to compare with.
    const early = faultAt(1200, { askedAtMs: 1200 });
    const { newConnections } = run({ probes: [service, well], faults: [early] }).round;
    expect(newConnections.rw).toMatchObject({ outage: false, usualPauseMs: null });
  });

  it('that nobody makes have no downtime', () => {
    const { round, notes } = run({ probes: [service] });
    expect(round.newConnections).toEqual({ rw: null, ro: null });
    expect(notes.filter((note) => note.includes('new connections'))).toEqual([]);
  });
});

describe('staleness', () => {
  const beat = (part: Partial<HeartbeatFrame>): HeartbeatFrame => ({
    route: 'ro',
    reads: 5,
    stale: 0,
    nonMonotonic: 0,
    ageUs: Uint32Array.of(bucketOf(0), 5),
    maxAgeUs: 0,
    ...part,
  });

  it('is told of each phase', () => {
    const old = beat({
      reads: 4,
      stale: 3,
      nonMonotonic: 2,
      ageUs: Uint32Array.of(bucketOf(0), 1, bucketOf(1000), 2, bucketOf(9000), 1),
      maxAgeUs: 9001,
    });
    const heartbeats = every(1, 0, 600).map((index) => (index === 210 || index === 220 ? old : beat({})));
    const { staleness, phases } = run({ heartbeats }).round;
    expect(phases.during).toMatchObject({ fromMs: 20_000 });
    expect(staleness?.before).toMatchObject({ stale: 0, nonMonotonic: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
    expect(staleness?.before?.reads).toBe(((phases.before?.toMs ?? 0) - (phases.before?.fromMs ?? 0)) / 20);
    expect(staleness?.during).toMatchObject({ stale: 6, nonMonotonic: 4, maxMs: 9.001 });
    expect(staleness?.after?.stale).toBe(0);
  });

  it('is told of each port apart', () => {
    const beats = every(1, 0, 600).map(() => beat({}));
    const onRw = beat({ route: 'rw', reads: 2, stale: 1 });
    const { round } = run({ heartbeats: beats.map((each, index) => (index === 215 ? onRw : each)) });
    expect(round.stalenessOnRw).toMatchObject({ before: null, during: { reads: 2, stale: 1 }, after: null });
    expect(round.staleness?.during?.stale).toBe(0);
    expect(run({ heartbeats: beats }).round.stalenessOnRw).toBeNull();
  });

  it('of a phase without a read is not known', () => {
    const heartbeats = every(1, 0, 600).map((index) =>
      index >= 200 ? beat({ reads: 0, ageUs: new Uint32Array(0) }) : beat({}),
    );
    expect(run({ heartbeats }).round.staleness).toMatchObject({ during: null, after: null });
    expect(run().round.staleness).toBeNull();
  });
});

describe('the generator', () => {
  it('is named beside a gap in which it stalled itself', () => {
    const stalls = [
      { atMs: 19_000, stallMs: 300 },
      { atMs: 23_000, stallMs: 21.5 },
      { atMs: 40_000, stallMs: 500 },
    ];
    const { round, notes } = run({ stalls });
    expect(round.generatorStallMs).toBe(21.5);
    expect(notes.join()).toContain('the generator itself stalled for 21.5 ms within the write downtime');
    const service = {
      route: 'ro',
      kind: 'service',
      acksMs: [...every(20, 0, 22_000), ...every(20, 24_000, 60_000)],
      failuresMs: every(20, 22_020, 23_900),
    } as const;
    const fresh = { ...service, kind: 'connect' } as const;
    const all = run({ stalls, probes: [service, fresh, { ...fresh, route: 'rw' }] });
    expect(all.round.readDowntime?.stallMs).toBe(21.5);
    expect(all.round.newConnections).toMatchObject({ rw: { stallMs: 21.5 }, ro: { stallMs: 21.5 } });
    for (const what of ['read downtime', 'new connections to rw', 'new connections to ro']) {
      expect(all.notes.join()).toMatch(new RegExp(`stalled for 21.5 ms within the .*${what}`));
    }
    const calm = run({ stalls: [{ atMs: 23_000, stallMs: 20 }] });
    expect(calm.round.generatorStallMs).toBe(20);
    expect(calm.notes.join()).not.toContain('stalled');
    expect(run({ acksMs: [every(5, 0, 60_000)], failures: [], stalls }).round.generatorStallMs).toBeNull();
  });
});

describe('errors over time', () => {
  it('are columns by class', () => {
    const failures = [
      { atMs: 20_020 },
      { atMs: 20_030, code: '57P03' },
      { atMs: 20_150, code: 'ECONNREFUSED' },
      { atMs: 20_160, code: 'connect_closed' },
    ];
    const { timeline } = analyse(recordingOf({ plan: PLAN, acksMs: [ACKS], failures, faults: [ASKED] }));
    expect(Object.keys(timeline.errors)).toEqual(['shutdown', 'closed', 'refused']);
    expect(timeline.errors['shutdown']?.slice(199, 203)).toEqual([0, 2, 0, 0]);
    expect(timeline.errors['closed']?.slice(199, 203)).toEqual([0, 0, 1, 0]);
    expect(timeline.errors['refused']).toHaveLength(timeline.startMs.length);
  });

  it.each([
    ['57P01', 'shutdown'],
    ['57P02', 'shutdown'],
    ['57014', 'other'],
    ['25006', 'read_only'],
    ['ECONNRESET', 'closed'],
    ['EPIPE', 'closed'],
    ['ECONNREFUSED', 'refused'],
    ['statement_timeout', 'timeout'],
    ['40P01', 'contention'],
    ['23505', 'contention'],
    ['XX000', 'other'],
    ['53300', 'other'],
  ])('%s is %s', (code, name) => {
    expect(errorClassOf(code)).toBe(name);
  });
});
