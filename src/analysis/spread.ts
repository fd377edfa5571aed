import type { Spread } from '../result/round.js';

const RESAMPLES = 2000;
/** Below, resamples of so few values say more of chance than of the cluster. */
const LEAST = 5;

/**
 * Min, median and max, with a 95 % interval of the median by percentile bootstrap. The random numbers are always the
 * same: the same values give the same interval, in whatever order they come. Null without any.
 */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = Float64Array.from(values).sort();
  const [min] = sorted;
  if (min === undefined) {
    return null;
  }
  return {
    n: sorted.length,
    min,
    median: medianOf(sorted),
    max: sorted.at(-1) ?? min,
    interval: sorted.length < LEAST ? null : bootstrap(sorted),
  };
}

function bootstrap(values: Float64Array): { readonly from: number; readonly to: number } {
  const random = randomOf(values.length);
  const medians = new Float64Array(RESAMPLES);
  const resample = new Float64Array(values.length);
  for (let i = 0; i < RESAMPLES; i++) {
    for (let k = 0; k < resample.length; k++) {
      resample[k] = values[Math.floor(random() * values.length)] as number;
    }
    medians[i] = medianOf(resample.sort());
  }
  medians.sort();
  const tail = Math.floor(RESAMPLES * 0.025);
  return { from: medians[tail] as number, to: medians[RESAMPLES - 1 - tail] as number };
}

/** @param sorted at least one value, ascending */
export function medianOf(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Uniform in [0, 1): mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
