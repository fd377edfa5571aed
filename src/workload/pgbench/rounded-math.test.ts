import { expect, test } from 'vitest';
import { exp, ln, pow } from './rounded-math.js';

// Computed with 60 digits and rounded once. V8's own functions miss each of them by one unit in the last place.
test.each([
  [302.645, 2.7356055465391043e131],
  [222.132, 2.955982469451605e96],
  [-281.791, 4.1660420577688516e-123],
  [-348.235, 5.800442078593687e-152],
])('exp(%d)', (x, expected) => {
  expect(exp(x)).toBe(expected);
});

test.each([
  [429.951, 6.0636712487060445],
  [661.528, 6.494552310701532],
  [612.837, 6.418098995193746],
  [634.764, 6.45325327626909],
])('ln(%d)', (x, expected) => {
  expect(ln(x)).toBe(expected);
});

test.each([
  [196.631, 6.76, 3199539220526224.5],
  [948.974, 0.64, 80.43457303456272],
  [45.52, 16.01, 3.530352545278803e26],
  [32.871, 2.76, 15360.43975004658],
  [283.709, -8.36, 3.1187515258910086e-21],
])('pow(%d, %d)', (x, y, expected) => {
  expect(pow(x, y)).toBe(expected);
});

test('what is exact stays exact', () => {
  for (let n = 0; n <= 22; n += 1) {
    expect(pow(10, n)).toBe(Number(`1e${n}`));
  }
  expect(pow(3, 33)).toBe(5559060566555523);
  expect(pow(-3, 33)).toBe(-5559060566555523);
  expect(pow(2, -1000)).toBe(2 ** -1000);
  expect(pow(0.5, 3)).toBe(0.125);
  expect([exp(0), ln(1)]).toEqual([1, 0]);
});

test('the borders are those of C', () => {
  const inf = Number.POSITIVE_INFINITY;
  expect([exp(inf), exp(-inf), exp(710), exp(-800)]).toEqual([inf, 0, inf, 0]);
  expect([ln(0), ln(inf), ln(-1)]).toEqual([-inf, inf, Number.NaN]);
  expect([pow(1, Number.NaN), pow(-1, inf), pow(-1, -inf), pow(Number.NaN, 0)]).toEqual([1, 1, 1, 1]);
  expect([pow(-8, 1 / 3), pow(0, -1), pow(2, 1024), pow(2, -1075)]).toEqual([Number.NaN, inf, inf, 0]);
  expect([pow(inf, 2), pow(-inf, 3), pow(-inf, -3)]).toEqual([inf, -inf, -0]);
});

test('results next to the borders are near those of V8', () => {
  for (const x of [709.7, -708, 700, -700, 1e-300, -1e-20, 0.009999, 1e-9]) {
    expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-15);
  }
  for (const x of [1e-300, 1e300, 1.0099, 0.9901, 1 + 2 ** -52, 5e-324, Number.MAX_VALUE]) {
    expect(Math.abs(ln(x) / Math.log(x) - 1)).toBeLessThan(1e-15);
  }
  expect(Math.abs(pow(1.7e300, 1.01) / 1.7e300 ** 1.01 - 1)).toBeLessThan(1e-13);
});
