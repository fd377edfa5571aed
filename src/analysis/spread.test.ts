import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spreadOf } from './spread.js';

const VALUES = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 20 });

describe('a spread', () => {
  it('of nothing is none', () => {
    expect(spreadOf([])).toBeNull();
  });

  it('has an interval from five values on', () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ n: 4, min: 1, median: 2.5, max: 4, interval: null });
    expect(spreadOf([7, 7, 7, 7, 7])?.interval).toEqual({ from: 7, to: 7 });
  });

  it('of five values reaches to both ends, as the chance of three or more of the lowest is 5.8 %', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({
      n: 5,
      min: 1,
      median: 3,
      max: 5,
      interval: { from: 1, to: 5 },
    });
  });

  it('of 99 values has the interval that order statistics give', () => {
    // The 40th and the 60th of 99 enclose the median with 95 %.
    const { interval } = spreadOf(Array.from({ length: 99 }, (_, i) => i + 1)) ?? {};
    expect(interval?.from).toBeGreaterThanOrEqual(38);
    expect(interval?.from).toBeLessThanOrEqual(42);
    expect(interval?.to).toBeGreaterThanOrEqual(58);
    expect(interval?.to).toBeLessThanOrEqual(62);
  });

  it('lies in order, and depends neither on chance nor on the order of the values', () => {
    fc.assert(
      fc.property(VALUES, (values) => {
        const spread = spreadOf(values);
        if (spread === null) {
          throw new Error('there were values');
        }
        const { min, median, max, interval } = spread;
        expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
        expect(interval === null).toBe(values.length < 5);
        const inOrder =
          interval === null ? [min, median, max] : [min, interval.from, median, interval.to, max];
        expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
        expect(values.filter((value) => value <= median).length).toBeGreaterThanOrEqual(values.length / 2);
        expect(values.filter((value) => value >= median).length).toBeGreaterThanOrEqual(values.length / 2);
        expect(spreadOf(values.toReversed())).toEqual(spread);
      }),
      { numRuns: 50 },
    );
  });

  it('encloses the true median of what it was drawn from about as often as it says', () => {
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    let enclosed = 0;
    for (let run = 0; run < 200; run++) {
      const { interval } = spreadOf(Array.from({ length: 15 }, () => random() ** 2)) ?? {};
      enclosed += interval && interval.from <= 0.25 && interval.to >= 0.25 ? 1 : 0;
    }
    // Percentile bootstrap of so few values is a little narrow or wide: 190 of 200 would be exact.
    expect(enclosed).toBeGreaterThan(175);
  });
});
