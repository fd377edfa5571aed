import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockOffsetEstimator } from './clock-offset.js';

/** What is asked at `at`, arrives after `there` ms and comes back after `back` ms. */
interface RoundTrip {
  readonly at: number;
  readonly there: number;
  readonly back: number;
}

const EPOCH_MS = 1_700_000_000_000;
const roundTrip = fc.record({
  at: fc.double({ min: 0, max: 1e6, noNaN: true }),
  there: fc.double({ min: 0, max: 500, noNaN: true }),
  back: fc.double({ min: 0, max: 500, noNaN: true }),
});
const offset = fc.double({ min: -1e5, max: 1e5, noNaN: true });

function add(estimator: ClockOffsetEstimator, { at, there, back }: RoundTrip, offsetMs: number): void {
  const asked = EPOCH_MS + at;
  // As PostgreSQL does it: whole µs.
  const server = Math.floor((asked + there + offsetMs) * 1000) / 1000;
  estimator.add(asked, asked + there + back, server);
}

describe('the offset of a clock', () => {
  it('is the difference, to within half the round trip', () => {
    const estimator = new ClockOffsetEstimator('n1');
    estimator.add(1000, 1010, 6005);
    expect(estimator.offset()).toEqual({
      host: 'n1',
      offsetMs: 5000,
      uncertaintyMs: expect.closeTo(5, 2) as number,
    });
  });

  it('holds the truth whatever way the delays lie, and is no worse than the best round trip', () => {
    fc.assert(
      fc.property(fc.array(roundTrip, { minLength: 1 }), offset, (trips, truth) => {
        const estimator = new ClockOffsetEstimator('n1');
        for (const trip of trips) {
          add(estimator, trip, truth);
        }
        const found = estimator.offset();
        const best = Math.min(...trips.map(({ there, back }) => there + back));
        // Doubles of epoch ms are exact to some 0.0002 ms.
        expect(Math.abs((found?.offsetMs ?? Number.NaN) - truth)).toBeLessThan(
          (found?.uncertaintyMs ?? 0) + 0.001,
        );
        expect(found?.uncertaintyMs).toBeLessThan(best / 2 + 0.002);
      }),
    );
  });

  it('spans both when the clock was set', () => {
    fc.assert(
      fc.property(fc.array(roundTrip, { minLength: 2 }), offset, offset, (trips, before, after) => {
        const estimator = new ClockOffsetEstimator('n1');
        const half = Math.ceil(trips.length / 2);
        trips.forEach((trip, index) => {
          add(estimator, trip, index < half ? before : after);
        });
        const { offsetMs, uncertaintyMs } = estimator.offset() ?? { offsetMs: 0, uncertaintyMs: 0 };
        // A step within the bounds of all round trips is not to be told from none.
        const worst = Math.max(...trips.map(({ there, back }) => there + back));
        fc.pre(Math.abs(before - after) > 2 * worst + 1);
        for (const truth of [before, after]) {
          expect(Math.abs(offsetMs - truth)).toBeLessThan(uncertaintyMs + 0.001);
        }
      }),
    );
  });

  it('is unknown without an answer', () => {
    expect(new ClockOffsetEstimator('n1').offset()).toBeNull();
  });
});
