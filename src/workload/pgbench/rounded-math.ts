/**
 * exp, ln and pow to within a hair of half a unit in the last place, as glibc's are. Those of V8 are off by one unit
 * in every tenth value, and a script that stores such a value, or makes an integer of it, would not leave the rows
 * that it leaves under pgbench. Computed as unevaluated sums of two doubles ("double-double", Dekker 1971), some
 * microseconds each; random numbers do without, since they only use such values in comparisons with them.
 */

/** hi + lo, with |lo| at most half a unit in the last place of hi. */
type Sum = readonly [hi: number, lo: number];

export function exp(x: number): number {
  const rough = Math.exp(x);
  return isOrdinary(rough) ? round(exponential([x, 0])) : rough;
}

export function ln(x: number): number {
  const rough = Math.log(x);
  return isOrdinary(rough) ? round(logarithm(x)) : rough;
}

/** As C has it: 1 to whatever power is 1, and so is -1 to an infinite one; JavaScript says NaN. */
export function pow(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY)) {
    return 1;
  }
  const rough = base ** exponent;
  if (!isOrdinary(rough) || !Number.isFinite(base) || exponent === 0) {
    return rough;
  }
  const magnitude = round(exponential(product(logarithm(Math.abs(base)), [exponent, 0])));
  return rough < 0 ? -magnitude : magnitude;
}

/** Neither 0, nor infinite, nor NaN, nor so small that it has fewer digits: there is something to round. */
function isOrdinary(x: number): boolean {
  const magnitude = Math.abs(x);
  return magnitude > 1e-290 && magnitude < 1e305;
}

function round([hi, lo]: Sum): number {
  return hi + lo;
}

/** ln 2 to 138 bits, the first part with zeros at its end so that small multiples of it are exact. */
const LN2 = [0.6931471803691238, 1.9082149292705877e-10] as const;
const LN2_REST = 1.1612227229362532e-26;
/** The argument is divided by 2^9, and the result squared as often. */
const HALVINGS = 9;

function exponential([hi, lo]: Sum): Sum {
  const k = Math.round(hi / Math.LN2);
  let rest = add([hi - k * LN2[0], 0], negated(times(k, LN2[1])));
  rest = add(rest, [lo - k * LN2_REST, 0]);
  const scale = 2 ** -HALVINGS;
  const r: Sum = [rest[0] * scale, rest[1] * scale];
  // e^r - 1 by its series; |r| < 0.0007, so nine terms are beyond the last digit.
  let sum: Sum = [0, 0];
  for (let n = 9; n >= 1; n -= 1) {
    sum = quotient(product(r, add([1, 0], sum)), n);
  }
  // (1 + s)^2 - 1 = 2s + s^2
  for (let i = 0; i < HALVINGS; i += 1) {
    sum = add([sum[0] * 2, sum[1] * 2], product(sum, sum));
  }
  const result = add([1, 0], sum);
  return [scaled(result[0], k), scaled(result[1], k)];
}

/** x × 2^k in two steps: 2^1024 alone would be infinite. */
function scaled(x: number, k: number): number {
  const half = Math.trunc(k / 2);
  return x * 2 ** half * 2 ** (k - half);
}

/** x > 0 */
function logarithm(x: number): Sum {
  if (x > 2 ** 900 || x < 2 ** -900) {
    // 1 / x would be infinite, or without its last digits.
    const k = x > 1 ? 200 : -200;
    return add(logarithm(x * 2 ** -k), add([k * LN2[0], 0], times(k, LN2[1])));
  }
  const f = x - 1;
  if (Math.abs(f) < 0.01) {
    return logarithmNearOne(f);
  }
  // One step of Newton from the double: ln x = y + ln(x e^-y), and what is left is tiny.
  const y = Math.log(x);
  const z = add(product(exponential([-y, 0]), [x, 0]), [-1, 0]);
  return add([y, 0], add(z, [(-z[0] * z[0]) / 2, 0]));
}

/** ln(1 + f) = 2 artanh(f / (2 + f)) */
function logarithmNearOne(f: number): Sum {
  const s = divide([f, 0], add([2, 0], [f, 0]));
  const square = product(s, s);
  let sum: Sum = [0, 0];
  for (let n = 17; n >= 1; n -= 2) {
    sum = add(product(sum, square), quotient([1, 0], n));
  }
  const half = product(s, sum);
  return [half[0] * 2, half[1] * 2];
}

function negated([hi, lo]: Sum): Sum {
  return [-hi, -lo];
}

/** The exact sum of two doubles (Knuth). */
function plus(a: number, b: number): Sum {
  const sum = a + b;
  const shadow = sum - a;
  return [sum, a - (sum - shadow) + (b - shadow)];
}

/** The exact product of two doubles (Dekker), each split into halves of 26 bits. */
function times(a: number, b: number): Sum {
  const hi = a * b;
  const a1 = upper(a);
  const b1 = upper(b);
  const a2 = a - a1;
  const b2 = b - b1;
  return [hi, a1 * b1 - hi + a1 * b2 + a2 * b1 + a2 * b2];
}

function upper(x: number): number {
  if (Math.abs(x) > 2 ** 970) {
    // The split would overflow; a power of two is exact both ways.
    return upper(x * 2 ** -60) * 2 ** 60;
  }
  const scaledUp = x * (2 ** 27 + 1);
  return scaledUp - (scaledUp - x);
}

function add(a: Sum, b: Sum): Sum {
  const [hi, lo] = plus(a[0], b[0]);
  const [hi2, lo2] = plus(a[1], b[1]);
  const first = normal(hi, lo + hi2);
  return normal(first[0], first[1] + lo2);
}

function product(a: Sum, b: Sum): Sum {
  const [hi, lo] = times(a[0], b[0]);
  return normal(hi, lo + (a[0] * b[1] + a[1] * b[0]));
}

function quotient(a: Sum, n: number): Sum {
  return divide(a, [n, 0]);
}

function divide(a: Sum, b: Sum): Sum {
  const first = a[0] / b[0];
  const rest = add(a, negated(product(b, [first, 0])));
  return normal(first, rest[0] / b[0]);
}

function normal(hi: number, lo: number): Sum {
  const sum = hi + lo;
  return [sum, lo - (sum - hi)];
}
