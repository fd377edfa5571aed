import { gammaln } from 'simple-statistics';
import { LEVEL } from './rank-test.js';

/**
 * The value that Student's t does not exceed, in either direction, with 95 %: 1.96 for many degrees of freedom, the more
 * the fewer there are.
 * @param freedom at least 1, may have fractions
 */
export function studentLimit(freedom: number): number {
  let low = 0;
  let high = 1;
  while (within(high, freedom) < 1 - LEVEL) {
    high *= 2;
  }
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (within(middle, freedom) < 1 - LEVEL) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return (low + high) / 2;
}

const BISECTIONS = 60;
const STEPS = 400;

/** Probability of |t| ≤ limit: with t = √ν · tan θ, the integral over cos^(ν − 1) θ, by Simpson's rule. */
function within(limit: number, freedom: number): number {
  const end = Math.atan(limit / Math.sqrt(freedom));
  const width = end / STEPS;
  let sum = 1 + Math.cos(end) ** (freedom - 1);
  for (let i = 1; i < STEPS; i++) {
    sum += (i % 2 === 0 ? 2 : 4) * Math.cos(i * width) ** (freedom - 1);
  }
  const scale = Math.exp(gammaln((freedom + 1) / 2) - gammaln(freedom / 2)) / Math.sqrt(Math.PI);
  return (2 * scale * sum * width) / 3;
}
