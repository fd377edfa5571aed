import { randomOf } from '../analysis/spread.js';
import { blockSeconds, LEAST_BLOCKS } from './block-length.js';
import type { Difference } from './comparison.js';
import { studentLimit } from './student.js';

/** A figure that can be taken over any choice of seconds of a run. */
export interface Sampled {
  /** How many seconds each steady part has, in the order of time; at least one. */
  readonly parts: readonly number[];
  /** The figure of each second alone: by how they follow each other it is told how many hang together. */
  readonly each: readonly number[];
  /** In what a draw has. */
  readonly over: (draw: Draw) => number;
}

/** Blocks of seconds that follow each other: from each start so many, beyond the last second from the first one on. */
export interface Draw {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
}

export interface Ratio {
  readonly verdict: 'better' | 'worse' | 'no_difference' | 'too_few';
  readonly difference: Difference;
  /** Seconds that each of them needs; null unless there were too few. */
  readonly needed: number | null;
}

/**
 * Fewer seconds tell too little of how they vary. In simulations of loads that do not differ (see the test), the interval
 * of 20 seconds that hang together missed 1 in one case of six.
 */
export const LEAST_SECONDS = 30;

/**
 * How a figure of the candidate relates to that of the base: candidate divided by base, with a 95 % interval from a
 * block bootstrap over the seconds of each. The random numbers are always the same.
 *
 * Seconds of a load hang together: what slows one down slows the next one. So not seconds are drawn but blocks of them:
 * the steady parts between faults, where there are enough, since each has a leader and caches of its own; otherwise
 * blocks from any second on, as long as {@link blockSeconds} finds. The interval has the bootstrap's standard error and
 * the width of Student's t for as many values as there are blocks: percentiles of the resamples alone are too narrow
 * where blocks are few.
 * @param base, candidate more than 0 over the whole
 */
export function ratioBetween(base: Sampled, candidate: Sampled, better: 'lower' | 'higher'): Ratio {
  const ratio = wholeOf(candidate) / wholeOf(base);
  if (base.each.length < LEAST_SECONDS || candidate.each.length < LEAST_SECONDS) {
    const difference = { kind: 'ratio', value: ratio, interval: null } as const;
    return { verdict: 'too_few', difference, needed: LEAST_SECONDS };
  }
  const a = errorOf(base, BASE_SEED);
  const b = errorOf(candidate, CANDIDATE_SEED);
  const width = Math.exp(limitOf(a, b) * Math.sqrt(a.variance + b.variance));
  const interval = { from: ratio / width, to: ratio * width };
  const difference = { kind: 'ratio', value: ratio, interval } as const;
  if (interval.from <= 1 && interval.to >= 1) {
    return { verdict: 'no_difference', difference, needed: null };
  }
  return { verdict: ratio > 1 === (better === 'higher') ? 'better' : 'worse', difference, needed: null };
}

/** The figure over all seconds. */
export function wholeOf({ each, over }: Sampled): number {
  return over({ starts: Int32Array.of(0), lengths: Int32Array.of(each.length) });
}

const RESAMPLES = 1000;
const BASE_SEED = 1;
const CANDIDATE_SEED = 2;

interface SamplingError {
  /** Of the figure, relative to it: squared. */
  readonly variance: number;
  readonly blocks: number;
}

function errorOf(sampled: Sampled, seed: number): SamplingError {
  const random = randomOf(seed);
  const { blocks, draw } = drawing(sampled, random);
  const whole = wholeOf(sampled);
  let squares = 0;
  for (let i = 0; i < RESAMPLES; i++) {
    squares += (sampled.over(draw()) / whole - 1) ** 2;
  }
  // Of k values that are drawn from themselves, the variance comes out (k - 1) / k too small.
  return { variance: ((squares / RESAMPLES) * blocks) / (blocks - 1), blocks };
}

interface Drawing {
  readonly blocks: number;
  readonly draw: () => Draw;
}

function drawing({ parts, each }: Sampled, random: () => number): Drawing {
  return parts.length >= LEAST_BLOCKS ? wholeParts(parts, random) : anyBlocks(each, parts.length, random);
}

/** Draws are made again and again in the same arrays. */
function wholeParts(parts: readonly number[], random: () => number): Drawing {
  const begins = parts.map((_, index) => parts.slice(0, index).reduce((sum, part) => sum + part, 0));
  const starts = new Int32Array(parts.length);
  const lengths = new Int32Array(parts.length);
  const draw = () => {
    for (let i = 0; i < starts.length; i++) {
      const part = Math.floor(random() * parts.length);
      starts[i] = begins[part] ?? 0;
      lengths[i] = parts[part] ?? 0;
    }
    return { starts, lengths };
  };
  return { blocks: parts.length, draw };
}

function anyBlocks(each: readonly number[], parts: number, random: () => number): Drawing {
  const seconds = each.length;
  const block = blockSeconds(each, seconds / parts);
  const count = Math.ceil(seconds / block);
  const starts = new Int32Array(count);
  const lengths = new Int32Array(count).fill(block);
  lengths[count - 1] = seconds - (count - 1) * block;
  const draw = () => {
    for (let i = 0; i < count; i++) {
      starts[i] = Math.floor(random() * seconds);
    }
    return { starts, lengths };
  };
  return { blocks: seconds / block, draw };
}

/** Welch's degrees of freedom for two variances of their own. */
function limitOf(a: SamplingError, b: SamplingError): number {
  const sum = a.variance + b.variance;
  const parts = a.variance ** 2 / (a.blocks - 1) + b.variance ** 2 / (b.blocks - 1);
  return parts > 0 ? studentLimit(sum ** 2 / parts) : 0;
}
