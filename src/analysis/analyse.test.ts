import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScriptFrame } from '../load/frame.js';
import { OUTCOMES } from '../postgres/outcome.js';
import type { ClientFacts, Event, RoundAnalysis } from '../result/result.js';
import { analyse } from './analyse.js';
import { mergeBuckets } from './buckets.js';
import { errorsOf, serversOf } from './errors.js';
import { every, recordingOf, recordingOfRates } from './made.fixture.js';
import type { Recording } from './recording.js';
import { roundsOf } from './rounds.js';
import { faultAt, notDone, planOf, sampleOf, switchoverPort, upFrom } from './sample.fixture.js';
import { simulate } from './simulation.fixture.js';
import { timelineOf } from './timeline.js';
import { totalsOf } from './totals.js';

const N2 = '127.0.1.2:5432';

function onlyRound(rounds: readonly RoundAnalysis[]): RoundAnalysis {
  const [round] = rounds;
  if (round === undefined || rounds.length !== 1) {
    throw new Error(`expected one round, found ${rounds.length}`);
  }
  return round;
}

describe('a switchover', () => {
  const { recording, result } = sampleOf('switchover');

  it('is told as it was made up', () => {
    const round = onlyRound(result.analysis.rounds);
    expect(round.writeDowntime).toMatchObject({ outage: true, route: 'rw' });
    expect(round.writeDowntime?.fromMs).toBeGreaterThan(20_290);
    expect(round.writeDowntime?.fromMs).toBeLessThanOrEqual(20_312);
    expect(round.writeDowntime?.toMs).toBeGreaterThan(25_480);
    expect(round.writeDowntime?.toMs).toBeLessThan(25_700);
    const { durationMs = 0, resolutionMs = 0 } = round.writeDowntime ?? {};
    // The port was away from 20.312 to 25.480 s: the truth lies where the resolution says.
    expect(durationMs - resolutionMs).toBeLessThan(5168);
    expect(durationMs).toBeGreaterThan(5168);
    expect(round.clientsBack).toBe(64);
    expect(round.clientGaps).toMatchObject({ clients: 64 });
    expect(round.phases.during).toMatchObject({ fromMs: 20_000 });
    // Only the probe reads, and nothing was amiss.
    expect(round.readDowntime).toMatchObject({ route: 'ro', outage: false, failures: 0 });
    expect(result.notes).toEqual([]);
  });

  it('counts every attempt once, in totals, phases, timeline and errors alike', () => {
    const { totals, timeline, errors, analysis } = result;
    for (const outcome of OUTCOMES) {
      const column = timeline.outcomes.rw?.[outcome] ?? [];
      expect(column.reduce((a, b) => a + b, 0)).toBe(totals.outcomes[outcome]);
      const failures = errors.filter((error) => error.outcome === outcome);
      if (outcome !== 'ack') {
        expect(failures.reduce((sum, error) => sum + error.count, 0)).toBe(totals.outcomes[outcome]);
      }
    }
    const { during, after } = onlyRound(analysis.rounds).phases;
    expect((during?.outcomes.not_sent ?? 0) + (after?.outcomes.not_sent ?? 0)).toBe(totals.outcomes.not_sent);
    expect(recording.clients.reduce((sum, client) => sum + client.acks, 0)).toBe(totals.outcomes.ack);
    expect(result.servers.reduce((sum, server) => sum + server.acks, 0)).toBe(totals.outcomes.ack);
  });

  it('is the same in whatever order and number the frames came', () => {
    const coarse = every(3, 0, recording.buckets.length).map((i) =>
      mergeBuckets(recording.buckets.slice(i, i + 3)),
    );
    expect(totalsOf({ ...recording, buckets: coarse })).toEqual(totalsOf(recording));
    expect(totalsOf({ ...recording, buckets: recording.buckets.toReversed() })).toEqual(totalsOf(recording));
    expect(errorsOf({ ...recording, buckets: coarse })).toEqual(errorsOf(recording));
    expect(serversOf({ ...recording, buckets: coarse })).toEqual(serversOf(recording));
  });
});

