import { expect, it } from 'vitest';
import { Backoff } from './backoff.js';

const FIRST_US = 100;
const CAP_US = 700;

function pausesOf(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.pauseUs());
}

it('doubles the pause with each failure in a row, up to the cap', () => {
  expect(pausesOf(new Backoff(FIRST_US, CAP_US, () => 1), 5)).toEqual([100, 200, 400, 700, 700]);
});

it('never waits less than half of it', () => {
  expect(pausesOf(new Backoff(FIRST_US, CAP_US, () => 0), 5)).toEqual([50, 100, 200, 350, 350]);
});

it('begins anew when something went through', () => {
  const backoff = new Backoff(FIRST_US, CAP_US, () => 1);
  pausesOf(backoff, 3);
  backoff.reset();
  expect(backoff.pauseUs()).toBe(100);
});

it('stays at the cap however long nothing goes through', () => {
  expect(pausesOf(new Backoff(FIRST_US, CAP_US, () => 1), 2000).at(-1)).toBe(CAP_US);
});
