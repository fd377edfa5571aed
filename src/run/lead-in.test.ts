import { describe, expect, it } from 'vitest';
import { RunClock } from '../clock.js';
import type { Frame } from '../load/frame.js';
import type { Event } from '../result/result.js';
import { LeadIn } from './lead-in.js';

const INTERVAL_MS = 100;

/** Of a run that begins in so many ms. */
function leadIn(aheadMs: number): LeadIn {
  const clock = new RunClock(process.hrtime.bigint() + BigInt(aheadMs * 1e6));
  return new LeadIn(clock, INTERVAL_MS);
}

const PROBE = {
  route: 'rw',
  kind: 'service',
  acks: 2,
  failures: 0,
  firstAckUs: 2_010_000,
  lastAckUs: 2_030_000,
  triedBeforeUs: 1_985_000,
  keptAcks: 2,
  firstKeptAckUs: 2_010_000,
  keptSinceUs: 12_000,
  lastLsn: 4711,
} as const;

function frameOf(interval: number, part: Partial<Frame> = {}): Frame {
  return {
    worker: -1,
    interval,
    scripts: [],
    errors: [],
    servers: [],
    probes: [PROBE],
    heartbeats: [],
    connects: { attempts: 0, successes: 0, latency: new Uint32Array(0) },
    stallUs: 0,
    ...part,
  };
}

function eventOf(atMs: number): Event {
  return {
    atMs,
    uncertaintyMs: 250,
    layer: 'patroni',
    kind: 'role',
    subject: 'n1',
    from: 'replica',
    to: 'primary',
    text: 'n1 is primary',
  };
}

// 1999 ms ahead, in whole intervals: instant 0 lies at 2000 ms of the clock of whoever looks on.
describe('LeadIn', () => {
  it('gives those who look on a clock that has begun', () => {
    const { clock } = leadIn(1999);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(0);
    expect(clock.nowMs()).toBeLessThan(1999);
  });

  it('moves frames by whole intervals, and leaves out those before the run', () => {
    const lead = leadIn(1999);
    expect(lead.frame(frameOf(19))).toBeUndefined();
    expect(lead.frame(frameOf(20))?.interval).toBe(0);
    expect(lead.frame(frameOf(23))?.interval).toBe(3);
  });

  it('moves instants; what was before the run is at its beginning, and none stays none', () => {
    const [probe] = leadIn(1999).frame(frameOf(20))?.probes ?? [];
    expect(probe).toEqual({
      ...PROBE,
      firstAckUs: 10_000,
      lastAckUs: 30_000,
      triedBeforeUs: 0,
      firstKeptAckUs: 10_000,
      keptSinceUs: 0,
    });
    const none = { ...PROBE, triedBeforeUs: -1, keptSinceUs: -1 };
    expect(leadIn(1999).frame(frameOf(20, { probes: [none] }))?.probes[0]).toMatchObject({
      triedBeforeUs: -1,
      keptSinceUs: -1,
    });
  });

  it('takes what happened before the run for what it begins with', () => {
    const lead = leadIn(1999);
    expect(lead.event(eventOf(2400))).toEqual(eventOf(400));
    expect(lead.event(eventOf(1200))).toEqual({ ...eventOf(0), uncertaintyMs: 0, from: null });
  });

  it('begins a series with the last value before the run', () => {
    const series = {
      subject: 'n1',
      name: 'wal_lsn',
      unit: 'bytes',
      atMs: [100, 1500, 2600],
      values: [1, 2, 3],
    } as const;
    const observed = { observers: [], clocks: [], history: [] };
    expect(leadIn(1999).observed({ ...observed, series: [series] }).series).toEqual([
      { ...series, atMs: [0, 600], values: [2, 3] },
    ]);
    const late = { ...series, atMs: [2100], values: [9] };
    expect(leadIn(1999).observed({ ...observed, series: [late] }).series[0]).toMatchObject({ atMs: [100] });
  });

  it('changes nothing of a run that has begun', () => {
    const lead = leadIn(-50);
    expect(lead.frame(frameOf(3))).toEqual(frameOf(3));
    expect(lead.event(eventOf(12.5))).toEqual(eventOf(12.5));
  });
});