describe('totals', () => {
  it('count ack_unreplicated as acknowledged, and divide by the time that passed', () => {
    const made = recordingOf({
      plan: planOf({ durationMs: 1000 }),
      acksMs: [every(100, 0, 1000)],
      elapsedMs: 2000,
    });
    const buckets = made.buckets.map((bucket) => ({
      ...bucket,
      scripts: bucket.scripts.map((frame): ScriptFrame => ({ ...frame, outcomes: [0, 3, 1, 0, 0, 0] })),
    }));
    const totals = totalsOf({ ...made, buckets });
    expect(totals.outcomes).toMatchObject({ ack: 0, ack_unreplicated: 30, aborted: 10 });
    expect(totals.tps).toBe(15);
  });

  it('tell service from response time by what was delayed', () => {
    const made = recordingOf({ plan: planOf({ durationMs: 1000 }), acksMs: [[50]] });
    const delayed = (frame: ScriptFrame): ScriptFrame => ({
      ...frame,
      delayedService: Uint32Array.of(1500, 1),
      delayedResponse: Uint32Array.of(1900, 1),
      maxServiceUs: 1500,
      maxResponseUs: 1900,
    });
    const buckets = made.buckets.map((bucket) => ({ ...bucket, scripts: bucket.scripts.map(delayed) }));
    const totals = totalsOf({ ...made, buckets });
    expect(totals.service).toMatchObject({ count: 2, minUs: 1000, p50Us: 1000, maxUs: 1500 });
    expect(totals.response).toMatchObject({ count: 2, minUs: 1000, p50Us: 1000, maxUs: 1900 });
    expect(totals.scripts[0]).toMatchObject({ name: 'tpcb', route: 'rw', response: { maxUs: 1900 } });
  });

  it('tell of each port what its scripts did, and of both what the run did', () => {
    const { totals } = sampleOf('writes and reads').result;
    const [writes, reads] = totals.scripts;
    expect(totals.ports.map(({ route }) => route)).toEqual(['rw', 'ro']);
    expect(totals.ports[0]).toMatchObject({ tps: writes?.tps, response: writes?.response });
    expect(totals.ports[1]).toMatchObject({ outcomes: reads?.outcomes, service: reads?.service });
    const mix = sampleOf('a mix of eleven scripts').result.totals;
    for (const outcome of OUTCOMES) {
      const sum = (parts: readonly { outcomes: Readonly<Record<string, number>> }[]) =>
        parts.reduce((total, part) => total + (part.outcomes[outcome] ?? 0), 0);
      expect(sum(mix.ports)).toBe(mix.outcomes[outcome]);
      expect(sum(mix.scripts)).toBe(mix.outcomes[outcome]);
    }
    expect(mix.ports.reduce((total, port) => total + (port.lag?.count ?? 0), 0)).toBe(mix.lag?.count);
  });

  it('have no port that only scripts of weight 0 would use', () => {
    const plan = planOf({
      scripts: [
        { name: 'tpcb', weight: 1, route: 'rw', writes: true },
        { name: 'never', weight: 0, route: 'ro', writes: false },
      ],
    });
    expect(totalsOf(recordingOf({ plan, acksMs: [[5]] })).ports.map(({ route }) => route)).toEqual(['rw']);
  });

  it('tell of an open pace its lag, and of a limit what was late and skipped', () => {
    const { recording, result } = sampleOf('fixed rate');
    const { totals, errors } = result;
    const limitUs = 50_000;
    const began = recording.buckets.flatMap(({ scripts }) => scripts.flatMap(({ lag }) => [...lag]));
    expect(totals.lag?.count).toBe(
      began.filter((_, i) => i % 2 === 1).reduce((sum, count) => sum + count, 0),
    );
    // What would have begun later was skipped.
    expect(totals.lag?.maxUs).toBeLessThanOrEqual(limitUs);
    expect(totals.response?.p99Us).toBeGreaterThan(limitUs);
    const share = (totals.late ?? 0) / totals.outcomes.ack;
    expect(share).toBeGreaterThan(0.01);
    expect(share).toBeLessThan(0.1);
    expect(totals.retried).toBeGreaterThan(0);
    expect(totals.retries).toBe(totals.retried);
    // No attempt, so no failure.
    expect(totals.outcomes.skipped).toBeGreaterThan(0);
    expect(errors.some(({ outcome }) => outcome === 'skipped')).toBe(false);
    // The same frames of a plan without a schedule and a limit.
    const closed = totalsOf({ ...recording, plan: planOf() });
    expect([closed.lag, closed.late]).toEqual([null, null]);
  });

  it('tell of each command its mean over all that were answered, where the plan asked for it', () => {
    const plan = planOf({ durationMs: 1000, perCommand: true });
    const made = recordingOf({ plan, acksMs: [every(100, 0, 1000)] });
    const buckets = made.buckets.map((bucket, index) => ({
      ...bucket,
      scripts: bucket.scripts.map((frame) => ({
        ...frame,
        // 1 of 1 ms in the first, 3 of 2 ms in the others; nothing measured in the last.
        commands: index === 9 ? [] : [index === 0 ? 1 : 3, index === 0 ? 1000 : 6000, 2, 0, 0, 7],
      })),
    }));
    const commands = [
      [
        { line: 1, text: 'UPDATE t' },
        { line: 4, text: 'END;' },
      ],
    ];
    expect(totalsOf({ ...made, buckets, commands }).scripts[0]?.commands).toEqual([
      { line: 1, text: 'UPDATE t', count: 25, meanUs: 49_000 / 25, failures: 18 },
      { line: 4, text: 'END;', count: 0, meanUs: null, failures: 63 },
    ]);
    const unasked = { ...made, buckets, commands, plan: planOf() };
    expect(totalsOf(unasked).scripts[0]?.commands).toBeNull();
  });

  it('of nothing have counts, and no latency', () => {
    const { totals } = sampleOf('nothing acknowledged').result;
    expect(totals).toMatchObject({ tps: 0, service: null, response: null, connects: { latency: null } });
  });
});

