import type { RandomStream } from '../random/stream.js';

/**
 * sysbench's distributions (`--rand-type`) of whole numbers, drawn from a client's own stream. They have sysbench's
 * formulas; the numbers are others, since sysbench seeds its threads another way.
 */

/** Draws an integer in [lower, upper]; both are ≥ 0 and lower ≤ upper. */
export type Draw = (random: RandomStream, lower: number, upper: number) => number;

/** Each value as likely as any other. */
export const uniform: Draw = (random, lower, upper) => random.range(lower, upper);

/** The mean of so many uniform values: a bell around the middle, the narrower the more of them. */
export function gaussian(iterations: number): Draw {
  return (random, lower, upper) => lower + Math.floor(meanOf(random, iterations) * (upper - lower + 1));
}

export interface Special {
  /** Uniform values of which the bell is the mean. */
  readonly iterations: number;
  /** Width of the middle part where most values fall, in % of the range. */
  readonly percent: number;
  /** How many values fall there, in %; the others are on the bell. */
  readonly reserved: number;
}

/** A few hot rows in the middle, and a bell around them: what sysbench 1.0 draws by default. */
export function special({ iterations, percent, reserved }: Special): Draw {
  const bellShare = (100 - reserved) / 100;
  return (random, lower, upper) => {
    const span = upper - lower;
    const share = random.double();
    // With a single value sysbench never takes the bell; the value is the same.
    if (share < bellShare && span > 0) {
      return lower + Math.floor(meanOf(random, iterations) * span);
    }
    // sysbench uses the share once more, so only its upper part falls into the hot middle.
    const width = (span * percent) / 100;
    return lower + Math.floor(share * (width + 1) + (span - width) / 2);
  };
}

/** Pareto: the share `h` of the values takes the share 1 - h of the draws, small values first. @param h 0 < h < 1 */
export function pareto(h: number): Draw {
  const power = Math.log(h) / Math.log(1 - h);
  return (random, lower, upper) => lower + Math.floor((upper - lower + 1) * random.double() ** power);
}

/**
 * Zipf: the value of rank k, `lower` being the first, with a probability proportional to k^-exponent; of any exponent
 * ≥ 0. Rejection-inversion of Hörmann and Derflinger, ACM TOMACS 6 (1996) 169: the hat is the integral of x^-exponent.
 */
export function zipfian(exponent: number): Draw {
  const q = 1 - exponent;
  const integral = (x: number): number => (q === 0 ? Math.log(x) : Math.expm1(q * Math.log(x)) / q);
  const inverse = (y: number): number => Math.exp(q === 0 ? y : Math.log1p(Math.max(-1, q * y)) / q);
  const least = integral(1.5) - 1;
  // Up to this distance to the left of its rank a point is accepted without the test.
  const surely = 2 - inverse(integral(2.5) - 2 ** -exponent);
  let knownCount = -1;
  let greatest = 0;
  return (random, lower, upper) => {
    const count = upper - lower + 1;
    if (count !== knownCount) {
      knownCount = count;
      greatest = integral(count + 0.5);
    }
    for (;;) {
      const y = greatest + random.double() * (least - greatest);
      const x = inverse(y);
      const rank = Math.min(count, Math.max(1, Math.floor(x + 0.5)));
      if (rank - x <= surely || y >= integral(rank + 0.5) - rank ** -exponent) {
        return lower + rank - 1;
      }
    }
  };
}

/** In [0, 1). */
function meanOf(random: RandomStream, iterations: number): number {
  let sum = 0;
  for (let i = 0; i < iterations; i++) {
    sum += random.double();
  }
  return sum / iterations;
}
