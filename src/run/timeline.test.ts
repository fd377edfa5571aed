import { describe, expect, it } from 'vitest';
import type { Frame } from '../load/frame.js';
import { OUTCOMES } from '../postgres/outcome.js';
import { Timeline } from './timeline.js';

function frame(worker: number, interval: number, acks: number): Frame {
  const outcomes = OUTCOMES.map((_, index) => (index === 0 ? acks : 0));
  const none = new Uint32Array(0);
  return {
    worker,
    interval,
    scripts: [
      {
        script: 0,
        outcomes,
        firstAckUs: interval * 100_000 + worker,
        lastAckUs: interval * 100_000 + 50_000 + worker,
        punctual: new Uint32Array([worker, acks]),
        delayedService: none,
        delayedResponse: none,
        maxServiceUs: 1,
        maxResponseUs: 1,
        late: 0,
        retried: 0,
        retries: 0,
        lag: none,
        maxLagUs: 0,
        commands: [],
      },
    ],
    errors: [],
    servers: [],
    probes: [],
    heartbeats: [],
    connects: { attempts: 0, successes: 0, latency: none },
    stallUs: 0,
  };
}

const ERROR = {
  script: 0,
  route: 'rw',
  outcome: 'aborted',
  code: '40001',
  server: '',
  count: 1,
  firstUs: 0,
  lastUs: 0,
  message: '',
} as const;

function acksOf(timeline: Timeline): number {
  return timeline.finish().reduce((sum, bucket) => sum + (bucket.scripts[0]?.outcomes[0] ?? 0), 0);
}

describe('Timeline', () => {
  it('adds the frames of an interval up, in whatever order they come, and leaves no hole', () => {
    const timeline = new Timeline(100);
    for (const each of [frame(1, 3, 5), frame(0, 0, 1), frame(0, 3, 2), frame(1, 0, 1)]) {
      timeline.add(each);
    }
    const buckets = timeline.finish();
    expect(buckets.map((bucket) => bucket.startMs)).toEqual([0, 100, 200, 300]);
    expect(buckets.map((bucket) => bucket.scripts[0]?.outcomes[0] ?? 0)).toEqual([2, 0, 0, 7]);
    expect(buckets[3]?.scripts[0]).toMatchObject({ firstAckUs: 300_000, lastAckUs: 350_001 });
  });

  it('tells what is complete since an instant, each bucket once', () => {
    const timeline = new Timeline(100);
    const startsSince = (atMs: number) => timeline.since(atMs).map(({ startMs }) => startMs);
    for (let interval = 0; interval < 8; interval++) {
      timeline.add(frame(0, interval, 1));
    }
    expect(startsSince(0)).toEqual([0, 100, 200, 300]);
    expect(startsSince(400)).toEqual([]);
    timeline.add(frame(0, 9, 1));
    expect(startsSince(400)).toEqual([400, 500]);
  });

  it('keeps its size however long the run is, loses no count, and stays sharp around a mark', () => {
    const timeline = new Timeline(100);
    const markMs = 600_000;
    timeline.mark(markMs);
    const intervals = 60_000;
    for (let interval = 0; interval < intervals; interval++) {
      timeline.add(frame(0, interval, 1));
    }
    const buckets = timeline.finish();
    expect(buckets.length).toBeLessThanOrEqual(15_000);
    expect(acksOf(timeline)).toBe(intervals);
    const near = buckets.filter(
      (bucket) => bucket.startMs > markMs - 30_000 && bucket.startMs < markMs + 120_000,
    );
    expect(new Set(near.map((bucket) => bucket.widthMs))).toEqual(new Set([100]));
    let endMs = 0;
    for (const bucket of buckets) {
      expect(bucket.startMs).toBe(endMs);
      endMs += bucket.widthMs;
    }
    expect(endMs).toBe(intervals * 100);
  });

  /** So that what is told here happens within some minutes of a run, and with small histograms. */
  const FEW_BYTES = 300_000;

  it('joins what lies far back to one width, not the oldest ever wider', () => {
    const timeline = new Timeline(100, FEW_BYTES);
    const intervals = 36_000;
    timeline.mark(600_000);
    for (let interval = 0; interval < intervals; interval++) {
      timeline.add(frame(0, interval, 1));
    }
    const buckets = timeline.finish();
    const far = buckets.filter(
      ({ startMs }) => startMs < 560_000 || (startMs > 730_000 && startMs < 3_500_000),
    );
    const widths = far.map(({ widthMs }) => widthMs);
    expect(Math.max(...widths)).toBeLessThanOrEqual(51_200);
    expect(Math.max(...widths)).toBeGreaterThan(1000);
    const wide = far.filter(({ widthMs }) => 8 * widthMs >= Math.max(...widths));
    expect(wide.reduce((sum, { widthMs }) => sum + widthMs, 0)).toBeGreaterThan(
      0.9 * widths.reduce((sum, width) => sum + width, 0),
    );
    expect(acksOf(timeline)).toBe(intervals);
  });

  it('tells all counts since an instant while what lies before it is joined', () => {
    const timeline = new Timeline(100, FEW_BYTES);
    let told = 0;
    let toldMs = 0;
    for (let interval = 0; interval < 6000; interval++) {
      timeline.add(frame(0, interval, 1));
      if (interval % 450 === 449) {
        const latest = timeline.since(toldMs);
        told += latest.reduce((sum, { scripts }) => sum + (scripts[0]?.outcomes[0] ?? 0), 0);
        const newest = latest.at(-1);
        toldMs = (newest?.startMs ?? 0) + (newest?.widthMs ?? 0);
      }
    }
    expect(toldMs).toBeGreaterThan(500_000);
    expect(told).toBe(toldMs / 100);
  });

  describe.each([true, false])('an outage that nobody marked (elsewhere a mark: %s)', (isMarked) => {
    const FROM_MS = 100_000;
    const TO_MS = 102_000;

    /** @returns the widths of its buckets */
    function widthsOf(frameOf: (interval: number, isOut: boolean) => Frame): readonly number[] {
      const timeline = new Timeline(100, FEW_BYTES);
      if (isMarked) {
        timeline.mark(400_000);
      }
      for (let interval = 0; interval < 6000; interval++) {
        timeline.add(frameOf(interval, interval * 100 >= FROM_MS && interval * 100 < TO_MS));
      }
      const buckets = timeline.finish();
      return buckets
        .filter(({ startMs, widthMs }) => startMs + widthMs > FROM_MS && startMs < TO_MS)
        .map(({ widthMs }) => widthMs);
    }

    it('keeps its begin and its end when something fails', () => {
      const widths = widthsOf((interval, isOut) => ({
        ...frame(0, interval, 1),
        errors: isOut ? [ERROR] : [],
      }));
      expect(widths.reduce((sum, width) => sum + width, 0)).toBe(TO_MS - FROM_MS);
    });

    it('keeps its begin and its end when only one of two scripts hangs', () => {
      const widths = widthsOf((interval, isOut) => {
        const each = frame(0, interval, 1);
        const [script] = each.scripts;
        const scripts = script === undefined || isOut ? [script] : [script, { ...script, script: 1 }];
        return { ...each, scripts: scripts.filter((one) => one !== undefined) };
      });
      expect(widths.reduce((sum, width) => sum + width, 0)).toBe(TO_MS - FROM_MS);
    });

    it('does not when something fails now and then all the time', () => {
      const widths = widthsOf((interval) => ({
        ...frame(0, interval, 1),
        errors: interval % 2 === 0 ? [ERROR] : [],
      }));
      expect(widths.length).toBeLessThan(20);
    });
  });
});