describe('rounds', () => {
  const clients: ClientFacts[] = [
    { client: 0, acks: 9, connects: 2, lastAckMs: 39_990, longestGap: { fromMs: 20_310, toMs: 25_610 } },
    { client: 1, acks: 9, connects: 2, lastAckMs: 39_995, longestGap: { fromMs: 20_310, toMs: 26_310 } },
    // Its longest gap lies before the fault, and tells nothing of it.
    { client: 2, acks: 9, connects: 1, lastAckMs: 39_999, longestGap: { fromMs: 3000, toMs: 11_000 } },
    // Never came back.
    { client: 3, acks: 9, connects: 1, lastAckMs: 20_305, longestGap: { fromMs: 100, toMs: 200 } },
    { client: 4, acks: 0, connects: 0, lastAckMs: null, longestGap: null },
  ];
  const acksMs = [[...every(7, 0, 20_312), ...every(7, 25_565, 40_000)]];
  const failures = [{ atMs: 25_000 }];

  it('tell which clients are back and how long each was away', () => {
    const recording = recordingOf({ acksMs, failures, clients, faults: [faultAt(20_000)] });
    const gaps = recording.gaps.map((own, client) =>
      client === 2 ? [...own, { fromMs: 22_000, toMs: 22_040 }] : own,
    );
    const round = onlyRound(roundsOf({ ...recording, gaps }).rounds);
    expect(round.clientsBack).toBe(3);
    expect(round.clientGaps).toEqual({ clients: 4, p50Ms: 5300, p99Ms: 19_695, maxMs: 19_695 });
  });

  it('say why nothing is known of a fault that was not done', () => {
    const { rounds, notes } = roundsOf(
      recordingOf({ acksMs, clients, faults: [notDone(20_000, 'Patroni refused: 412')] }),
    );
    expect(onlyRound(rounds)).toMatchObject({
      fault: 0,
      invalid: 'Patroni refused: 412',
      stages: [],
      prediction: null,
      splitBrain: null,
      phases: { before: null, during: null, after: null },
      writeDowntime: null,
      readDowntime: null,
      clientGaps: null,
      clientsBack: 0,
    });
    expect(notes).toEqual([
      'Switchover was not done, so there is nothing to tell of it (Patroni refused: 412).',
    ]);
  });

  it('say why each figure is missing', () => {
    const plan = planOf({ scripts: [{ name: 'select-only', weight: 1, route: 'ro', writes: false }] });
    const { notes } = roundsOf(recordingOf({ plan, acksMs: [[]], faults: [faultAt(20_000)] }));
    expect(notes).toEqual([
      'Switchover: before, during and after cannot be told: nothing was acknowledged before it.',
      'Switchover: write downtime was not measured: select-only has no script that writes.',
      'Switchover: read downtime was not measured: no read was acknowledged before it.',
    ]);
  });

  it('watch reads on the read-write port where nothing else reads', () => {
    const plan = planOf({ scripts: [{ name: 'select-only', weight: 1, route: 'rw', writes: false }] });
    const { rounds } = roundsOf(recordingOf({ plan, acksMs, failures, faults: [faultAt(20_000)] }));
    expect(onlyRound(rounds).readDowntime).toMatchObject({ route: 'rw', outage: true, toMs: 25_565 });
    expect(onlyRound(rounds).writeDowntime).toBeNull();
  });

  it('end where the next begins, in order of time, each with its own before', () => {
    const port = [
      ...switchoverPort(10_000),
      { fromMs: 25_300, state: 'cut', code: '57P01' } as const,
      { fromMs: 25_310, state: 'refuse', code: 'connect_closed' } as const,
      upFrom(28_300),
    ];
    const recording = simulate({
      plan: planOf({ clients: 16 }),
      ports: { rw: port },
      meanServiceMs: 20,
      faults: [faultAt(25_000, { round: 2 }), faultAt(10_000)],
    });
    const { rounds, notes } = roundsOf(recording);
    expect(rounds.map((round) => round.fault)).toEqual([1, 0]);
    const [first, second] = rounds;
    expect(first?.writeDowntime?.toMs).toBeLessThan(16_500);
    expect(first?.phases.after?.toMs).toBe(25_000);
    expect(second?.writeDowntime?.fromMs).toBeGreaterThan(25_000);
    expect(second?.writeDowntime?.durationMs).toBeLessThan(4000);
    expect(second?.phases.before?.fromMs).toBe(first?.phases.after?.fromMs);
    expect(second?.phases.before?.toMs).toBe(25_000);
    expect(first?.clientGaps).toMatchObject({ clients: 16 });
    expect(second?.clientGaps?.maxMs).toBeGreaterThan(3000);
    expect(second?.clientGaps?.maxMs).toBeLessThan(first?.clientGaps?.p50Ms ?? 0);
    expect(notes.filter((note) => !note.includes('read downtime'))).toEqual([]);
  });

  it('do not take the outage of the round before for a usual pause of the load', () => {
    const recording = simulate({
      plan: planOf({ clients: 16, probes: true }),
      // Back 2.5 s before the next fault, which is too short to be steady, and away for less long the second time.
      ports: {
        rw: [
          ...switchoverPort(20_000),
          { fromMs: 28_300, state: 'cut', server: N2, code: '57P01', message: 'terminating connection' },
          upFrom(31_000, N2),
        ],
      },
      meanServiceMs: 20,
      faults: [faultAt(20_000), faultAt(28_000, { round: 2 })],
    });
    const { rounds, summaries } = roundsOf(recording);
    expect(rounds[1]?.phases.before).toBeNull();
    expect(rounds[1]?.writeDowntime).toMatchObject({ outage: true });
    expect(rounds[1]?.writeDowntime?.durationMs).toBeGreaterThan(2600);
    expect(rounds[1]?.writeDowntime?.usualPauseMs).toBeLessThan(200);
    expect(summaries[0]?.writeDowntimeMs?.min).toBeGreaterThan(2600);
  });

  it('do not take for steady what an open pace catches up after an outage', () => {
    const recording = simulate({
      plan: planOf({
        clients: 8,
        durationMs: 60_000,
        pace: { kind: 'open', stages: [{ durationMs: null, fromTps: 100, toTps: 100 }] },
      }),
      ports: { rw: [...switchoverPort(20_000), ...switchoverPort(45_000).slice(1)] },
      meanServiceMs: 20,
      faults: [faultAt(20_000), faultAt(45_000, { round: 2 })],
    });
    const [first, second] = roundsOf(recording).rounds;
    const backMs = first?.phases.after?.fromMs ?? 0;
    expect(backMs).toBeLessThan(26_500);
    // Some 550 transactions waited; 8 clients do 400 a second, of which 100 are new.
    expect(second?.phases.before?.fromMs).toBeGreaterThan(backMs + 1000);
    expect(second?.phases.before?.fromMs).toBeLessThan(backMs + 4000);
    expect(second?.phases.before?.tps).toBeLessThan(110);
    expect(second?.phases.before?.response?.p99Us).toBeLessThan(150_000);
  });

  it('do not compare with a load that was not back from the fault before', () => {
    const rates = Array.from({ length: 400 }, (_, i) => (i < 103 ? 100 : 40));
    const recording = recordingOfRates(planOf(), [rates]);
    const { rounds, notes } = roundsOf({
      ...recording,
      faults: [faultAt(10_000), faultAt(30_000, { round: 2 })],
    });
    expect(rounds[0]?.phases.after).toBeNull();
    expect(rounds[1]?.phases.before).toBeNull();
    expect(notes).toContain('Switchover 1: throughput was not back at 90 % for 3 s by 30.0 s.');
    expect(notes).toContain(
      'Switchover 2: before, during and after cannot be told: the load was not steady again after the fault before.',
    );
  });
});

