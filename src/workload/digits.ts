/**
 * Integers as ASCII digits, written straight into a message: the hot path of every statement that has a parameter.
 * No string and no allocation; about 18 ns of CPU a value of a few digits on Node 20, from Variables.writeText on.
 */

const ZERO = 48;
const MINUS = 45;
const NINE_DIGITS = 1_000_000_000;

/**
 * @param value a safe integer
 * @returns the offset behind the last digit
 */
export function writeInteger(value: number, target: Uint8Array, offset: number): number {
  let rest = value;
  let at = offset;
  if (rest < 0) {
    target[at] = MINUS;
    at += 1;
    rest = -rest;
  }
  if (rest < NINE_DIGITS) {
    return writeSmall(rest, target, at);
  }
  const upper = Math.floor(rest / NINE_DIGITS);
  at = writeSmall(upper, target, at);
  return writePadded(rest - upper * NINE_DIGITS, target, at);
}

/** An int64 of at least ten digits from its signed halves. */
export function writeLong(hi: number, lo: number, target: Uint8Array, offset: number): number {
  let high = hi;
  let low = lo;
  let at = offset;
  if (high < 0) {
    target[at] = MINUS;
    at += 1;
    // The magnitude is unsigned: that of -2^63 fits.
    low = -low | 0;
    high = low === 0 ? -high | 0 : ~high;
  }
  // Divide by 10^9 in steps of 16 bits, each exact in a double.
  const high32 = high >>> 0;
  const first = Math.floor(high32 / NINE_DIGITS);
  let step = (high32 - first * NINE_DIGITS) * 0x10000 + (low >>> 16);
  const second = Math.floor(step / NINE_DIGITS);
  step = (step - second * NINE_DIGITS) * 0x10000 + (low & 0xffff);
  const third = Math.floor(step / NINE_DIGITS);
  const rest = step - third * NINE_DIGITS;
  const upper = (first * 0x10000 + second) * 0x10000 + third;
  // At most 9_223_372_036: ten digits.
  const top = Math.floor(upper / NINE_DIGITS);
  if (top === 0) {
    at = writeSmall(upper, target, at);
  } else {
    at = writeSmall(top, target, at);
    at = writePadded(upper - top * NINE_DIGITS, target, at);
  }
  return writePadded(rest, target, at);
}

/** 0 … 2^31 - 1 without leading zeros. */
function writeSmall(value: number, target: Uint8Array, offset: number): number {
  let rest = value | 0;
  const end = offset + digitsOf(rest);
  let at = end - 1;
  while (rest >= 10) {
    const tenth = (rest / 10) | 0;
    target[at] = ZERO + rest - tenth * 10;
    at -= 1;
    rest = tenth;
  }
  target[at] = ZERO + rest;
  return end;
}

/** 0 … 10^9 - 1 in nine digits. */
function writePadded(value: number, target: Uint8Array, offset: number): number {
  let rest = value | 0;
  for (let at = offset + 8; at >= offset; at -= 1) {
    const tenth = (rest / 10) | 0;
    target[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return offset + 9;
}

function digitsOf(value: number): number {
  if (value < 10_000) {
    if (value < 100) {
      return value < 10 ? 1 : 2;
    }
    return value < 1000 ? 3 : 4;
  }
  if (value < 100_000_000) {
    if (value < 1_000_000) {
      return value < 100_000 ? 5 : 6;
    }
    return value < 10_000_000 ? 7 : 8;
  }
  return value < NINE_DIGITS ? 9 : 10;
}
