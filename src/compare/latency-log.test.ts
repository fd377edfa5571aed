import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { build, HistogramLogReader, HistogramLogWriter } from 'hdr-histogram-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { histogramLog } from '../analysis/hlog.js';
import { LatencySum } from '../analysis/latency.js';
import { sampleOf } from '../analysis/sample.fixture.js';
import { bucketOf, HIGHEST_US } from '../histogram.js';
import { wholeOf } from './bootstrap.js';
import { type LatencySecond, latencySeconds, parseLatencyLog } from './latency-log.js';
import { percentileOf } from './sampled.js';

const ALL = [{ fromMs: 0, toMs: Infinity }];
const STARTED = '2025-11-23T14:56:01.250Z';
const STARTED_MS = Date.parse(STARTED);

function logOf(sample: string): string {
  return histogramLog(sampleOf(sample).recording, 'response', STARTED);
}

function countOf(seconds: readonly LatencySecond[]): number {
  return seconds.reduce((sum, { upTo }) => sum + (upTo.at(-1) ?? 0), 0);
}

/** A log of one histogram, as another tool would write it. */
function foreignLog(values: readonly number[], digits: 1 | 3 = 3): string {
  const lines: string[] = [`#[StartTime: ${STARTED_MS / 1000} (seconds since epoch)]\n`];
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: digits,
    bitBucketSize: 64,
  });
  for (const value of values) {
    histogram.recordValue(value);
  }
  new HistogramLogWriter((line) => lines.push(line)).outputIntervalHistogram(histogram, 3, 4, 1000);
  return lines.join('');
}

describe('parseLatencyLog', () => {
  it('has what hdr-histogram-js reads of it, second by second', () => {
    const text = logOf('switchover');
    const [seconds = []] = parseLatencyLog(text, STARTED_MS, ALL);
    const reader = new HistogramLogReader(text);
    let at = 0;
    for (let line = reader.nextIntervalHistogram(); line; line = reader.nextIntervalHistogram()) {
      const second = seconds[at++] as LatencySecond;
      expect(second.upTo.at(-1)).toBe(line.totalCount);
      expect(wholeOf(percentileOf([[second]], 50))).toBe(line.getValueAtPercentile(50));
      expect(wholeOf(percentileOf([[second]], 99))).toBe(line.getValueAtPercentile(99));
    }
    expect(at).toBe(seconds.length);
  });

  it('adds up to the totals of the run, of all scripts', () => {
    for (const sample of ['switchover', 'a mix of eleven scripts']) {
      const { response } = sampleOf(sample).result.totals;
      const [seconds = []] = parseLatencyLog(logOf(sample), STARTED_MS, ALL);
      expect(seconds.length).toBeGreaterThan(30);
      expect(seconds.length).toBeLessThanOrEqual(41);
      expect(countOf(seconds)).toBe(response?.count);
      expect(wholeOf(percentileOf([seconds], 50))).toBe(response?.p50Us);
      expect(wholeOf(percentileOf([seconds], 99))).toBe(response?.p99Us);
    }
  });

  it('takes the seconds that lie wholly in the spans', () => {
    const text = logOf('switchover');
    const take = (fromMs: number, toMs: number) => parseLatencyLog(text, STARTED_MS, [{ fromMs, toMs }])[0];
    expect(take(3000, 8000)).toHaveLength(5);
    expect(take(2900, 8100)).toHaveLength(5);
    expect(take(3100, 7900)).toHaveLength(3);
    const spans = [
      { fromMs: 3000, toMs: 5000 },
      { fromMs: 9000, toMs: 10_000 },
    ];
    expect(parseLatencyLog(text, STARTED_MS, spans).map((part) => part.length)).toEqual([2, 1]);
  });

  it('reads counts and gaps of any size', () => {
    const values = fc.array(fc.integer({ min: 1, max: HIGHEST_US }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 300 }), (some, times) => {
        const all = [...some, ...Array<number>(times).fill(some[0] ?? 1)];
        const [[second] = []] = parseLatencyLog(foreignLog(all), STARTED_MS, ALL);
        const expected = new Map<number, number>();
        for (const value of all) {
          expected.set(bucketOf(value), (expected.get(bucketOf(value)) ?? 0) + 1);
        }
        let sum = 0;
        for (const [bucket, count] of [...expected].sort(([a], [b]) => a - b)) {
          const index = second?.buckets.indexOf(bucket) ?? -1;
          sum += count;
          expect(second?.upTo[index]).toBe(sum);
        }
        expect(second?.buckets).toHaveLength(expected.size);
      }),
      { numRuns: 100 },
    );
  });

  it('takes no other log for its own', () => {
    const text = logOf('switchover');
    expect(() => parseLatencyLog(text, STARTED_MS + 1000, ALL)).toThrow('it is the log of another run');
    expect(() => parseLatencyLog('', STARTED_MS, ALL)).toThrow('it is the log of another run');
    expect(() => parseLatencyLog(foreignLog([1, 2, 3], 1), STARTED_MS, ALL)).toThrow('no log of pgha-bench');
    const broken = foreignLog([1, 2, 3]).replace(',HIST', ',LIST');
    expect(() => parseLatencyLog(broken, STARTED_MS, ALL)).toThrow('no log of pgha-bench');
  });
});

describe('latencySeconds', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pgha-bench-log-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('reads the log beside a result, or says why it cannot', async () => {
    const { result } = sampleOf('switchover');
    const named = { name: 'it', directory, result };
    const missing = async (what = named as Parameters<typeof latencySeconds>[0]) => {
      const found = await latencySeconds(what, ALL);
      return 'missing' in found ? found.missing.replace(directory, '.') : null;
    };
    expect(await missing({ ...named, directory: null })).toMatch(/were not kept$/);
    expect(await missing()).toBe(
      './response.hlog is not there, which holds the response times by the second',
    );
    await writeFile(join(directory, 'response.hlog'), 'what is this');
    expect(await missing()).toBe('./response.hlog cannot be read (it is the log of another run)');
    await writeFile(join(directory, 'response.hlog'), logOf('switchover'));
    expect(await missing()).toBeNull();
  });
});

describe('percentileOf', () => {
  it('is that of the merged histograms, for whatever seconds are drawn', () => {
    const one = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 0, maxLength: 40 });
    const seconds = fc.array(one, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(seconds, fc.nat(), fc.nat(), (values, a, b) => {
        values[0]?.push(77);
        const starts = Int32Array.of(a % values.length, b % values.length, 0);
        const block = 1 + (a % values.length);
        const drawn = [...starts].flatMap((start, index) =>
          Array.from({ length: index < 2 ? block : 1 }, (_, i) => values[(start + i) % values.length] ?? []),
        );
        const sum = new LatencySum();
        for (const value of drawn.flat()) {
          sum.add(Uint32Array.of(bucketOf(value), 1));
        }
        const sampled = percentileOf([values.map(secondOf)], 99);
        expect(sampled.over({ starts, lengths: Int32Array.of(block, block, 1) })).toBe(
          sum.percentiles([990])?.[0],
        );
      }),
    );
  });
});

function secondOf(values: readonly number[]): LatencySecond {
  const counts = new Map<number, number>();
  for (const value of values) {
    counts.set(bucketOf(value), (counts.get(bucketOf(value)) ?? 0) + 1);
  }
  const buckets = Uint32Array.from(counts.keys()).sort();
  let sum = 0;
  return {
    buckets,
    upTo: Float64Array.from(buckets, (bucket) => {
      sum += counts.get(bucket) ?? 0;
      return sum;
    }),
  };
}
