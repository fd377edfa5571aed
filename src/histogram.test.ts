import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import {
  BUCKETS,
  bucketOf,
  HIGHEST_US,
  highestOf,
  IntervalCounts,
  lowestOf,
  SIGNIFICANT_DIGITS,
} from './histogram.js';

const micros = fc.oneof(
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  fc.integer({ min: HIGHEST_US - 100_000, max: HIGHEST_US }),
  fc.integer({ min: 0, max: 31 }).map((bits) => 2 ** bits),
  fc.integer({ min: 1, max: 31 }).map((bits) => 2 ** bits - 1),
);

const hdr = build({
  lowestDiscernibleValue: 1,
  highestTrackableValue: HIGHEST_US,
  numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
  // The type of build() is that of all its back ends; the one in JavaScript tells its buckets.
}) as unknown as Record<'lowestEquivalentValue' | 'highestEquivalentValue', (value: number) => number>;

describe('buckets', () => {
  it('are those of an HdrHistogram', () => {
    fc.assert(
      fc.property(micros, (value) => {
        const bucket = bucketOf(value);
        expect(lowestOf(bucket)).toBe(hdr.lowestEquivalentValue(value));
        expect(highestOf(bucket)).toBe(hdr.highestEquivalentValue(value));
      }),
    );
  });

  it('hold their own ends, and cover every value once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: BUCKETS - 2 }), (bucket) => {
        expect(bucketOf(lowestOf(bucket))).toBe(bucket);
        expect(bucketOf(highestOf(bucket))).toBe(bucket);
        expect(lowestOf(bucket + 1)).toBe(highestOf(bucket) + 1);
      }),
    );
  });

  it('clamp what is negative, fractional or longer than an hour', () => {
    expect(bucketOf(-5)).toBe(0);
    expect(bucketOf(7.9)).toBe(7);
    expect(bucketOf(HIGHEST_US * 3)).toBe(BUCKETS - 1);
    expect(bucketOf(Infinity)).toBe(BUCKETS - 1);
  });

  it('are narrow enough for three digits', () => {
    fc.assert(
      fc.property(micros, (value) => {
        const bucket = bucketOf(value);
        expect(highestOf(bucket) - lowestOf(bucket)).toBeLessThanOrEqual(Math.max(0, value) / 1000);
      }),
    );
  });
});

describe('IntervalCounts', () => {
  it('gives back each value once, and nothing of the interval before', () => {
    fc.assert(
      fc.property(fc.array(micros), fc.array(micros), (first, second) => {
        const counts = new IntervalCounts();
        for (const value of first) {
          counts.record(value);
        }
        expect(countsOf(counts.take())).toEqual(expectedCounts(first));
        for (const value of second) {
          counts.record(value);
        }
        expect(countsOf(counts.take())).toEqual(expectedCounts(second));
        expect(counts.take()).toHaveLength(0);
      }),
    );
  });
});

function countsOf(sparse: Uint32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < sparse.length; i += 2) {
    counts.set(sparse[i] as number, sparse[i + 1] as number);
  }
  return counts;
}

function expectedCounts(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) {
    counts.set(bucketOf(value), (counts.get(bucketOf(value)) ?? 0) + 1);
  }
  return counts;
}
