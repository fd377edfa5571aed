import type { RandomStream } from './stream.js';

/** Parameters that pgbench accepts. */
export const GAUSSIAN_MIN = 2;
export const ZIPFIAN_MIN = 1.001;
export const ZIPFIAN_MAX = 1000;

/** A share in [0, 1) whose density falls off exponentially; at the upper end it is e^-parameter of that at the lower. */
export function exponentialShare(random: RandomStream, parameter: number): number {
  const cut = Math.exp(-parameter);
  const uniform = 1 - random.double();
  return -Math.log(cut + (1 - cut) * uniform) / parameter;
}

/** A share in [0, 1) of the normal distribution around 0.5, cut at `parameter` standard deviations. */
export function gaussianShare(random: RandomStream, parameter: number): number {
  let deviation: number;
  do {
    deviation = random.normal();
  } while (deviation < -parameter || deviation >= parameter);
  return (deviation + parameter) / (parameter * 2);
}

/**
 * A rank in [1, count], of which rank k has a probability proportional to k^-exponent: rejection as of Devroye,
 * Non-Uniform Random Variate Generation, 1986, p. 550.
 */
export function zipfianRank(random: RandomStream, count: number, exponent: number): number {
  // Nothing is drawn then, as in pgbench.
  if (count <= 1) {
    return 1;
  }
  const b = 2 ** (exponent - 1);
  for (;;) {
    const u = random.double();
    const v = random.double();
    const x = Math.floor(u ** (-1 / (exponent - 1)));
    const t = (1 + 1 / x) ** (exponent - 1);
    if ((v * x * (t - 1)) / (b - 1) <= t / b && x <= count) {
      return x;
    }
  }
}