describe('errors', () => {
  it('are merged by what was wrong, with the first message and the whole time span', () => {
    const made = recordingOf({
      acksMs: [[]],
      failures: [{ atMs: 900 }, { atMs: 100 }, { atMs: 500, code: '25006' }, { atMs: 130 }],
    });
    expect(errorsOf(made).map(({ code, count, firstMs, lastMs }) => [code, count, firstMs, lastMs])).toEqual([
      ['57P01', 3, 100, 900],
      ['25006', 1, 500, 500],
    ]);
  });

  it('of the same code stay apart by outcome and server', () => {
    const { errors } = sampleOf('switchover').result;
    const shutdowns = errors.filter(({ code }) => code === '57P01');
    expect(shutdowns.map(({ outcome }) => outcome).sort()).toEqual(['aborted', 'in_doubt', 'not_sent']);
    expect(errors.map(({ firstMs }) => firstMs)).toEqual(
      errors.map(({ firstMs }) => firstMs).sort((a, b) => a - b),
    );
    expect(errors[0]?.message).toBe('terminating connection due to administrator command');
  });
});

describe('the timeline', () => {
  const leader = (atMs: number): Event => ({
    atMs,
    uncertaintyMs: 0,
    layer: 'patroni',
    kind: 'leader',
    subject: '',
    from: 'n1',
    to: 'n2',
    text: 'n2 leads',
  });

  function long(seconds: number): Recording {
    const rates = new Array<number>(seconds * 10).fill(5);
    return recordingOfRates(planOf({ durationMs: seconds * 1000 }), [rates]);
  }

  it('of a short run has every bucket', () => {
    const timeline = timelineOf(long(120), []);
    expect(timeline.startMs).toHaveLength(1200);
    expect(timeline.widthMs.every((width) => width === 100)).toBe(true);
  });

  it('of a long run is by the second, but fine within 30 s of a fault or a change of the leader', () => {
    const recording = long(600);
    const withFault = {
      ...recording,
      faults: [faultAt(300_000, { answeredAtMs: null, observedAtMs: null })],
    };
    const { timeline } = analyse({ ...withFault, events: [leader(400_000)] });
    const widths = new Map(timeline.startMs.map((start, i) => [start, timeline.widthMs[i]]));
    expect(widths.get(269_000)).toBe(1000);
    expect(widths.get(270_000)).toBe(100);
    expect(widths.get(330_000)).toBe(100);
    expect(widths.get(331_000)).toBe(1000);
    expect(widths.get(369_000)).toBe(1000);
    expect(widths.get(370_000)).toBe(100);
    expect(widths.get(430_000)).toBe(1000);
  });

  it('loses nothing by thinning, and has no hole', () => {
    const recording = long(300);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 3 }), (instants) => {
        const timeline = timelineOf(recording, instants);
        let end = 0;
        let acks = 0;
        for (const [i, start] of timeline.startMs.entries()) {
          expect(start).toBeCloseTo(end, 6);
          end = start + (timeline.widthMs[i] as number);
          acks += timeline.outcomes.rw?.ack?.[i] ?? 0;
        }
        expect(end).toBeCloseTo(300_000, 6);
        expect(acks).toBe(15_000);
        expect(timeline.startMs.length).toBeLessThanOrEqual(300 + instants.length * 62 * 10);
      }),
      { numRuns: 5 },
    );
  });

  it('has a column for each route that the plan uses and each outcome that came', () => {
    const { timeline } = sampleOf('writes and reads').result;
    expect(Object.keys(timeline.outcomes)).toEqual(['rw', 'ro']);
    expect(Object.keys(timeline.outcomes.rw ?? {}).sort()).toEqual([
      'aborted',
      'ack',
      'in_doubt',
      'not_sent',
    ]);
    const silent = timeline.startMs.indexOf(23_000);
    expect(timeline.firstAckMs.rw?.[silent]).toBeNull();
    expect(timeline.firstAckMs.ro?.[silent]).toBeGreaterThanOrEqual(23_000);
    expect(timeline.lastAckMs.ro?.[silent]).toBeLessThan(23_100);
  });

  it('has latencies where something was acknowledged, and none elsewhere', () => {
    const { timeline } = sampleOf('switchover').result;
    const steady = timeline.startMs.indexOf(10_000);
    const silent = timeline.startMs.indexOf(23_000);
    expect(timeline.p50Us[steady]).toBeGreaterThan(20_000);
    expect(timeline.p99Us[steady]).toBeGreaterThanOrEqual(timeline.p50Us[steady] ?? Infinity);
    expect(timeline.maxUs[steady]).toBeGreaterThanOrEqual(timeline.p99Us[steady] ?? Infinity);
    expect([timeline.p50Us[silent], timeline.p99Us[silent], timeline.maxUs[silent]]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('probes', () => {
  it('measure what the workload does not do', () => {
    const plan = planOf({
      probes: true,
      clients: 4,
      scripts: [{ name: 'select-only', weight: 1, route: 'ro', writes: false }],
    });
    const { rounds, notes } = roundsOf(
      simulate({
        plan,
        ports: { rw: switchoverPort(20_000), ro: [upFrom(0)] },
        meanServiceMs: 10,
        faults: [faultAt(20_000)],
      }),
    );
    const round = onlyRound(rounds);
    expect(round.writeDowntime).toMatchObject({ outage: true, toMs: 25_487, failures: 0 });
    expect(round.readDowntime).toMatchObject({ outage: false });
    // Nothing kept the readers away.
    expect(round.clientsBack).toBe(4);
    expect(round.phases).toMatchObject({ during: null, after: { toMs: 40_000 } });
    expect(notes).toEqual([]);
  });

  it('that are never served again do not make clients lost that do not ask there', () => {
    const plan = planOf({
      probes: true,
      clients: 4,
      scripts: [{ name: 'select-only', weight: 1, route: 'ro', writes: false }],
    });
    const { rounds } = roundsOf(
      simulate({
        plan,
        ports: { rw: switchoverPort(20_000).slice(0, 4), ro: [upFrom(0)] },
        meanServiceMs: 10,
        faults: [faultAt(20_000)],
      }),
    );
    expect(onlyRound(rounds).writeDowntime).toMatchObject({ outage: true, toMs: null });
    expect(onlyRound(rounds).clientsBack).toBe(4);
  });

  it('have columns of their own in the timeline, and are no transactions', () => {
    const { result, recording } = sampleOf('switchover');
    const { probes, startMs } = result.timeline;
    const silent = startMs.indexOf(23_000);
    expect([probes.rw?.acks[silent], probes.rw?.failures[silent]]).toEqual([0, 5]);
    expect([probes.ro?.acks[silent], probes.ro?.failures[silent]]).toEqual([5, 0]);
    expect(result.timeline.outcomes.ro).toBeUndefined();
    const without = { ...recording, buckets: recording.buckets.map((bucket) => ({ ...bucket, probes: [] })) };
    expect(totalsOf(without)).toEqual(totalsOf(recording));
    expect(analyse(without).timeline.probes).toEqual({});
  });
});
