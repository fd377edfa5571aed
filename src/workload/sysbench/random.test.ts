import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../random/stream.js';
import { type Draw, gaussian, pareto, special, uniform, zipfian } from './random.js';

const DRAWS: readonly (readonly [string, fc.Arbitrary<Draw>])[] = [
  ['uniform', fc.constant(uniform)],
  ['gaussian', fc.integer({ min: 1, max: 40 }).map(gaussian)],
  [
    'special',
    fc
      .record({
        iterations: fc.integer({ min: 1, max: 40 }),
        percent: fc.integer({ min: 0, max: 100 }),
        reserved: fc.integer({ min: 0, max: 100 }),
      })
      .map(special),
  ],
  ['pareto', fc.double({ min: 0.001, max: 0.999, noNaN: true }).map(pareto)],
  ['zipfian', fc.oneof(fc.constant(1), fc.double({ min: 0, max: 5, noNaN: true })).map(zipfian)],
];

test.each(DRAWS)('%s draws whole numbers of the range, whatever the range', (_name, draws) => {
  const bound = fc.oneof(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }));
  fc.assert(
    fc.property(draws, bound, bound, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (draw, a, b, seed) => {
      const [lower, upper] = [Math.min(a, b), Math.max(a, b)];
      const random = RandomStream.fromSeed(seed);
      for (let i = 0; i < 20; i++) {
        const value = draw(random, lower, upper);
        expect(Number.isInteger(value) && value >= lower && value <= upper).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

/** How far a sample is from the probability of each value from `lower` on, in units of chi squared. */
function distance(draw: Draw, lower: number, probabilities: readonly number[], count = 50_000): number {
  const random = RandomStream.fromSeed(5n);
  const found = new Array<number>(probabilities.length).fill(0);
  for (let i = 0; i < count; i++) {
    const index = draw(random, lower, lower + found.length - 1) - lower;
    found[index] = (found[index] ?? 0) + 1;
  }
  return found.reduce((sum, n, index) => {
    const expected = (probabilities[index] ?? 0) * count;
    return sum + (n - expected) ** 2 / expected;
  }, 0);
}

const VALUES = Array.from({ length: 30 }, (_, index) => index);
/** Of 29 degrees of freedom; one sample in a million is beyond, and this one is always the same. */
const LIMIT = 81;

describe('the shape is that of the formula', () => {
  test('uniform', () => {
    expect(
      distance(
        uniform,
        7,
        VALUES.map(() => 1 / 30),
      ),
    ).toBeLessThan(LIMIT);
  });

  test.each([0.2, 0.5, 0.8])('pareto of %d', (h) => {
    const power = Math.log(h) / Math.log(1 - h);
    const below = (value: number): number => (value / 30) ** (1 / power);
    const probabilities = VALUES.map((value) => below(value + 1) - below(value));
    expect(distance(pareto(h), 1, probabilities)).toBeLessThan(LIMIT);
  });

  test('pareto of 0.2 gives the first fifth four draws of five', () => {
    const random = RandomStream.fromSeed(1n);
    const draw = pareto(0.2);
    const first = Array.from({ length: 20_000 }, () => draw(random, 1, 1000)).filter((n) => n <= 200);
    expect(first.length / 20_000).toBeCloseTo(0.8, 1);
  });

  test.each([0, 0.5, 0.8, 1, 1.3, 2.5])('zipfian of %d', (exponent) => {
    const weights = VALUES.map((value) => (value + 1) ** -exponent);
    const sum = weights.reduce((a, b) => a + b);
    const probabilities = weights.map((weight) => weight / sum);
    expect(distance(zipfian(exponent), 1, probabilities)).toBeLessThan(LIMIT);
  });

  test.each([1, 2, 12])('gaussian of the mean of %d', (iterations) => {
    const { mean, variance } = moments(gaussian(iterations));
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance * iterations * 12).toBeCloseTo(1, 1);
  });

  test('special: three of four in the hot hundredth, the others on the bell', () => {
    const random = RandomStream.fromSeed(9n);
    const draw = special({ iterations: 12, percent: 1, reserved: 75 });
    const values = Array.from({ length: 40_000 }, () => draw(random, 1, 100_000));
    const hot = values.filter((value) => Math.abs(value - 50_000) <= 501);
    // The bell puts 4.8 % of its quarter there, too.
    expect(hot.length / values.length).toBeCloseTo(0.762, 2);
    const others = values.filter((value) => Math.abs(value - 50_000) > 501);
    expect(others.filter((value) => value < 50_000).length / others.length).toBeCloseTo(0.5, 1);
    // The share that chose the middle is used once more: nothing falls into its first quarter.
    expect(values.filter((value) => value > 49_500 && value < 49_740).length / values.length).toBeLessThan(
      0.01,
    );
  });
});

function moments(draw: Draw): { mean: number; variance: number } {
  const random = RandomStream.fromSeed(2n);
  const shares = Array.from({ length: 50_000 }, () => (draw(random, 0, 99_999) + 0.5) / 100_000);
  const mean = shares.reduce((a, b) => a + b) / shares.length;
  return { mean, variance: shares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / shares.length };
}
