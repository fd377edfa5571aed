import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomOf } from '../analysis/spread.js';
import { boundingRank, rankTest } from './rank-test.js';

import { shiftBetween } from './shift.js';

/*
 * Golden values: R 4.2.2, wilcox.test(candidate, base, exact = TRUE, conf.int = TRUE), for `large` with exact = FALSE,
 * correct = TRUE; with ties scipy 1.17, permutation_test(n_resamples = inf) of the ranks' sum.
 */
const APART = {
  candidate: [2.9, 3.4, 2.1, 4.0, 3.3, 2.8, 3.1],
  base: [20.1, 21.3, 19.8, 22.4, 20.9, 23.0, 18.7],
};
const CLOSE = {
  candidate: [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3],
  base: [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06001, 3.14, 1.2901],
};
const UNEQUAL = {
  candidate: [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46],
  base: [1.15, 0.88, 0.9, 0.74, 1.21],
};
const LARGE = {
  candidate: Array.from({ length: 60 }, (_, i) => (((i + 1) * 37) % 101) + (i + 1) / 1000),
  base: Array.from({ length: 70 }, (_, i) => (((i + 1) * 53) % 97) + 9 + (i + 1) / 777),
};

describe('shiftBetween', () => {
  it.each([
    ['far apart', APART, 0.000582750582750583, -17.8, -19.5, -16.4],
    ['close', CLOSE, 0.135911147675854, 0.56, -0.37, 1.183],
    ['of unequal size', UNEQUAL, 0.254412254412254, 0.305, -0.15, 0.76],
    ['of four', { candidate: [1, 2, 3, 4], base: [5, 6, 7, 8.5] }, 0.0285714285714286, -4, -7.5, -1],
    ['that cross', { candidate: [1, 2, 3, 7], base: [5, 6, 7.5, 8.5] }, 0.114285714285714, -4, -7.5, 2],
  ])('has the figures of R for samples %s', (_, { base, candidate }, p, shift, from, to) => {
    const found = shiftBetween(base, candidate, true);
    expect(found.p).toBeCloseTo(p, 12);
    expect(found.shift).toBeCloseTo(shift, 12);
    expect(found.interval?.from).toBeCloseTo(from, 12);
    expect(found.interval?.to).toBeCloseTo(to, 12);
  });

  it('has them for samples that are too large for the exact distribution', () => {
    const { base, candidate } = LARGE;
    const found = shiftBetween(base, candidate, true);
    expect(found.p).toBeCloseTo(0.353914225071613, 6);
    // median(outer(candidate, base, "-")); R itself searches for where its normal approximation turns, 0.002 beside it.
    expect(found.shift).toBeCloseTo(-4.98360553410553, 10);
    expect(found.interval?.from).toBeCloseTo(-15.015, 2);
    expect(found.interval?.to).toBeCloseTo(5.966, 2);
  });

  it('is better or worse by what of it is good', () => {
    const { base, candidate } = APART;
    expect(shiftBetween(base, candidate, true).verdict).toBe('better');
    expect(shiftBetween(base, candidate, false).verdict).toBe('worse');
    expect(shiftBetween(candidate, base, true).verdict).toBe('worse');
    expect(shiftBetween(candidate, base, false).verdict).toBe('better');
    expect(shiftBetween(CLOSE.base, CLOSE.candidate, true).verdict).toBe('no_difference');
  });

  it('says that there are too few where no outcome of so many could tell', () => {
    expect(shiftBetween([1, 2, 3], [10, 11, 12], true)).toEqual({
      verdict: 'too_few',
      shift: 9,
      interval: null,
      p: null,
      needed: 6,
    });
    expect(shiftBetween([1, 2, 3], [10, 11, 12, 13], true).verdict).toBe('too_few');
    expect(shiftBetween([1, 2, 3], [10, 11, 12, 13, 14], true).verdict).toBe('worse');
    expect(shiftBetween([1, 2, 3, 4], [10, 11, 12, 13], true).verdict).toBe('worse');
    expect(shiftBetween([5], [1], true)).toMatchObject({ verdict: 'too_few', shift: -4, needed: 6 });
    expect(shiftBetween([5], [5], true)).toMatchObject({ verdict: 'too_few', shift: 0, needed: 4 });
  });

  it('needs the more values the less they differ', () => {
    // Noether's formula by hand: (1.96 + 0.8416)² / (6 × (P - ½)²), P = 8/9 and 5/9.
    expect(shiftBetween([1, 2, 4], [3, 5, 6], true).needed).toBe(9);
    expect(shiftBetween([1, 3, 5], [2, 4, 4.5], true).needed).toBe(424);
  });

  it('sees no difference in what is all the same', () => {
    const zeros = [0, 0, 0, 0, 0];
    expect(shiftBetween(zeros, zeros, true)).toEqual({
      verdict: 'no_difference',
      shift: 0,
      interval: { from: 0, to: 0 },
      p: 1,
      needed: null,
    });
  });

  it('refuses to tell of nothing', () => {
    expect(() => shiftBetween([], [1], true)).toThrow();
    expect(() => shiftBetween([1], [], true)).toThrow();
  });
});

