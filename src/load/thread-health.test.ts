import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, highestOf, IntervalCounts } from '../histogram.js';
import { parseSchedstat, percentileOf, ThreadHealth } from './thread-health.js';

describe('the health of a thread', () => {
  it('tells how late its ticks were since the load began', () => {
    const health = new ThreadHealth('worker 0');
    health.late(90_000);
    health.begin();
    for (let i = 0; i < 99; i++) {
      health.late(100 + i);
    }
    health.late(5000);
    const facts = health.end();
    expect(facts).toMatchObject({ name: 'worker 0', delayP50Us: 149, delayP99Us: 198, delayMaxUs: 5000 });
  });

  it('says nothing of delays where nothing ticked', () => {
    const facts = new ThreadHealth('main').end();
    expect([facts.delayP50Us, facts.delayP99Us, facts.delayMaxUs]).toEqual([null, null, null]);
  });

  it('does not count what comes after the end', () => {
    const health = new ThreadHealth('main');
    health.late(10);
    const facts = health.end();
    health.late(70_000);
    expect(health.end()).toEqual(facts);
  });

  it.runIf(process.platform === 'linux')('tells the CPU of its own thread alone', () => {
    const health = new ThreadHealth('main');
    const before = process.cpuUsage();
    let sum = 0;
    while (process.cpuUsage(before).user < 50_000) {
      sum += Math.sqrt(sum + 1);
    }
    const { cpuMs } = health.end();
    const process_ = process.cpuUsage(before);
    expect(cpuMs).toBeGreaterThan(10);
    expect(cpuMs).toBeLessThanOrEqual((process_.user + process_.system) / 1000 + 10);
  });

  describe('collections of garbage', () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;

    /** Observers are told of them in a later turn. */
    async function collect(count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        gc({ type: 'minor' });
        await new Promise((resolve) => setImmediate(resolve));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }

    it('counts them', async () => {
      const beganMs = performance.now();
      const health = new ThreadHealth('main');
      await collect(5);
      const { gcCount, gcTotalMs, gcMaxMs, gcWatchedMs = 0 } = health.end();
      expect(gcCount).toBeGreaterThanOrEqual(5);
      expect(gcMaxMs).toBeGreaterThan(0);
      expect(gcMaxMs).toBeLessThan(gcTotalMs);
      expect(gcWatchedMs).toBeGreaterThan(gcTotalMs);
      expect(gcWatchedMs).toBeLessThanOrEqual(performance.now() - beganMs);
    });

    it('forgets those before the load', async () => {
      const health = new ThreadHealth('main');
      await collect(5);
      health.begin();
      expect(health.end()).toMatchObject({ gcCount: 0, gcTotalMs: 0, gcMaxMs: 0 });
    });

    it('stops when it has seen many, and watches again when something is about to happen', async () => {
      const beganMs = performance.now();
      const health = new ThreadHealth('main');
      await collect(150);
      health.mark();
      await collect(400);
      health.mark();
      await collect(3);
      const { gcCount, gcWatchedMs = 0 } = health.end();
      // Others may have been made by this test's own garbage.
      expect(gcCount).toBeGreaterThanOrEqual(150 + 200 + 3);
      expect(gcCount).toBeLessThan(150 + 300 + 3);
      expect(gcWatchedMs).toBeLessThan(performance.now() - beganMs);
    });
  });
});

describe('schedstat', () => {
  it('is time on a core, time without one and a number of turns', () => {
    expect(parseSchedstat('556229580 1922721 33\n')).toEqual({ cpuNs: 556_229_580, waitedNs: 1_922_721 });
  });

  it.each(['', '0 0 0\n', 'x 1 2\n', '1 2\n', '1 2 3 4\n'])('says nothing in %j', (text) => {
    expect(parseSchedstat(text)).toBeUndefined();
  });
});

describe('a percentile', () => {
  it('is that of the sorted values, to the width of its bucket', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 10_000_000 }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, share) => {
          const counts = new IntervalCounts();
          for (const value of values) {
            counts.record(value);
          }
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.ceil(share * sorted.length) - 1] as number;
          expect(percentileOf(counts.take(), share)).toBe(highestOf(bucketOf(exact)));
        },
      ),
    );
  });

  it('is none of nothing', () => {
    expect(percentileOf(new Uint32Array(0), 0.5)).toBeNull();
  });
});
