import { highestOf } from '../histogram.js';
import type { Draw, Sampled } from './bootstrap.js';
import type { LatencySecond } from './latency-log.js';
import type { Second } from './steady.js';

/** Throughput per second. @param parts seconds of each steady part, at least one */
export function throughputOf(parts: readonly (readonly Second[])[]): Sampled {
  const seconds = parts.flat();
  const acks = new Sums(seconds.map((second) => second.acks));
  const lengths = new Sums(seconds.map((second) => second.lengthMs));
  return {
    parts: lengthsOf(parts),
    each: seconds.map((second) => (1000 * second.acks) / second.lengthMs),
    over: (draw) => (1000 * acks.over(draw)) / lengths.over(draw),
  };
}

/**
 * A percentile of the latencies of all seconds together, µs: of their merged histograms, never from percentiles of
 * seconds. As in a result, it is the highest value of the bucket that holds its rank.
 * @param parts seconds of each steady part, at least one
 */
export function percentileOf(parts: readonly (readonly LatencySecond[])[], percent: 50 | 99): Sampled {
  const seconds = parts.flat();
  const counts = new Sums(seconds.map(({ upTo }) => upTo.at(-1) ?? 0));
  const buckets = Uint32Array.from(new Set(seconds.flatMap((second) => [...second.buckets]))).sort();
  // A resample asks for some ten of thousands of buckets, and the next one for nearly the same.
  const sums = new Map<number, Sums>();
  const sumsUpTo = (bucket: number): Sums => {
    const known = sums.get(bucket) ?? new Sums(seconds.map((second) => countUpTo(second, bucket)));
    sums.set(bucket, known);
    return known;
  };
  return {
    parts: lengthsOf(parts),
    each: seconds.map((second) => percentileAlone(second, percent)),
    over: (draw) => {
      const rank = rankOf(counts.over(draw), percent);
      let low = 0;
      let high = buckets.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sumsUpTo(buckets[middle] ?? 0).over(draw) >= rank) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      return highestOf(buckets[low] ?? 0);
    },
  };
}

function lengthsOf(parts: readonly (readonly unknown[])[]): readonly number[] {
  return parts.map((part) => part.length).filter((length) => length > 0);
}

function rankOf(count: number, percent: number): number {
  return Math.max(1, Math.ceil((count * percent) / 100));
}

function percentileAlone({ buckets, upTo }: LatencySecond, percent: number): number {
  const rank = rankOf(upTo.at(-1) ?? 0, percent);
  return highestOf(buckets[upTo.findIndex((sum) => sum >= rank)] ?? 0);
}

/** Latencies in the bucket and all below it. */
function countUpTo({ buckets, upTo }: LatencySecond, bucket: number): number {
  let low = 0;
  let high = buckets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((buckets[middle] as number) <= bucket) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low === 0 ? 0 : (upTo[low - 1] as number);
}

/** Values of seconds, summed up so that a block costs one subtraction; twice over, since blocks go round the end. */
class Sums {
  private readonly upTo: Float64Array;

  constructor(values: readonly number[]) {
    this.upTo = new Float64Array(2 * values.length + 1);
    for (let i = 0; i < 2 * values.length; i++) {
      this.upTo[i + 1] = (this.upTo[i] as number) + (values[i % values.length] as number);
    }
  }

  over({ starts, lengths }: Draw): number {
    let sum = 0;
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i] as number;
      sum += (this.upTo[start + (lengths[i] as number)] as number) - (this.upTo[start] as number);
    }
    return sum;
  }
}
