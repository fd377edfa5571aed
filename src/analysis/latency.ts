import { BUCKETS, highestOf, lowestOf, type SparseHistogram } from '../histogram.js';
import type { LatencySummary, Spectrum } from '../result/result.js';

/** Percentiles as whole thousandths, so that ranks are exact in integers: 999 of 1000 is p99.9. */
export type PerMille = 500 | 900 | 950 | 990 | 999 | 1000;

/**
 * A sum of sparse histograms. Percentiles are HdrHistogram's: the highest value that its buckets cannot tell from the
 * one of that rank. The longest latency is known exactly besides, and no figure is above it.
 */
export class LatencySum {
  private readonly counts = new Float64Array(BUCKETS);
  private readonly touched = new Uint32Array(BUCKETS);
  private touchedLength = 0;
  private longestUs = 0;
  private total = 0;

  get count(): number {
    return this.total;
  }

  /** The longest latency, exactly; 0 when nothing was recorded. */
  get maxUs(): number {
    return this.longestUs;
  }

  /** @param maxUs longest latency in it, exactly; absent where only the buckets are known */
  add(histogram: SparseHistogram, maxUs?: number): void {
    let highest = -1;
    for (let i = 0; i < histogram.length; i += 2) {
      const bucket = histogram[i] as number;
      const count = histogram[i + 1] as number;
      const before = this.counts[bucket] as number;
      if (before === 0) {
        this.touched[this.touchedLength++] = bucket;
      }
      this.counts[bucket] = before + count;
      this.total += count;
      highest = Math.max(highest, bucket);
    }
    if (highest >= 0) {
      // A maximum that covers other histograms, too, may lie above this one: the higher bucket's own end bounds it.
      this.longestUs = Math.max(this.longestUs, Math.min(maxUs ?? Infinity, highestOf(highest)));
    }
  }

  /** Empties it for the next sum, at the cost of what was touched. */
  clear(): void {
    for (const bucket of this.touched.subarray(0, this.touchedLength)) {
      this.counts[bucket] = 0;
    }
    this.touchedLength = 0;
    this.longestUs = 0;
    this.total = 0;
  }

  /** Pairs of bucket and count in ascending order. */
  sparse(): SparseHistogram {
    const pairs = new Uint32Array(2 * this.touchedLength);
    let i = 0;
    for (const bucket of this.ascending()) {
      pairs[i++] = bucket;
      pairs[i++] = this.counts[bucket] as number;
    }
    return pairs;
  }

  /** µs, one for each percentile asked, which must ascend; null when nothing was recorded. */
  percentiles(asked: readonly PerMille[]): number[] | null {
    if (this.total === 0) {
      return null;
    }
    const found: number[] = [];
    const ascending = this.ascending();
    let below = 0;
    // Each second of a run, and not by an iterator: it makes an object for each bucket.
    for (let i = 0; i < ascending.length && found.length < asked.length; i++) {
      const bucket = ascending[i] as number;
      below += this.counts[bucket] as number;
      while (found.length < asked.length && below >= this.rank(asked[found.length] as PerMille)) {
        found.push(Math.min(highestOf(bucket), this.longestUs));
      }
    }
    return found;
  }

  /** The whole distribution; null when nothing was recorded. */
  spectrum(): Spectrum | null {
    if (this.total === 0) {
      return null;
    }
    const percents = percentsOf(this.total);
    const valuesUs: number[] = [];
    let below = 0;
    for (const bucket of this.ascending()) {
      below += this.counts[bucket] as number;
      while (valuesUs.length < percents.length && below >= this.rankOf(percents[valuesUs.length] as number)) {
        valuesUs.push(Math.min(highestOf(bucket), this.longestUs));
      }
    }
    return { percents, valuesUs };
  }

  summary(): LatencySummary | null {
    const percentiles = this.percentiles([500, 900, 950, 990, 999]);
    if (percentiles === null) {
      return null;
    }
    const [p50Us, p90Us, p95Us, p99Us, p999Us] = percentiles as [number, number, number, number, number];
    const { minUs, meanUs, stddevUs } = this.moments();
    return {
      count: this.total,
      minUs,
      meanUs,
      stddevUs,
      p50Us,
      p90Us,
      p95Us,
      p99Us,
      p999Us,
      maxUs: this.longestUs,
    };
  }

  private rank(perMille: PerMille): number {
    return Math.max(1, Math.ceil((this.total * perMille) / 1000));
  }

  private rankOf(percent: number): number {
    // What 99.9 % of 1000 is must not become 1000 by the last bit.
    return Math.min(this.total, Math.max(1, Math.ceil((this.total * percent) / 100 - 1e-6)));
  }

  /** From the middle of each bucket, as HdrHistogram does. */
  private moments(): { minUs: number; meanUs: number; stddevUs: number } {
    const buckets = this.ascending();
    let sum = 0;
    for (const bucket of buckets) {
      sum += middleOf(bucket) * (this.counts[bucket] as number);
    }
    const mean = sum / this.total;
    let squares = 0;
    for (const bucket of buckets) {
      squares += (middleOf(bucket) - mean) ** 2 * (this.counts[bucket] as number);
    }
    return {
      minUs: lowestOf(buckets[0] ?? 0),
      meanUs: Math.min(mean, this.longestUs),
      stddevUs: Math.sqrt(squares / this.total),
    };
  }

  private ascending(): Uint32Array {
    return this.touched.subarray(0, this.touchedLength).sort();
  }
}

/** Of each halving of the distance to 100 %. */
const POINTS = 5;

/** Up to where a single latency among `count` stands, and 100. */
function percentsOf(count: number): number[] {
  const percents: number[] = [];
  for (let distance = 100; distance * count > 100; distance /= 2) {
    for (let point = 0; point < POINTS; point++) {
      percents.push(100 - distance * (1 - point / (2 * POINTS)));
    }
  }
  return [...percents, 100];
}

function middleOf(bucket: number): number {
  const lowest = lowestOf(bucket);
  return lowest + Math.floor((highestOf(bucket) - lowest + 1) / 2);
}
