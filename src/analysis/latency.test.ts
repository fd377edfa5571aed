import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { HIGHEST_US, IntervalCounts, SIGNIFICANT_DIGITS, type SparseHistogram } from '../histogram.js';
import { LatencySum } from './latency.js';

/** Latencies over all orders of magnitude, not only the large ones that a uniform draw gives. */
const latencies = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })).map(([bits, value]) => {
    return Math.min(value % 2 ** bits, HIGHEST_US);
  }),
  { minLength: 1, maxLength: 400 },
);

function hdrOf(values: readonly number[]) {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    bitBucketSize: 64,
  });
  for (const value of values) {
    histogram.recordValue(value);
  }
  return histogram;
}

function sparseOf(values: readonly number[]): SparseHistogram {
  const counts = new IntervalCounts();
  for (const value of values) {
    counts.record(value);
  }
  return counts.take();
}

describe('LatencySum', () => {
  it('gives the percentiles of an HdrHistogram of the same values, however they were cut into parts', () => {
    fc.assert(
      fc.property(latencies, fc.integer({ min: 1, max: 7 }), (values, parts) => {
        const sum = new LatencySum();
        for (let part = 0; part < parts; part++) {
          const own = values.filter((_, i) => i % parts === part);
          sum.add(sparseOf(own), Math.max(0, ...own));
        }
        const hdr = hdrOf(values);
        const max = Math.max(...values);
        expect(sum.count).toBe(values.length);
        expect(sum.percentiles([500, 900, 950, 990, 999, 1000])).toEqual(
          [50, 90, 95, 99, 99.9, 100].map((p) => Math.min(hdr.getValueAtPercentile(p), max)),
        );
      }),
    );
  });

  it('gives a spectrum that ascends to the maximum, each point the percentile of an HdrHistogram', () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const sum = new LatencySum();
        sum.add(sparseOf(values), Math.max(...values));
        const max = Math.max(...values);
        const { percents, valuesUs } = sum.spectrum() ?? { percents: [], valuesUs: [] };
        expect(valuesUs).toHaveLength(percents.length);
        expect([percents.at(-1), valuesUs.at(-1)]).toEqual([100, max]);
        expect(percents).toEqual([...percents].sort((a, b) => a - b));
        // Below one in `count`, further points would say nothing; five to each halving until there.
        expect(percents.length).toBe(1 + 5 * Math.ceil(Math.log2(values.length)));
        for (const [index, percent] of percents.entries()) {
          const rank = Math.max(1, Math.ceil((values.length * percent) / 100 - 1e-6));
          const exact = [...values].sort((a, b) => a - b)[rank - 1] as number;
          expect(valuesUs[index]).toBe(Math.min(hdrOf([exact]).getValueAtPercentile(50), max));
        }
      }),
    );
  });

  it('gives the mean and deviation of an HdrHistogram, and the exact maximum', () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const sum = new LatencySum();
        sum.add(sparseOf(values), Math.max(...values));
        const hdr = hdrOf(values);
        const summary = sum.summary();
        expect(summary?.maxUs).toBe(Math.max(...values));
        expect(summary?.meanUs).toBeCloseTo(Math.min(hdr.mean, Math.max(...values)), 3);
        expect(summary?.stddevUs).toBeCloseTo(hdr.stdDeviation, 3);
        expect(summary?.minUs).toBeLessThanOrEqual(Math.min(...values));
      }),
    );
  });

  it('has nothing to say about nothing', () => {
    const sum = new LatencySum();
    sum.add(new Uint32Array(0), 0);
    expect(sum.summary()).toBeNull();
    expect(sum.percentiles([500])).toBeNull();
  });

  it('shows no percentile above the longest latency', () => {
    const sum = new LatencySum();
    sum.add(sparseOf([1_000_003]), 1_000_003);
    expect(sum.summary()).toMatchObject({ p50Us: 1_000_003, p999Us: 1_000_003, maxUs: 1_000_003 });
  });

  it('takes the end of the highest bucket where the maximum covers slower ones elsewhere', () => {
    const sum = new LatencySum();
    sum.add(sparseOf([100]), 5000);
    expect(sum.summary()?.maxUs).toBe(100);
  });

  it('starts again from nothing after clear()', () => {
    const sum = new LatencySum();
    sum.add(sparseOf([5, 70_000]), 70_000);
    sum.clear();
    sum.add(sparseOf([9]), 9);
    expect(sum.summary()).toMatchObject({ count: 1, p50Us: 9, maxUs: 9 });
    expect([...sum.sparse()]).toEqual([9, 1]);
  });
});