describe('rankTest', () => {
  it.each([
    [[0, 0, 0, 0, 12, 15, 9], [0, 7, 21, 14, 12, 30, 18], 0.06993006993006994],
    [[1, 1, 2, 2, 3], [2, 3, 3, 4, 4], 0.07936507936507936],
    [[0, 0, 0, 0], [0, 5, 5, 5], 0.14285714285714285],
    [[1, 2, 2, 9], [1, 1, 1, 1, 2, 3], 0.3333333333333333],
  ])('counts every way to deal out ranks with ties: %j against %j', (a, b, p) => {
    expect(rankTest(a, b)).toBeCloseTo(p, 12);
    expect(rankTest(b, a)).toBeCloseTo(p, 12);
  });

  it('corrects the approximation for ties', () => {
    const coarse = (values: readonly number[]) => values.map((value) => Math.floor(value / 10));
    // wilcox.test(exact = FALSE, correct = TRUE)
    expect(rankTest(coarse(LARGE.candidate), coarse(LARGE.base))).toBeCloseTo(0.35886960055747, 6);
    expect(rankTest(Array(60).fill(1), Array(60).fill(1))).toBe(1);
  });
});

describe('boundingRank', () => {
  it.each([
    // R: qwilcox(0.025, n, m)
    [3, 3, 0],
    [3, 5, 1],
    [4, 4, 1],
    [2, 8, 1],
    [5, 5, 3],
    [7, 7, 9],
    [10, 12, 30],
    [49, 49, 925],
  ])('is that of R for %i and %i values', (n, m, rank) => {
    expect(boundingRank(n, m)).toBe(rank);
    expect(boundingRank(m, n)).toBe(rank);
  });

  it('is approximated from below where there are many', () => {
    // R: 1681, 4198 and 3620
    expect(boundingRank(60, 70)).toBe(1680);
    expect(boundingRank(100, 100)).toBe(4197);
    expect(boundingRank(11, 1000)).toBe(3612);
    expect(boundingRank(1, 1000)).toBe(0);
  });
});

const sample = (minLength: number) => fc.array(fc.integer({ min: 0, max: 50 }), { minLength, maxLength: 9 });

describe('a shift', () => {
  it('is the opposite the other way round', () => {
    fc.assert(
      fc.property(sample(4), sample(4), (a, b) => {
        const there = shiftBetween(a, b, true);
        const back = shiftBetween(b, a, true);
        const opposite = { better: 'worse', worse: 'better' } as const;
        expect(back.shift).toBeCloseTo(-there.shift, 12);
        expect(back.p).toBeCloseTo(there.p ?? Number.NaN, 12);
        expect(back.interval?.from).toBeCloseTo(-(there.interval?.to ?? Number.NaN), 12);
        expect(back.verdict).toBe(
          there.verdict === 'better' || there.verdict === 'worse' ? opposite[there.verdict] : there.verdict,
        );
      }),
    );
  });

  it('moves with the values, grows with them, and does not ask for their order', () => {
    fc.assert(
      fc.property(sample(1), sample(1), fc.integer({ min: -100, max: 100 }), (a, b, by) => {
        const here = shiftBetween(a, b, true);
        expect(
          shiftBetween(
            a,
            b.map((value) => value + by),
            true,
          ).shift,
        ).toBe(here.shift + by);
        expect(
          shiftBetween(
            a.map((value) => value + by),
            b.map((value) => value + by),
            true,
          ),
        ).toEqual(here);
        expect(
          shiftBetween(
            a.toReversed(),
            b.toSorted((x, y) => x - y),
            true,
          ),
        ).toEqual(here);
        const doubled = shiftBetween(
          a.map((value) => 2 * value),
          b.map((value) => 2 * value),
          true,
        );
        expect(doubled).toMatchObject({ shift: 2 * here.shift, p: here.p, verdict: here.verdict });
      }),
    );
  });

  it('lies in its interval, and without ties the test agrees with it', () => {
    const distinct = fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 8, maxLength: 16 });
    fc.assert(
      fc.property(distinct, (values) => {
        const [a, b] = [values.slice(0, 4), values.slice(4)];
        const { shift, interval, p, verdict } = shiftBetween(a, b, true);
        const [from, to] = [interval?.from ?? Number.NaN, interval?.to ?? Number.NaN];
        expect(from).toBeLessThanOrEqual(shift);
        expect(to).toBeGreaterThanOrEqual(shift);
        expect((p ?? 1) < 0.05).toBe(from > 0 || to < 0);
        expect(verdict === 'no_difference').toBe(from <= 0 && to >= 0);
      }),
    );
  });

  it.each([
    ['without ties', 0, 7, 7],
    ['with many', 1, 7, 7],
    ['of unequal numbers', 0, 5, 12],
    ['of very few', 0, 4, 4],
  ])('is missed by its interval in no more than one case of twenty, %s', (_, grain, n, m) => {
    const TRIES = 2000;
    const random = randomOf(7);
    // Skewed, as downtimes are: ttl and the timing of checks make a long tail.
    const draw = () => -Math.log(1 - random());
    const rounded = (value: number) => (grain === 0 ? value : Math.round(value / grain) * grain);
    let missed = 0;
    let told = 0;
    for (let i = 0; i < TRIES; i++) {
      const base = Array.from({ length: n }, () => rounded(draw()));
      const same = Array.from({ length: m }, () => rounded(draw()));
      const shifted = shiftBetween(
        base,
        same.map((value) => value + 2),
        true,
      );
      missed += (shifted.interval?.from ?? 3) > 2 || (shifted.interval?.to ?? 1) < 2 ? 1 : 0;
      told += shiftBetween(base, same, true).verdict === 'no_difference' ? 0 : 1;
    }
    // 5 %, and three standard deviations of so many tries.
    expect(missed / TRIES).toBeLessThan(0.065);
    expect(told / TRIES).toBeLessThan(0.065);
  });
});
