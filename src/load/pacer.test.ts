import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Stage } from '../plan/plan.js';
import { RandomStream } from '../workload/random/stream.js';
import { Pacer } from './pacer.js';

const stream = (seed: number) => RandomStream.fromSeed(BigInt(seed));

/** Instants in seconds up to `untilS`. */
function instants(pacer: Pacer, untilS = Infinity): number[] {
  const found: number[] = [];
  for (let atUs = pacer.nextUs(); atUs <= untilS * 1e6; atUs = pacer.nextUs()) {
    found.push(atUs / 1e6);
  }
  return found;
}

function countBetween(atS: readonly number[], from: number, to: number): number {
  return atS.filter((at) => at >= from && at < to).length;
}

/** What pgbench's throttle waits, with a mean of so many µs. */
function poissonWait(random: RandomStream, mean: number): number {
  return Math.trunc(-Math.log(1 - random.double()) * mean + 0.5);
}

const fixed = (tps: number): Stage[] => [{ durationMs: null, fromTps: tps, toTps: tps }];

describe('Pacer', () => {
  it("draws the instants of pgbench's throttle for a fixed rate", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), fc.integer({ min: 1, max: 50_000 }), (seed, tps) => {
        const pacer = new Pacer(fixed(tps), 1, 0, stream(seed));
        const random = stream(seed);
        let atUs = 0;
        for (let i = 0; i < 50; i++) {
          atUs += poissonWait(random, 1e6 / tps);
          // The products are rounded differently: now and then by one µs.
          expect(Math.abs(pacer.nextUs() - atUs)).toBeLessThanOrEqual(i + 1);
        }
      }),
    );
  });

  it('never goes back in time and ends with the last stage', () => {
    const stage = fc.record({
      durationMs: fc.integer({ min: 1, max: 5000 }),
      fromTps: fc.double({ min: 0.1, max: 2000, noNaN: true }),
      toTps: fc.double({ min: 0.1, max: 2000, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 5 }), fc.nat(), (stages, seed) => {
        const pacer = new Pacer(stages, 1, 0, stream(seed));
        const atS = instants(pacer, 1e6);
        const endS = stages.reduce((sum, { durationMs }) => sum + durationMs / 1000, 0);
        expect(atS.every((at, i) => at >= (atS[i - 1] ?? 0) && at <= endS + 1e-6)).toBe(true);
        expect(pacer.nextUs()).toBe(Infinity);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the rate of each stage, of a ramp in each part of it', () => {
    const stages = [
      { durationMs: 20_000, fromTps: 200, toTps: 200 },
      { durationMs: 20_000, fromTps: 200, toTps: 2000 },
      { durationMs: 20_000, fromTps: 2000, toTps: 1000 },
    ];
    const atS = instants(new Pacer(stages, 1, 0, stream(7)), 100);
    // Five standard deviations of a Poisson count.
    const expectCount = (from: number, to: number, expected: number) =>
      expect(Math.abs(countBetween(atS, from, to) - expected)).toBeLessThan(5 * Math.sqrt(expected));
    expectCount(0, 20, 4000);
    expectCount(20, 30, 6500);
    expectCount(30, 40, 15_500);
    expectCount(40, 50, 17_500);
    expectCount(50, 60, 12_500);
  });

  it('gives each of several their share, and the first rate to the warm-up', () => {
    const stages = [{ durationMs: 10_000, fromTps: 1000, toTps: 1000 }];
    const half = instants(new Pacer(stages, 0.25, 4_000_000, stream(3)), 100);
    expect(Math.abs(countBetween(half, 0, 4) - 1000)).toBeLessThan(160);
    expect(Math.abs(countBetween(half, 4, 14) - 2500)).toBeLessThan(250);
  });
});
