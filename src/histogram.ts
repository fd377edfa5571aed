/**
 * Latencies are counted in the buckets of an HdrHistogram with 3 significant digits for values of 1 µs … 1 h, so
 * that what is recorded here adds up without loss with what any HdrHistogram tool reads.
 * Layout: HdrHistogram's `countsArrayIndex` (hdrhistogram.org, class comment of AbstractHistogram), with unit 1 and
 * 2048 sub-buckets.
 */

/** Values are clamped to this, 1 h in µs. */
export const HIGHEST_US = 3_600_000_000;

/** Significant decimal digits of a bucket. */
export const SIGNIFICANT_DIGITS = 3;

const HALF_BITS = 10;
const HALF = 1 << HALF_BITS;
const SUB_BUCKET_MASK = 2 * HALF - 1;

/**
 * Counts in buckets: pairs of bucket index and count, each index once, in no order. Plain data for frames.
 */
export type SparseHistogram = Uint32Array;

/** One for all that is empty: each would take some 200 bytes, and of the histograms of a run most are. */
export const NO_COUNTS: SparseHistogram = new Uint32Array(0);

/** Index of the bucket of a value in µs. Negative values count as 0. */
export function bucketOf(valueUs: number): number {
  let value = 0;
  if (valueUs >= HIGHEST_US) {
    value = HIGHEST_US;
  } else if (valueUs > 0) {
    value = valueUs >>> 0;
  }
  const shift = 21 - Math.clz32(value | SUB_BUCKET_MASK);
  return (shift << HALF_BITS) + (value >>> shift);
}

/** How many buckets there are: one more than the index of the highest value. */
export const BUCKETS = bucketOf(HIGHEST_US) + 1;

/** The smallest value that falls into a bucket, µs. */
export function lowestOf(bucket: number): number {
  const shift = shiftOf(bucket);
  return (bucket - (shift << HALF_BITS)) * 2 ** shift;
}

/** The largest value that falls into a bucket, µs. */
export function highestOf(bucket: number): number {
  return lowestOf(bucket) + 2 ** shiftOf(bucket) - 1;
}

function shiftOf(bucket: number): number {
  return Math.max(0, (bucket >>> HALF_BITS) - 1);
}

/**
 * Counts that are taken out and cleared once per interval. Recording costs two array writes and allocates nothing;
 * taking costs in proportion to the buckets that were touched.
 */
export class IntervalCounts {
  private readonly counts = new Uint32Array(BUCKETS);
  private readonly touched = new Uint32Array(BUCKETS);
  private touchedLength = 0;

  get empty(): boolean {
    return this.touchedLength === 0;
  }

  record(valueUs: number): void {
    this.count(bucketOf(valueUs), 1);
  }

  /** Adds what was taken elsewhere. */
  add(sparse: SparseHistogram): void {
    for (let i = 0; i < sparse.length; i += 2) {
      this.count(sparse[i] as number, sparse[i + 1] as number);
    }
  }

  private count(bucket: number, by: number): void {
    const count = this.counts[bucket] as number;
    if (count === 0) {
      this.touched[this.touchedLength++] = bucket;
    }
    this.counts[bucket] = count + by;
  }

  take(): SparseHistogram {
    if (this.touchedLength === 0) {
      return NO_COUNTS;
    }
    const taken = new Uint32Array(2 * this.touchedLength);
    for (let i = 0; i < this.touchedLength; i++) {
      const bucket = this.touched[i] as number;
      taken[2 * i] = bucket;
      taken[2 * i + 1] = this.counts[bucket] as number;
      this.counts[bucket] = 0;
    }
    this.touchedLength = 0;
    return taken;
  }
}
