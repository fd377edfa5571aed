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

/** With a histogram of some 20 KB. */
function large(frame: Frame): Frame {
  const punctual = Uint32Array.from({ length: 5000 }, (_, index) => (index % 2 === 0 ? index / 2 : 1));
  return { ...frame, scripts: frame.scripts.map((script) => ({ ...script, punctual })) };
}

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
    expect(buckets.length).toBeLessThanOrEqual(20_000);
    expect(acksOf(timeline)).toBe(intervals);
    const near = buckets.filter(
      (bucket) => bucket.startMs > markMs - 20_000 && bucket.startMs < markMs + 60_000,
    );
    expect(new Set(near.map((bucket) => bucket.widthMs))).toEqual(new Set([100]));
    let endMs = 0;
    for (const bucket of buckets) {
      expect(bucket.startMs).toBe(endMs);
      endMs += bucket.widthMs;
    }
    expect(endMs).toBe(intervals * 100);
  });

  it('keeps its size in bytes: the larger the histograms, the sooner it is thinned', () => {
    const timeline = new Timeline(100);
    for (let interval = 0; interval < 6000; interval++) {
      timeline.add(large(frame(0, interval, 1)));
    }
    expect(timeline.finish().length).toBeLessThan(1600);
  });

  it('keeps the resolution of an outage that nobody marked, unless something fails all the time', () => {
    const outageMs = [100_000, 102_000];
    const withOutage = (failsAlways: boolean) => {
      const timeline = new Timeline(100);
      for (let interval = 0; interval < 6000; interval++) {
        const atMs = interval * 100;
        const isOut = atMs >= (outageMs[0] ?? 0) && atMs < (outageMs[1] ?? 0);
        const each = large(frame(0, interval, isOut ? 0 : 1));
        const [script] = each.scripts;
        const scripts =
          isOut && script !== undefined ? [{ ...script, firstAckUs: -1, lastAckUs: -1 }] : each.scripts;
        timeline.add({ ...each, scripts, errors: isOut || failsAlways ? [ERROR] : [] });
      }
      return timeline
        .finish()
        .filter(({ startMs }) => startMs >= (outageMs[0] ?? 0) && startMs < (outageMs[1] ?? 0))
        .map(({ widthMs }) => widthMs);
    };
    expect(withOutage(false)).toEqual(Array(20).fill(100));
    expect(withOutage(true).length).toBeLessThan(10);
  });
});
